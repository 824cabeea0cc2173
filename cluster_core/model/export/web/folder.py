"""Write the folder of a page, which any web server serves as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.export.web.examples import save_examples
from cluster_core.model.export.web.index_page import fill_in
from cluster_core.model.export.web.network import make_web_network
from cluster_core.model.export.web.page_text import PageText
from cluster_core.model.export.web.record import make_record, make_tables
from cluster_core.model.prediction.predictor import obtain_backbone
from cluster_core.storage.drafts import replacing
from cluster_core.workspace import Workspace

INDEX = "index.html"
_SERVICE_WORKER = "service-worker.js"
_MODEL, _NETWORK, _TABLES = "model.json", "network.tflite", "tables.bin"
_MANIFEST = "manifest.webmanifest"
_HASH_LENGTH = 16


def export_web(bundle: ModelBundle, workspace: Workspace, folder: Path, page: PageText) -> None:
    """Write a web page that answers with a model in the visitor's browser.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    workspace : Workspace
        Has the network of the model.
    folder : Path
        Folder to write; an existing one is replaced, once everything is written.
    page : PageText
        What the page says besides.

    Raises
    ------
    BackboneError
        If the network is not available, or only TensorFlow can run it.
    ImageError
        If an example cannot be read as a picture.
    OSError
        If the folder cannot be written.
    """
    backbone = obtain_backbone(bundle, workspace)
    if not backbone.runs_on_litert:
        raise BackboneError(
            f"A model with the network {backbone.name} cannot become a web page, because LiteRT "
            "does not run it: train with another network.",
            name=backbone.name,
        )
    network, has_map = make_web_network(backbone.read_litert())
    with replacing(folder) as draft:
        shutil.copytree(ASSETS / "web", draft)
        shutil.copytree(ASSETS / "litertjs", draft / "litertjs")
        (draft / _NETWORK).write_bytes(network)
        (draft / _TABLES).write_bytes(make_tables(bundle))
        examples = save_examples(page.examples, draft)
        record = make_record(bundle) | {"hasMap": has_map, "examples": examples}
        _write_text(draft / _MODEL, json.dumps(record, ensure_ascii=False))
        _write_text(draft / INDEX, fill_in(_read_text(draft / INDEX), page))
        _name_app(draft / _MANIFEST, page.title)
        _list_offline_files(draft)


def _name_app(path: Path, title: str) -> None:
    manifest = json.loads(_read_text(path)) | {"name": title, "short_name": title}
    _write_text(path, json.dumps(manifest, ensure_ascii=False, indent=2))


def _list_offline_files(draft: Path) -> None:
    """Tell the service worker all files of the page, and a name that changes with them."""
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    names = [path.relative_to(draft).as_posix() for path in files]
    total = hashlib.sha256()
    for name, path in zip(names, files, strict=True):
        total.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    path = draft / _SERVICE_WORKER
    script = _read_text(path)
    script = script.replace('"{{version}}"', json.dumps(total.hexdigest()[:_HASH_LENGTH]))
    offline = ["./", *(name for name in names if name not in (INDEX, _SERVICE_WORKER))]
    _write_text(path, script.replace('["{{files}}"]', json.dumps(offline)))


def _read_text(path: Path) -> str:
    return path.read_text("utf-8")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
