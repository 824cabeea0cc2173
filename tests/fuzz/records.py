"""Write any JSON value into any field of the records of a workspace, and read them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from cluster_core.data.web.record import DownloadRecord
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.collection import delete_model, rename_model
from cluster_core.model.bundle.untrusted_files import HEAD, MANIFEST
from cluster_core.storage.trash import list_trash
from cluster_core.training.runs import delete_run, request_stop
from tests.fuzz.archives import import_good_model
from tests.fuzz.case import Case, FaultError
from tests.fuzz.checks import (
    continue_imports,
    require_an_answer,
    require_everything_listed,
    restore_everything,
)
from tests.fuzz.json_values import make_damaged_texts
from tests.fuzz.keeping import Belongings
from tests.fuzz.published import read_pages
from tests.fuzz.readers import read_answers, read_models, read_runs
from tests.fuzz.sample import list_sample_files
from tests.samples import OWNER

N_EXAMPLES = 20
# Without a usable record, the network is converted again, which loads TensorFlow.
N_EXAMPLES_OF_BACKBONES = 2
RECORDS = (".json", ".jsonl")
DOWNLOADS = ".downloads"


def damage_a_record(case: Case) -> None:
    """Read many variants of the record whose turn it is."""
    files = [name for name in list_sample_files(case.workspace.root) if name.endswith(RECORDS)]
    path = case.workspace.root / files[case.id.number % len(files)]
    check = partial(_write_and_read, case, path)
    is_backbone = path.is_relative_to(case.workspace.backbones)
    n_examples = N_EXAMPLES_OF_BACKBONES if is_backbone else N_EXAMPLES
    _try_variants(case, path.read_text("utf-8"), check, n_examples)


def import_damaged_manifest(case: Case) -> None:
    """Import many models whose files are intact but whose manifest has other values."""
    folders = sorted(path.parent for path in case.workspace.bundles.glob(f"*/{MANIFEST}"))
    folder = folders[case.id.number % len(folders)]
    head = (folder / HEAD).read_bytes()
    text = (folder / MANIFEST).read_text("utf-8")
    _try_variants(case, text, partial(_import_and_list, case, head), N_EXAMPLES)


def _try_variants(case: Case, text: str, check: Callable[[str], None], n_examples: int) -> None:
    """Call a function with variants of a JSON text; hypothesis simplifies one that fails."""

    @seed(case.random.randrange(2**32))
    @settings(
        max_examples=n_examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(variant=make_damaged_texts(text))
    def check_variants(variant: str) -> None:
        case.renew()
        case.steps.append(f"Variant: {variant[:1000]}")
        check(variant)

    check_variants()


def _write_and_read(case: Case, path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    before = Belongings.of(case.workspace)
    read_models(case)
    read_runs(case)
    read_answers(case)
    read_pages(case)
    if not path.is_relative_to(case.workspace.backbones):
        require_an_answer(case)
    if path.parent.name == DOWNLOADS:
        case.try_out("DownloadRecord", lambda: "x" in DownloadRecord(path, path.parent))
    require_everything_listed(case)
    before.require_unchanged(Belongings.of(case.workspace))
    if path.is_relative_to(case.workspace.incoming):
        continue_imports(case)
    elif path.is_relative_to(case.workspace.trash):
        restore_everything(case)
        before.require_content(Belongings.of(case.workspace))
    else:
        _change(case, path)


def _change(case: Case, path: Path) -> None:
    """Change the model or run of a record, which reads the record before."""
    workspace, name = case.workspace, path.parent.name
    if path.name == MANIFEST:
        case.try_out("rename_model", partial(rename_model, OWNER, workspace, name, "A new title"))
        case.try_out("delete_model", partial(delete_model, OWNER, workspace, name))
    elif path.is_relative_to(workspace.runs):
        case.try_out("request_stop", partial(request_stop, OWNER, workspace, name, keep_best=True))
        case.try_out("delete_run", partial(delete_run, OWNER, workspace, name))
    case.try_out("list_trash", partial(list_trash, workspace))


def _import_and_list(case: Case, head: bytes, manifest: str) -> None:
    before = Belongings.of(case.workspace)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"imported/{MANIFEST}", manifest)
        file.writestr(f"imported/{HEAD}", head)
    imported = case.try_out("import_model", partial(import_model, OWNER, case.workspace, archive))
    read_models(case)
    require_everything_listed(case)
    before.require_unchanged(Belongings.of(case.workspace))
    if not isinstance(imported, ClusterError):
        if imported.problem is not None:
            raise FaultError(f"The imported model is listed as damaged: {imported.problem}")
        import_good_model(case)
