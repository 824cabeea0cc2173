"""Backbones made ready for this machine: a LiteRT file, a frozen graph and a record of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.backbones.weights import find_weights
from cluster_core.storage.file_hashes import hash_file
from cluster_core.workspace import replacing

CONVERSION_VERSION = 2
# In the frozen graph all names lie below backbone/, so that it can be joined with others.
GRAPH_INPUT = "backbone/pixels"
GRAPH_OUTPUT = "backbone/features"


@dataclass(frozen=True)
class ConvertedBackbone:
    """A backbone that can be run.

    Attributes
    ----------
    name : str
        Its name in the registry.
    weights_sha256 : str
        Hash of its weight arrays; the same for the same network in any file format.
    weights_file_sha256 : str
        Hash of the file they came from; empty where there was none.
    litert_sha256 : str
        Hash of the LiteRT file; empty where the network would not convert, and
        TensorFlow has to run the graph.
    graph_sha256 : str
        Hash of the frozen graph; empty for the shipped backbone, whose graph is
        made when a training first needs it.
    relative_error : float or None
        Largest difference between LiteRT's features and Keras', over the
        largest feature; None where LiteRT does not serve.
    folder : Path
        Where its files lie.
    version : int
        Of the conversion; files of another version are made anew.
    """

    name: str
    weights_sha256: str
    weights_file_sha256: str
    litert_sha256: str
    graph_sha256: str
    relative_error: float | None
    folder: Path
    version: int = CONVERSION_VERSION

    @property
    def spec(self) -> BackboneSpec:
        """The backbone's entry in the registry."""
        return get_backbone(self.name)

    @property
    def runs_on_litert(self) -> bool:
        """Whether LiteRT can run it; otherwise TensorFlow must."""
        return bool(self.litert_sha256)

    @property
    def litert_path(self) -> Path:
        """The network for LiteRT."""
        return self.folder / f"{self._stem}.tflite"

    @property
    def graph_path(self) -> Path:
        """The network as a frozen TensorFlow graph."""
        return self.folder / f"{self._stem}.pb"

    @property
    def _stem(self) -> str:
        return f"{self.name}-{self.weights_sha256[:12]}"

    def to_record(self) -> dict[str, Any]:
        """Return all but the folder, as JSON takes it."""
        return {key: value for key, value in asdict(self).items() if key != "folder"}

    def save_record(self) -> None:
        """Write the record; last of all, since it says that the other files are whole."""
        with replacing(self.folder / f"{self._stem}.json") as draft:
            draft.write_text(json.dumps(self.to_record(), indent=2))

    def read_litert(self) -> bytes:
        """Return the LiteRT file's content; BackboneError unless it is as it was written."""
        return self._read(self.litert_path, self.litert_sha256)

    def read_graph(self) -> bytes:
        """Return the frozen graph's content; BackboneError unless it is as it was written."""
        return self._read(self.graph_path, self.graph_sha256)

    def _read(self, path: Path, sha256: str) -> bytes:
        try:
            content = path.read_bytes()
        except OSError:
            content = b""  # no network at all, so the hash tells
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BackboneError(
                f"The converted network {path} is missing or was altered: delete the files of "
                f"{self.name} in that folder, and they are made anew.",
                name=self.name,
            )
        return content


def find_converted(
    spec: BackboneSpec, backbones_dir: Path, *, weights_sha256: str | None = None
) -> ConvertedBackbone | None:
    """Return a converted backbone from a folder, or None.

    Parameters
    ----------
    spec : BackboneSpec
        Which one.
    backbones_dir : Path
        The workspace's folder of converted backbones.
    weights_sha256 : str, optional
        With exactly these weights; the newest conversion when not given.
    """
    for converted in _list_records(spec, backbones_dir):
        if weights_sha256 in (None, converted.weights_sha256):
            return converted
    return None


def find_converted_from(
    spec: BackboneSpec, weights_path: Path, backbones_dir: Path
) -> ConvertedBackbone | None:
    """Return the conversion of exactly this weights file, or None."""
    file_sha256 = hash_file(weights_path)
    for converted in _list_records(spec, backbones_dir):
        if converted.weights_file_sha256 == file_sha256:
            return converted
    return None


def _list_records(spec: BackboneSpec, folder: Path) -> Iterator[ConvertedBackbone]:
    """Yield the conversions whose record can be read, newest first."""
    records = sorted(
        folder.glob(f"{spec.name}-*.json"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for path in records:
        try:
            converted = ConvertedBackbone(**json.loads(path.read_text()), folder=folder)
        except (OSError, ValueError, TypeError):
            continue  # not a record of ours; the conversion simply runs again
        if converted.version == CONVERSION_VERSION and converted.name == spec.name:
            yield converted


def find_ready(
    spec: BackboneSpec, model_dir: Path, backbones_dir: Path, *, any_weights: bool = False
) -> ConvertedBackbone | None:
    """Return what can run at once for these two folders, or None if a conversion is due.

    Weights in `model_dir` decide. Where it has none, a network that needs none
    is found, and with `any_weights` the newest conversion of any.
    """
    weights_path = find_weights(spec, model_dir)
    if weights_path is not None:
        return find_converted_from(spec, weights_path, backbones_dir)
    if any_weights or not spec.weights_file:
        return find_converted(spec, backbones_dir)
    return None
