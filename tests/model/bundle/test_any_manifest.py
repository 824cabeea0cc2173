"""Property: a model with any value in any field of its manifest is usable, or is reported."""

from __future__ import annotations

import io
from dataclasses import astuple

from hypothesis import HealthCheck, example, given, settings

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.card import load_card
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.bundle.untrusted_files import HEAD, MANIFEST, NOVELTY
from cluster_core.workspace import Workspace
from tests.fuzz.json_values import make_damaged_texts
from tests.model.bundle.test_archive import pack
from tests.samples import OWNER

MANIFEST_TEXT = (ASSETS / STARTER / MANIFEST).read_text("utf-8")
TABLES = {name: (ASSETS / STARTER / name).read_bytes() for name in (HEAD, NOVELTY)}
QUICK = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
EARLY = MANIFEST_TEXT.replace('"created": "2', '"created": "0001-01-01T00:00:00+23:59", "x": "2')
MANIFESTS = make_damaged_texts(MANIFEST_TEXT)


@QUICK
@given(text=MANIFESTS)
@example(text=EARLY)
def test_damaged_manifest_hides_no_other_model(tmp_path, text):
    workspace = Workspace(tmp_path)
    for name in ("damaged", "intact"):
        (workspace.bundles / name).mkdir(parents=True, exist_ok=True)
        for file_name, content in TABLES.items():
            (workspace.bundles / name / file_name).write_bytes(content)
        (workspace.bundles / name / MANIFEST).write_text(MANIFEST_TEXT, "utf-8")
    (workspace.bundles / "damaged" / MANIFEST).write_text(text, "utf-8", "surrogatepass")
    models = {model.id: model for model in list_models(workspace)}
    assert models.keys() == {"damaged", "intact", "starter"}
    str(astuple(models["damaged"])).encode()
    assert models["intact"].problem is None
    if models["damaged"].problem is None:
        load_card(workspace, "damaged")
        load_bundle(workspace.bundles / "damaged")
    assert choose_bundle(None, workspace).name in models


@QUICK
@given(text=MANIFESTS)
@example(text=EARLY)
def test_import_adds_a_usable_model_or_nothing(tmp_path, text):
    workspace = Workspace(tmp_path)
    before = list_models(workspace)
    content = text.encode("utf-8", "surrogatepass")
    try:
        added = import_model(OWNER, workspace, io.BytesIO(pack({MANIFEST: content, **TABLES})))
    except BundleError:
        assert list_models(workspace) == before
        return
    assert added.problem is None
    assert added in list_models(workspace)
    load_card(workspace, added.id)
