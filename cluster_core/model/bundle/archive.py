"""Export models as .zip files, and import such files, which may be malicious."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Access, Action
from cluster_core.data.labels import JOINERS, find_folder_name_problem, fold_name, shorten
from cluster_core.errors import BackboneError, BundleError
from cluster_core.model.backbones.availability import find_network
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.imported import import_network
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.model.bundle.archive_entries import (
    MAX_ARCHIVE_BYTES,
    ModelArchive,
    read_archive,
)
from cluster_core.model.bundle.archive_network import list_network_files
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.card import read_card
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.manifest_hash import hash_manifest
from cluster_core.model.bundle.selection import STARTER_ID, model_dir
from cluster_core.model.bundle.summaries import ModelSummary, describe_model
from cluster_core.model.bundle.untrusted_files import (
    HEAD,
    MANIFEST,
    NOVELTY,
    make_unreadable_error,
)
from cluster_core.storage.drafts import replacing
from cluster_core.workspace import Workspace

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_ID_LENGTH = 80


def find_portable_network(workspace: Workspace, model_id: str) -> ConvertedBackbone | None:
    """Return the network of a model if a .zip file can and should carry it, else None.

    One that ships with the program is everywhere already, and one that only TensorFlow can
    run is a program, which nobody should accept from a stranger.

    Raises
    ------
    BundleError
        If there is no such model, or it is damaged.
    """
    wanted = load_bundle(model_dir(workspace, model_id)).backbone
    with contextlib.suppress(BackboneError):  # a shipped file was altered, which its use reports
        found = find_network(get_backbone(wanted.name), wanted.weights_sha256, workspace)
        if found is not None and found.folder != ASSETS and found.litert_path.is_file():
            return found
    return None


def export_model(workspace: Workspace, model_id: str, *, with_network: bool = False) -> bytes:
    """Return a model as a .zip file, for `import_model`.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the model.
    model_id : str
        Name of its folder, or `starter`.
    with_network : bool
        Whether it carries its network, if `find_portable_network` finds it.

    Returns
    -------
    bytes
        Content of the .zip file.

    Raises
    ------
    BundleError
        If there is no such model, or it is damaged.
    BackboneError
        If the file of its network was altered.
    """
    folder = model_dir(workspace, model_id)
    bundle = load_bundle(folder)
    names = (MANIFEST, HEAD) if bundle.novelty is None else (MANIFEST, HEAD, NOVELTY)
    network = find_portable_network(workspace, model_id) if with_network else None
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        try:
            for name in names:
                archive.write(folder / name, f"{model_id}/{name}")
        except OSError as error:
            raise make_unreadable_error(folder, error) from error
        for path, data in list_network_files(network).items() if network else ():
            archive.writestr(zipfile.ZipInfo(f"{model_id}/{path}"), data)  # weights hardly shrink
    return content.getvalue()


def import_model(access: Access, workspace: Workspace, file: BinaryIO) -> ModelSummary:
    """Add a model from a .zip file, unless the workspace has an identical one.

    The archive is checked before anything is unpacked, and the model with all code that lists,
    shows and loads it before it becomes visible. A network in it is checked and tried out in
    another process, which takes a second or two, unless this computer has that network.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace to add to.
    file : binary file
        The .zip file, open for reading.

    Returns
    -------
    ModelSummary
        The new model, or the identical one. It may lack its network.

    Raises
    ------
    BundleError
        If the file is not a .zip file of exactly one model, is damaged, too large or of
        another version, has classes whose names are not allowed, or if the model cannot
        be written.
    BackboneError
        If the network in the file cannot be used.
    AccessError
        If this server does not allow changes to models.
    """
    access.require(Action.IMPORT_MODELS, workspace.root)
    archive = read_archive(file.read(MAX_ARCHIVE_BYTES + 1), workspace.bundles)
    sha256 = hash_manifest(archive.files[MANIFEST])
    try:
        for entry in list_models(workspace):
            if entry.manifest_sha256 == sha256:
                _add_network(archive, workspace)
                return replace(entry, lacks_network=entry.lacks_network and not archive.network)
        with (
            _reserve_folder(workspace.bundles, archive.name) as folder,
            replacing(folder) as draft,
        ):
            draft.mkdir()
            for file_name, content in archive.files.items():
                (draft / file_name).write_bytes(content)
            _restore_training_time(draft / MANIFEST, _check_bundle(draft))
            _add_network(archive, workspace)
    except OSError as error:
        raise BundleError(
            f"The model could not be saved in {workspace.bundles} ({error.strerror}): make "
            "sure that the disk has free space and that you may write to this folder.",
            path=workspace.bundles,
        ) from error
    return next(entry for entry in list_models(workspace) if entry.id == folder.name)


def _add_network(archive: ModelArchive, workspace: Workspace) -> None:
    """Keep the network that an archive carries, after checking it."""
    network = archive.network
    if network is not None:
        spec = get_backbone(network.name)
        import_network(spec, network.weights_sha256, network.content, workspace)


def _check_bundle(draft: Path) -> ModelBundle:
    """Load a draft with all code that lists and shows it; an error must not name its folder."""
    summary = describe_model(draft)
    try:
        if summary.problem:
            raise BundleError(summary.problem, path=draft)
        bundle = load_bundle(draft)
    except BundleError as error:
        message = str(error).replace(str(draft.absolute()), "this file")
        message = message.replace(str(draft), "this file")
        raise BundleError(message[0].upper() + message[1:], path=draft.parent) from error
    read_card(bundle)
    _check_class_names(bundle.labels, draft.parent)
    return bundle


def _check_class_names(labels: tuple[str, ...], bundles_dir: Path) -> None:
    """Reject labels that could not be classes of a dataset; a model on disk may have them."""
    known: dict[str, str] = {}
    for label in labels:
        problem = find_folder_name_problem(label)
        # Joiners are invisible between most letters.
        key = fold_name("".join(character for character in label if character not in JOINERS))
        if not problem and key in known:
            problem = f"looks like that of its class {shorten(known[key])}"
        if problem:
            raise BundleError(
                f"This model cannot be added, because the name of its class {shorten(label)} "
                f"{problem}: rename the class where the model comes from, and train it again.",
                path=bundles_dir,
            )
        known[key] = label


def _restore_training_time(manifest: Path, bundle: ModelBundle) -> None:
    """Date a manifest to its training, so that an old model does not become the newest."""
    with contextlib.suppress(ValueError, OverflowError):
        trained_s = datetime.fromisoformat(bundle.created).timestamp()
        now_s = manifest.stat().st_mtime
        os.utime(manifest, (now_s, max(0.0, min(trained_s, now_s))))


@contextlib.contextmanager
def _reserve_folder(bundles_dir: Path, name: str) -> Iterator[Path]:
    """Create an empty folder with a safe, unused name; remove it again after an error."""
    stem = _UNSAFE.sub("-", name)[:_MAX_ID_LENGTH].strip(".-") or "model"
    bundles_dir.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        folder = bundles_dir / (stem if number == 1 else f"{stem}-{number}")
        if folder.name != STARTER_ID:
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
    try:
        yield folder
    except BaseException:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
