"""Summarise models for a list, from manifests that may contain anything."""

from __future__ import annotations

import functools
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.accuracy import (
    STARTER_ACCURACY,
    Accuracy,
    describe_accuracy,
    read_accuracy,
    read_test,
)
from cluster_core.model.bundle.bundle import DEFAULT_UNSURE_BELOW, ModelBundle
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.manifest_hash import hash_content, hash_manifest
from cluster_core.model.bundle.selection import STARTER_ID, get_model_id
from cluster_core.model.bundle.untrusted_files import (
    HEAD,
    MANIFEST,
    NOVELTY,
    make_damaged_error,
    make_unreadable_error,
)
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    make_printable,
    parse_time,
)

STARTER_TITLE = "Starter model"
MAX_TITLE_LENGTH = 80
_MAX_CACHED_SUMMARIES = 256


@dataclass(frozen=True)
class ModelSummary:
    """A model as an entry of a list.

    Attributes
    ----------
    id : str
        Name of its folder; `starter` for the one that ships with the program.
    title : str
        Name shown to users.
    created : str
        Time of the training, ISO 8601, UTC; empty if unknown.
    labels : tuple of str
        Its classes.
    architecture : str
        Name of its backbone.
    weights_sha256 : str
        Hash of the weights of its backbone.
    dataset : str
        Name of the dataset's folder.
    n_test, n_right : int
        Number of test pictures, and of those labelled correctly; 0 if it was not tested.
    interval : tuple of float or None
        Lower and upper bound of the 95 % confidence interval of its accuracy in the test, 0 to 1.
    size_bytes : int
        Size of its files.
    is_default : bool
        Whether it answers when no model is named.
    manifest_sha256 : str
        From `hash_manifest` of its manifest, which contains the hash of its head; empty if damaged.
    content_sha256 : str
        The same without what its owner may change, such as its title.
    problem : str or None
        Why it cannot be loaded, in a sentence; None if it can.
    lacks_network : bool
        Whether it cannot be used because this computer lacks its network.
    unsure_below : float
        Its answers are "unsure" below this score, 0 to 1; see `ModelBundle`.
    measures_novelty : bool
        Whether it can answer "none of these".
    accuracy : Accuracy or None
        The best that is known of its accuracy; None if nothing is.
    """

    id: str
    title: str
    created: str
    labels: tuple[str, ...]
    architecture: str
    weights_sha256: str
    dataset: str
    n_test: int
    n_right: int
    interval: tuple[float, float] | None
    size_bytes: int
    is_default: bool
    manifest_sha256: str
    content_sha256: str
    problem: str | None
    lacks_network: bool = False
    unsure_below: float = DEFAULT_UNSURE_BELOW
    measures_novelty: bool = False
    accuracy: Accuracy | None = None

    @property
    def accuracy_sentence(self) -> str:
        """How good it is, in words."""
        return STARTER_ACCURACY if self.id == STARTER_ID else describe_accuracy(self.accuracy)

    @property
    def is_usable(self) -> bool:
        """Whether it can answer."""
        return self.problem is None and not self.lacks_network


def clean_title(title: str) -> str:
    """Return a title as one line, without invisible characters or those that reorder text."""
    visible = (
        character
        for character in title
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join("".join(visible).split())


def describe_model(folder: Path) -> ModelSummary:
    """Return the summary of the model in a folder, cached until its files change.

    A model that cannot be loaded is summarised by its `problem`; `is_default` and
    `lacks_network` are False.
    """
    stamps = []
    for name in (MANIFEST, HEAD, NOVELTY):
        try:
            status = (folder / name).stat()
            stamps.append((status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:
            stamps.append((0, 0, 0))
    return _read_summary(folder.absolute(), tuple(stamps))


@functools.lru_cache(maxsize=_MAX_CACHED_SUMMARIES)
def _read_summary(folder: Path, stamps: tuple[tuple[int, int, int], ...]) -> ModelSummary:
    size_bytes = sum(size for _, size, _ in stamps)
    try:
        return _describe_usable(folder, size_bytes)
    except BundleError as error:
        problem = error
    except OSError as error:
        problem = make_unreadable_error(folder, error)
    except MALFORMED_ERRORS as error:
        problem = make_damaged_error(folder, str(error))
    return _describe_damaged(folder, size_bytes, str(problem))


def _describe_usable(folder: Path, size_bytes: int) -> ModelSummary:
    bundle = load_bundle(folder)
    content = (folder / MANIFEST).read_bytes()
    manifest = json.loads(content)
    title = manifest.get("title")
    n_test, n_right, interval = read_test(bundle.metrics)
    is_starter = folder == (ASSETS / STARTER).absolute()
    return ModelSummary(
        id=STARTER_ID if is_starter else get_model_id(folder),
        title=STARTER_TITLE if is_starter else _make_title(bundle, title),
        created=created.isoformat() if (created := _parse_time(bundle.created)) else "",
        labels=bundle.labels,
        architecture=bundle.backbone.name,
        weights_sha256=bundle.backbone.weights_sha256,
        dataset=_name_dataset(bundle),
        n_test=n_test,
        n_right=n_right,
        interval=interval,
        size_bytes=size_bytes,
        is_default=False,
        manifest_sha256=hash_manifest(content),
        content_sha256=hash_content(manifest),
        problem=None,
        unsure_below=bundle.unsure_below,
        measures_novelty=bundle.novelty is not None,
        accuracy=read_accuracy(bundle.metrics),
    )


def _describe_damaged(folder: Path, size_bytes: int, problem: str) -> ModelSummary:
    return ModelSummary(
        id=get_model_id(folder),
        title=clean_title(folder.name) or "Damaged model",
        created="",
        labels=(),
        architecture="",
        weights_sha256="",
        dataset="",
        n_test=0,
        n_right=0,
        interval=None,
        size_bytes=size_bytes,
        is_default=False,
        manifest_sha256="",
        content_sha256="",
        problem=make_printable(problem),
    )


def _make_title(bundle: ModelBundle, title: object) -> str:
    """Return the title in the manifest, or one made of dataset, backbone and time."""
    if isinstance(title, str) and (cleaned := clean_title(title)):
        return cleaned[:MAX_TITLE_LENGTH]
    dataset = _name_dataset(bundle)
    created = _parse_time(bundle.created)
    parts = (dataset.removesuffix("_photos"), bundle.backbone.name)
    when = f", {created.day} {created:%b %Y %H:%M:%S}" if created else ""
    return ", ".join(filter(None, parts)) + when


def _name_dataset(bundle: ModelBundle) -> str:
    name = bundle.dataset.get("image_dir")
    return clean_title(name)[:MAX_TITLE_LENGTH] if isinstance(name, str) else ""


def _parse_time(text: str) -> datetime | None:
    """Return a time in UTC, or None if it makes no sense; a model is useful without it."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return None
