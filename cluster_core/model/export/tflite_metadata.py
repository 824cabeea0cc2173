"""Write class names and normalisation into a .tflite file, as MediaPipe reads them.

The metadata is a flatbuffer in the model's own, of the schema `metadata_schema.fbs` of TensorFlow
Lite Support; the numbers below are its fields. Files that it names follow the model as a .zip.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

METADATA_NAME = "TFLITE_METADATA"
_METADATA_IDENTIFIER, _MODEL_IDENTIFIER = b"M001", b"TFL3"
_AXIS_LABELS = 2  # AssociatedFileType
_RGB = 1  # ColorSpaceType
_IMAGE_PROPERTIES, _NORMALIZATION, _FEATURE_PROPERTIES = 2, 1, 1  # members of unions
_MIN_PARSER_VERSION = "1.0.0"


@dataclass(frozen=True)
class TFLiteTexts:
    """What the metadata says.

    Attributes
    ----------
    name, description : str
        Of the model.
    input_text, output_text : str
        Descriptions of its input and its output.
    labels_file : str
        Name of the attached file with one label per line.
    """

    name: str
    description: str
    input_text: str
    output_text: str
    labels_file: str


def add_metadata(content: bytes, texts: TFLiteTexts, files: Mapping[str, str]) -> bytes:
    """Return a .tflite file with metadata and attached files.

    Parameters
    ----------
    content : bytes
        A model with one input, uint8 pixels, and one output, the scores.
    texts : TFLiteTexts
        What the metadata says.
    files : mapping of str to str
        Texts to attach, by file name.
    """
    model = schema.ModelT.InitFromPackedBuf(content)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = list(_build_metadata(texts))
    entry.name, entry.buffer = METADATA_NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), _MODEL_IDENTIFIER)
    whole = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(whole, "a") as archive:  # stored, because readers map the file
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return whole.getvalue()


def _build_metadata(texts: TFLiteTexts) -> bytes:
    build = _Builder()
    size = build.table({0: build.byte(_RGB)})
    pixels = build.table(
        {
            0: build.text("image"),
            1: build.text(texts.input_text),
            3: build.table({0: build.byte(_IMAGE_PROPERTIES), 1: size}),
            # Pixels from 0 to 255 go in as they are.
            4: build.list([_build_normalization(build)]),
            5: build.table({0: build.floats([255.0]), 1: build.floats([0.0])}),
        }
    )
    labels = build.table({0: build.text(texts.labels_file), 2: build.byte(_AXIS_LABELS)})
    scores = build.table(
        {
            0: build.text("probability"),
            1: build.text(texts.output_text),
            3: build.table({0: build.byte(_FEATURE_PROPERTIES), 1: build.table({})}),
            5: build.table({0: build.floats([1.0]), 1: build.floats([0.0])}),
            6: build.list([labels]),
        }
    )
    graph = build.table({2: build.list([pixels]), 3: build.list([scores])})
    root = build.table(
        {
            0: build.text(texts.name),
            1: build.text(texts.description),
            3: build.list([graph]),
            7: build.text(_MIN_PARSER_VERSION),
        }
    )
    return build.finish(root)


def _build_normalization(build: _Builder) -> int:
    options = build.table({0: build.floats([0.0]), 1: build.floats([1.0])})
    return build.table({0: build.byte(_NORMALIZATION), 1: options})


class _Byte(int):
    """A number that a table holds itself, rather than a reference."""


class _Builder:
    """Builds tables of a flatbuffer by the numbers of their fields."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder()

    def byte(self, number: int) -> _Byte:
        return _Byte(number)

    def text(self, text: str) -> int:
        return int(self._builder.CreateString(text))

    def floats(self, numbers: list[float]) -> int:
        self._builder.StartVector(4, len(numbers), 4)
        for number in reversed(numbers):
            self._builder.PrependFloat32(number)
        return int(self._builder.EndVector())

    def list(self, tables: list[int]) -> int:
        self._builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self._builder.PrependUOffsetTRelative(table)
        return int(self._builder.EndVector())

    def table(self, fields: dict[int, int]) -> int:
        self._builder.StartObject(max(fields, default=-1) + 1)
        for slot, value in fields.items():
            if isinstance(value, _Byte):
                self._builder.PrependInt8Slot(slot, value, 0)
            else:
                self._builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        return int(self._builder.EndObject())

    def finish(self, root: int) -> bytes:
        self._builder.Finish(root, _METADATA_IDENTIFIER)
        return bytes(self._builder.Output())
