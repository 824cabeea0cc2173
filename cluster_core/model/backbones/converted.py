"""Converted backbones on disk: a LiteRT file, a frozen graph and a record of both."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.backbones.weights import find_weights
from cluster_core.storage.drafts import replacing
from cluster_core.storage.file_times import get_written_ns
from cluster_core.storage.hashing import hash_file

CONVERSION_VERSION = 2
_MAX_HASHES = 64
# All names in the frozen graph begin with backbone/, so that it can be joined with other graphs.
GRAPH_INPUT = "backbone/pixels"
GRAPH_OUTPUT = "backbone/features"
# Attributes of a record that are text.
_TEXTS = (
    *("name", "weights_sha256", "weights_file_sha256", "litert_sha256", "graph_sha256"),
    "litert_refusal",
)


@dataclass(frozen=True)
class ConvertedBackbone:
    """A backbone that is ready to run.

    All hashes are SHA-256, hexadecimal.

    Attributes
    ----------
    name : str
        Name in the registry.
    weights_sha256 : str
        Hash of the weight arrays, which does not depend on the file format.
    weights_file_sha256 : str
        Hash of the weights file; empty if the network needs none. The weights of a
        shipped backbone are in its LiteRT file.
    litert_sha256 : str
        Hash of the LiteRT file; empty if LiteRT cannot run the network and TensorFlow
        has to run the graph.
    graph_sha256 : str
        Hash of the frozen graph; empty for a shipped backbone, whose graph is created
        by the first training that needs it.
    relative_error : float or None
        Largest difference between the features of LiteRT and Keras, divided by the
        largest feature; None if LiteRT cannot run the network.
    folder : Path
        Folder of the files.
    version : int
        Version of the conversion; a conversion of another version is repeated.
    litert_refusal : str
        Why LiteRT cannot run the network; empty if it can. A record of version 0.1 has no
        reason: the conversion may have failed because a disk was full, and is repeated.
    """

    name: str
    weights_sha256: str
    weights_file_sha256: str
    litert_sha256: str
    graph_sha256: str
    relative_error: float | None
    folder: Path
    version: int = CONVERSION_VERSION
    litert_refusal: str = ""

    @property
    def spec(self) -> BackboneSpec:
        """The backbone's entry in the registry."""
        return get_backbone(self.name)

    @property
    def runs_on_litert(self) -> bool:
        """Whether LiteRT can run the network; otherwise TensorFlow must."""
        return bool(self.litert_sha256)

    @property
    def has_verdict(self) -> bool:
        """Whether it is known if LiteRT can run the network."""
        return bool(self.litert_sha256 or self.litert_refusal)

    @property
    def litert_path(self) -> Path:
        """Path of the LiteRT file."""
        return self.folder / f"{self._stem}.tflite"

    @property
    def graph_path(self) -> Path:
        """Path of the frozen TensorFlow graph."""
        return self.folder / f"{self._stem}.pb"

    @property
    def _stem(self) -> str:
        return f"{self.name}-{self.weights_sha256[:12]}"

    def to_record(self) -> dict[str, Any]:
        """Return all attributes but the folder, and an empty refusal, ready for JSON."""
        # Version 0.1 reads no record with a refusal, and all others.
        left_out = {"folder"} if self.litert_refusal else {"folder", "litert_refusal"}
        return {key: value for key, value in asdict(self).items() if key not in left_out}

    def save_record(self) -> None:
        """Write the record. Write it last: it states that the other files are complete."""
        with replacing(self.folder / f"{self._stem}.json") as draft:
            draft.write_text(json.dumps(self.to_record(), indent=2))

    def read_litert(self) -> bytes:
        """Return the content of the LiteRT file.

        Raises
        ------
        BackboneError
            If the file is missing or does not match its hash.
        """
        return self._read(self.litert_path, self.litert_sha256)

    def read_graph(self) -> bytes:
        """Return the content of the frozen graph, a serialised GraphDef.

        Raises
        ------
        BackboneError
            If the file is missing or does not match its hash.
        """
        return self._read(self.graph_path, self.graph_sha256)

    def _read(self, path: Path, sha256: str) -> bytes:
        try:
            content = path.read_bytes()
        except OSError:
            content = b""  # fails the hash check
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BackboneError(
                f"The converted network {path} is missing or was altered: delete the files of "
                f"{self.name} in that folder, and they will be created again.",
                name=self.name,
            )
        return content


def find_converted(
    spec: BackboneSpec, backbones_dir: Path, *, weights_sha256: str | None = None
) -> ConvertedBackbone | None:
    """Return the newest conversion of a backbone, or None.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    backbones_dir : Path
        The workspace's folder of converted backbones.
    weights_sha256 : str, optional
        Accept only a conversion of exactly these weights; any weights by default.
    """
    for converted in _list_records(spec, backbones_dir):
        if weights_sha256 in (None, converted.weights_sha256):
            return converted
    return None


def find_converted_from(
    spec: BackboneSpec, weights_path: Path, backbones_dir: Path
) -> ConvertedBackbone | None:
    """Return the conversion of exactly this weights file, or None."""
    status = weights_path.stat()
    file_sha256 = _hash_once(weights_path, status.st_mtime_ns, status.st_size, status.st_ino)
    for converted in _list_records(spec, backbones_dir):
        if converted.weights_file_sha256 == file_sha256:
            return converted
    return None


@functools.lru_cache(maxsize=_MAX_HASHES)
def _hash_once(path: Path, *_stamp: int) -> str:
    """Return the SHA-256 of a file; the stamp changes with its content."""
    return hash_file(path)


def _list_records(spec: BackboneSpec, folder: Path) -> Iterator[ConvertedBackbone]:
    """Yield the conversions with a readable record, newest first."""
    records = sorted(folder.glob(f"{spec.name}-*.json"), key=get_written_ns, reverse=True)
    for path in records:
        try:
            converted = ConvertedBackbone(**json.loads(path.read_text()), folder=folder)
        except (OSError, ValueError, TypeError, RecursionError):
            continue  # unreadable or foreign: the conversion is repeated
        if not all(isinstance(getattr(converted, name), str) for name in _TEXTS):
            continue
        if converted.version == CONVERSION_VERSION and converted.name == spec.name:
            yield converted


def find_ready(
    spec: BackboneSpec, model_dir: Path, backbones_dir: Path, *, any_weights: bool = False
) -> ConvertedBackbone | None:
    """Return the conversion to use, or None if the backbone has to be converted first.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    model_dir : Path
        Folder of weights files. If it has weights of this network, only their
        conversion is returned.
    backbones_dir : Path
        Folder of converted backbones.
    any_weights : bool
        If `model_dir` has no weights, return the newest conversion. A network
        that needs no weights is found in any case.
    """
    weights_path = find_weights(spec, model_dir)
    if weights_path is not None:
        return find_converted_from(spec, weights_path, backbones_dir)
    if any_weights or not spec.weights_file:
        return find_converted(spec, backbones_dir)
    return None
