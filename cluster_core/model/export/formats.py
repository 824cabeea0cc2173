"""The formats that a model can be exported in, and what each one needs."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ExportFormat(StrEnum):
    """A format; its value is its name on the command line."""

    TAKEAWAY = "takeaway"
    WEB = "web"
    TFLITE = "tflite"
    ONNX = "onnx"
    KERAS = "keras"
    SAVED_MODEL = "savedmodel"
    GRAPH = "pb"


@dataclass(frozen=True)
class FormatFacts:
    """What a user should know of a format.

    Attributes
    ----------
    title : str
    purpose : str
        For whom it is, in one sentence.
    suffix : str
        Suffix of its file; empty for a folder.
    needs_tensorflow : bool
        Whether TensorFlow writes it.
    """

    title: str
    purpose: str
    suffix: str
    needs_tensorflow: bool = True


FORMATS = MappingProxyType(
    {
        ExportFormat.TAKEAWAY: FormatFacts(
            "Take-away .zip",
            "For any computer with Python: the model, a short script that labels pictures, and a "
            "README.",
            ".zip",
            needs_tensorflow=False,
        ),
        ExportFormat.WEB: FormatFacts(
            "Web page",
            "For your own website: a folder that answers in the visitor's browser.",
            "",
            needs_tensorflow=False,
        ),
        ExportFormat.TFLITE: FormatFacts(
            "TensorFlow Lite (.tflite)",
            "For phones and small computers: one file with the class names inside, as MediaPipe's "
            "image classifier reads it.",
            ".tflite",
        ),
        ExportFormat.ONNX: FormatFacts(
            "ONNX (.onnx)",
            "For programs in C++, C#, Java, Rust and others: takes pictures of any size.",
            ".onnx",
        ),
        ExportFormat.KERAS: FormatFacts(
            "Keras (.keras)",
            "For programs in Python with Keras 3, and for training on: takes pictures of any size.",
            ".keras",
        ),
        ExportFormat.SAVED_MODEL: FormatFacts(
            "SavedModel",
            "For TensorFlow Serving and other servers: takes pictures of any size.",
            "",
        ),
        ExportFormat.GRAPH: FormatFacts(
            "Frozen graph (.pb)",
            "For programs of TensorFlow 1, such as label_image.py of the 2018 article.",
            "",
        ),
    }
)
# Its convolutions by channel are compiled functions, which tf2onnx does not follow.
_NOT_IN_ONNX = ("convnext_tiny",)
_ONNX_PACKAGES = ("tf2onnx", "onnx", "onnxruntime")


def find_obstacle(kind: ExportFormat, name: str, *, runs_on_litert: bool) -> str:
    """Return why a model cannot be exported in a format, as a sentence; empty if it can.

    Parameters
    ----------
    kind : ExportFormat
        The format.
    name : str
        The network of the model.
    runs_on_litert : bool
        Whether LiteRT can run it.
    """
    if FORMATS[kind].needs_tensorflow and not _is_installed("tensorflow"):
        return (
            "This installation has no TensorFlow, which writes this format: export the model on a "
            "computer with all of Cluster Lab."
        )
    if kind is ExportFormat.ONNX and not all(map(_is_installed, _ONNX_PACKAGES)):
        return (
            "ONNX needs packages that are not installed: run "
            f"python -m pip install {' '.join(_ONNX_PACKAGES)}, then try again."
        )
    if kind is ExportFormat.ONNX and name in _NOT_IN_ONNX:
        return f"The network {name} cannot be converted to ONNX: choose another format."
    needs_litert = kind in (ExportFormat.TAKEAWAY, ExportFormat.WEB, ExportFormat.TFLITE)
    if needs_litert and not runs_on_litert:
        return f"LiteRT, which this format needs, cannot run the network {name}: choose another."
    return ""


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
