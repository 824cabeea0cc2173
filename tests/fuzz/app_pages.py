"""Damage a file of a workspace, and open a page of the app on it."""

from __future__ import annotations

import os

from streamlit.testing.v1 import AppTest

from cluster_core import errors
from cluster_core.training.runs.paths import list_run_ids
from cluster_core.workspace import ROOT_VARIABLE
from pages.components import signed_in
from pages.components.navigation import PageFile
from tests.fuzz.case import Case, FaultError
from tests.fuzz.commands import APOLOGY
from tests.fuzz.files import damage_a_file
from tests.fuzz.keeping import Belongings
from tests.fuzz.sample import DATASET
from tests.samples import REPOSITORY

TIMEOUT_S = 60
PAGES_PER_CASE = 2
_OUR_ERRORS = frozenset(name for name in vars(errors) if name.endswith("Error"))


def damage_and_open(case: Case) -> None:
    """Damage a file and open two pages, as a visitor with links to a run and a model does."""
    damage_a_file(case)
    before = Belongings.of(case.workspace)
    signed_in.is_at_own_machine = lambda *_: True  # AppTest has no connection
    os.environ[ROOT_VARIABLE] = str(case.workspace.root)
    for file in case.random.sample(sorted(PageFile), PAGES_PER_CASE):
        _open(case, file)
    before.require_unchanged(Belongings.of(case.workspace))


def _open(case: Case, file: str) -> None:
    query = _choose_query(case)
    case.steps.append(f"open {file} with {query}")
    case.checks += 1
    page = AppTest.from_file(str(REPOSITORY / "pages" / file), default_timeout=TIMEOUT_S)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    for found in page.exception:
        # A ClusterError is shown by the frame around every page.
        if found.proto.type not in _OUR_ERRORS:
            raise FaultError(f"{found.proto.type}: {found.message}\n{''.join(found.stack_trace)}")
    apologies = [error.value for error in page.error if APOLOGY in str(error.value)]
    if apologies:
        raise FaultError(apologies[0])


def _choose_query(case: Case) -> dict[str, str]:
    runs = list_run_ids(case.workspace)
    models = [folder.name for folder in sorted(case.workspace.bundles.glob("*"))]
    query = {"dataset": case.random.choice([DATASET, "cluster"])}
    if runs:
        query["run"] = case.random.choice(runs)
    if models:
        query["model"] = case.random.choice(models)
    return query
