"""Write a model with a short script that runs it, as a .zip file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.export.description import DESCRIPTION_FILE, format_description
from cluster_core.model.export.formats import ExportFormat
from cluster_core.storage.drafts import replacing

SCRIPT, NETWORK, MODEL = "classify.py", "network.tflite", "model.npz"
_README, _REQUIREMENTS = "README.txt", "requirements.txt"
_JPEG_QUALITY = 92


@dataclass(frozen=True)
class TakeawayExtras:
    """What goes into the file besides the model.

    Attributes
    ----------
    title : str
        Title of the model, for the README.
    examples : sequence of ndarray of uint8, (height, width, 3)
        RGB pictures to try.
    """

    title: str
    examples: Sequence[np.ndarray] = ()


def save_takeaway(
    bundle: ModelBundle, backbone: ConvertedBackbone, path: Path, extras: TakeawayExtras
) -> None:
    """Write the .zip file.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    backbone : ConvertedBackbone
        Its network, which LiteRT can run.
    path : Path
        The file to write; an existing one is replaced.
    extras : TakeawayExtras
        Title and examples.

    Raises
    ------
    BackboneError
        If the file of the network is missing or was altered.
    OSError
        If a file cannot be read or written.
    """
    texts = {name: _read(name) for name in (SCRIPT, _REQUIREMENTS)}
    texts[_README] = _fill_in(_read(_README), bundle, extras)
    texts[DESCRIPTION_FILE] = format_description(bundle, ExportFormat.TAKEAWAY)
    with replacing(path) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        archive.writestr(NETWORK, backbone.read_litert())
        archive.writestr(MODEL, _pack_arrays(bundle))
        for number, pixels in enumerate(extras.examples):
            archive.writestr(_name_example(number), _to_jpeg(pixels))


def _read(name: str) -> str:
    return (ASSETS / "takeaway" / name).read_text("utf-8")


def _fill_in(readme: str, bundle: ModelBundle, extras: TakeawayExtras) -> str:
    values = {
        "title": extras.title,
        "line": "=" * len(extras.title),
        "labels": ", ".join(bundle.labels),
        "network": bundle.backbone.name,
        "example": _name_example(0) if extras.examples else "my_picture.jpg",
        "folder": "examples           pictures to try, simulated\n" if extras.examples else "",
    }
    for name, value in values.items():
        readme = readme.replace(f"{{{{{name}}}}}", value)
    return readme


def _name_example(number: int) -> str:
    return f"examples/{number + 1}.jpg"


def _to_jpeg(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=_JPEG_QUALITY)
    return content.getvalue()


def _pack_arrays(bundle: ModelBundle) -> bytes:
    head, novelty = bundle.head, bundle.novelty
    numbers = {"temperature": head.temperature, "n_views": len(bundle.view_list)}
    arrays = {"weights": head.weights, "bias": head.bias}
    if novelty is not None:
        numbers |= {
            "unit": novelty.shapes.unit,
            "distance_weight": novelty.distance_weight,
            "offset": novelty.offset,
        }
        arrays |= {
            "means": novelty.shapes.means,
            "axes": novelty.shapes.axes,
            "log_odds": novelty.log_odds,
        }
    arrays |= {name: np.asarray(number) for name, number in numbers.items()}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()
