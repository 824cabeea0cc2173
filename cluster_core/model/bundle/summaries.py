"""What is told of a model in a list, read from a manifest that may hold anything."""

from __future__ import annotations

import functools
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.model.bundle.bundle import ModelBundle, load_bundle
from cluster_core.model.bundle.files import HEAD, MANIFEST, locked
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.starter import STARTER

STARTER_TITLE = "Starter model"
# As docs/sky-backbone.md has it.
STARTER_ACCURACY = (
    "It learned from a simulated sky alone. On other people's photos, none of which it had seen, "
    "it is right in 91 % (154 pictures from the web) and 98 % (105 of Messier clusters), each "
    "class counting the same."
)
MAX_TITLE_LENGTH = 80
_ENTRIES_IN_MEMORY = 256


@dataclass(frozen=True)
class ModelSummary:
    """One model of the list.

    Attributes
    ----------
    id : str
        Name of its folder; `starter` for the one that ships with the program.
    title : str
        What people call it.
    created : str
        When it was trained, ISO 8601, UTC; empty where that is not known.
    labels : tuple of str
        The classes it tells apart.
    architecture : str
        Name of its backbone.
    dataset : str
        Name of the folder it was trained on.
    n_test, n_right : int
        Pictures it was tested with, and how many of them it had right; 0 if it was not tested.
    interval : tuple of float or None
        Between which bounds, 0 to 1, its accuracy lies with 95 % confidence.
    size_bytes : int
        Of its files.
    is_default : bool
        Whether it answers where no model is named.
    manifest_sha256 : str
        Hash of its manifest, which names the hashes of all else; empty if it has none.
    problem : str or None
        Why it cannot be used, in a sentence.
    """

    id: str
    title: str
    created: str
    labels: tuple[str, ...]
    architecture: str
    dataset: str
    n_test: int
    n_right: int
    interval: tuple[float, float] | None
    size_bytes: int
    is_default: bool
    manifest_sha256: str
    problem: str | None


def clean_title(title: str) -> str:
    """Return one line of a title without characters that are not seen, or turn others around."""
    shown = (sign for sign in title if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join("".join(shown).split())


def describe_model(folder: Path) -> ModelSummary:
    """Return a model's entry, from memory while its files are the same."""
    stamps = []
    for name in (MANIFEST, HEAD):
        try:
            status = (folder / name).stat()
            stamps.append((status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:
            stamps.append((0, 0, 0))
    return _read_entry(folder.absolute(), tuple(stamps))


@functools.lru_cache(maxsize=_ENTRIES_IN_MEMORY)
def _read_entry(folder: Path, stamps: tuple[tuple[int, int, int], ...]) -> ModelSummary:
    size_bytes = sum(size for _, size, _ in stamps)
    try:
        bundle = load_bundle(folder)
        manifest_bytes = (folder / MANIFEST).read_bytes()
        title = json.loads(manifest_bytes).get("title")
    except BundleError as error:
        return _describe_damaged(folder, size_bytes, str(error))
    except (OSError, ValueError) as error:  # replaced while it was read
        return _describe_damaged(folder, size_bytes, str(locked(folder, OSError(0, str(error)))))
    n_test, n_right, interval = _read_test(bundle.metrics)
    is_starter = folder == (ASSETS / STARTER).absolute()
    return ModelSummary(
        id=STARTER_ID if is_starter else folder.name,
        title=STARTER_TITLE if is_starter else _make_title(bundle, title),
        created=bundle.created if _parse_time(bundle.created) else "",
        labels=bundle.labels,
        architecture=bundle.backbone.name,
        dataset=clean_title(str(bundle.dataset.get("image_dir", "")))[:MAX_TITLE_LENGTH],
        n_test=n_test,
        n_right=n_right,
        interval=interval,
        size_bytes=size_bytes,
        is_default=False,
        manifest_sha256=hashlib.sha256(manifest_bytes).hexdigest(),
        problem=None,
    )


def _describe_damaged(folder: Path, size_bytes: int, problem: str) -> ModelSummary:
    return ModelSummary(
        id=folder.name,
        title=folder.name,
        created="",
        labels=(),
        architecture="",
        dataset="",
        n_test=0,
        n_right=0,
        interval=None,
        size_bytes=size_bytes,
        is_default=False,
        manifest_sha256="",
        problem=problem,
    )


def _make_title(bundle: ModelBundle, title: object) -> str:
    """Return the title it was given, else one of what it was trained on and when."""
    if isinstance(title, str) and (cleaned := clean_title(title)):
        return cleaned[:MAX_TITLE_LENGTH]
    dataset = clean_title(str(bundle.dataset.get("image_dir", "")))[:MAX_TITLE_LENGTH]
    created = _parse_time(bundle.created)
    parts = (dataset.removesuffix("_photos"), bundle.backbone.name)
    when = f", {created.day} {created:%b %Y %H:%M:%S}" if created else ""
    return ", ".join(filter(None, parts)) + when


def _parse_time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _read_test(metrics: Mapping[str, Any]) -> tuple[int, int, tuple[float, float] | None]:
    """Return the pictures tested, those right and the interval; a manifest may hold anything."""
    test = metrics.get("test")
    if not isinstance(test, Mapping):
        return 0, 0, None
    n, n_right = test.get("n"), test.get("n_right")
    if type(n) is not int or type(n_right) is not int or not 0 <= n_right <= n or n == 0:
        return 0, 0, None
    return n, n_right, _read_bounds(test.get("interval_95"))


def _read_bounds(bounds: object) -> tuple[float, float] | None:
    match bounds:
        case [float() | int() as low, float() | int() as high] if 0 <= low <= high <= 1:
            return float(low), float(high)
    return None
