"""The network that the .zip file of a model may carry: its entries, and what they claim."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cluster_core.model.backbones.converted import CONVERSION_VERSION, ConvertedBackbone
from cluster_core.model.backbones.imported import count_max_bytes
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.model.bundle.untrusted_files import HEAD, MANIFEST, NOVELTY
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_text

NETWORK_FOLDER = "network"
N_ENTRIES = 2
MAX_RECORD_BYTES = 10_000
MAX_NETWORK_BYTES = max(map(count_max_bytes, list_backbones()))


@dataclass(frozen=True)
class CarriedNetwork:
    """A network from an archive; only its hash was checked.

    Attributes
    ----------
    name : str
        Name in the registry.
    weights_sha256 : str
        Hash of the weights that it claims to have.
    content : bytes
        Content of its LiteRT file.
    """

    name: str
    weights_sha256: str
    content: bytes


def is_network_entry(entry: zipfile.ZipInfo) -> bool:
    """Return whether a file of an archive is in the folder of the network."""
    path = PurePosixPath(entry.filename)
    is_of_model = path.name in (MANIFEST, HEAD, NOVELTY)  # whose folder may have the same name
    return path.parent.name == NETWORK_FOLDER and not is_of_model


def check_network_entries(
    entries: list[zipfile.ZipInfo], folder: PurePosixPath
) -> tuple[zipfile.ZipInfo, zipfile.ZipInfo]:
    """Return the entries of a network's record and of its LiteRT file.

    Raises
    ------
    ValueError
        If they are not one pair of files of one name in the folder of the model, or are too
        large.
    """
    by_suffix = {PurePosixPath(entry.filename).suffix: entry for entry in entries}
    paths = {PurePosixPath(entry.filename).with_suffix("") for entry in entries}
    if len(entries) != N_ENTRIES or by_suffix.keys() != {".json", ".tflite"} or len(paths) != 1:
        raise ValueError("it should contain one network at most")
    if paths.pop().parent != folder / NETWORK_FOLDER:
        raise ValueError("its network should be in the folder of the model")
    record, network = by_suffix[".json"], by_suffix[".tflite"]
    if record.file_size > MAX_RECORD_BYTES or network.file_size > MAX_NETWORK_BYTES:
        raise ValueError("its network is too large")
    return record, network


def read_carried_network(manifest: Any, record: bytes, content: bytes) -> CarriedNetwork:
    """Return the network of an archive, if it is the one that the model was trained with.

    Parameters
    ----------
    manifest : object
        The manifest of the model, as parsed from JSON.
    record : bytes
        The network's record, JSON.
    content : bytes
        Its LiteRT file.

    Raises
    ------
    ValueError
        If the record is malformed, or is not about this model's network and this file.
    """
    try:
        claim = json.loads(record)
        found = {key: check_text(claim[key]) for key in ("name", "weights_sha256", "litert_sha256")}
        wanted = {key: check_text(manifest["backbone"][key]) for key in ("name", "weights_sha256")}
        version = claim["version"]
    except (*MALFORMED_ERRORS, RecursionError) as error:
        raise ValueError("the record of its network cannot be read") from error
    if version != CONVERSION_VERSION:
        raise ValueError("its network was made by another version of the program")
    if any(found[key] != wanted[key] for key in wanted):
        raise ValueError("its network is not the one that the model was trained with")
    if hashlib.sha256(content).hexdigest() != found["litert_sha256"]:
        raise ValueError("its network was altered")
    return CarriedNetwork(found["name"], found["weights_sha256"], content)


def list_network_files(network: ConvertedBackbone) -> Mapping[str, bytes]:
    """Return the files with which an archive carries a network, by path below the model's.

    Parameters
    ----------
    network : ConvertedBackbone
        One that LiteRT can run. Its frozen graph, a TensorFlow program, is left out.

    Raises
    ------
    BackboneError
        If its LiteRT file is missing or was altered.
    """
    content = network.read_litert()
    record = json.dumps(network.to_record() | {"graph_sha256": ""}, indent=2)
    stem = f"{NETWORK_FOLDER}/{network.litert_path.stem}"
    return {f"{stem}.json": record.encode(), f"{stem}.tflite": content}
