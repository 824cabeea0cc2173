"""The metadata is read back field by field, as the schema of TensorFlow Lite Support has it."""

from __future__ import annotations

import io
import zipfile

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers.table import Table

from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.export.tflite_metadata import METADATA_NAME


@pytest.fixture(scope="module")
def content(export_once) -> bytes:
    return (export_once(ExportFormat.TFLITE) / "export.tflite").read_bytes()


@pytest.fixture(scope="module")
def metadata(content) -> Table:
    model = schema.ModelT.InitFromPackedBuf(content)
    (entry,) = [entry for entry in model.metadata if entry.name.decode() == METADATA_NAME]
    buffer = bytes(bytearray(model.buffers[entry.buffer].data))
    assert buffer[4:8] == b"M001"
    root = flatbuffers.encode.Get(flatbuffers.packer.uoffset, buffer, 0)
    return Table(buffer, root)


def get_table(table: Table, slot: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + table.Offset(4 + 2 * slot)))


def get_item(table: Table, slot: int) -> Table:
    """Return the only table of a list."""
    offset = table.Offset(4 + 2 * slot)
    assert table.VectorLen(offset) == 1
    return Table(table.Bytes, table.Indirect(table.Vector(offset)))


def get_text(table: Table, slot: int) -> str:
    return table.String(table.Pos + table.Offset(4 + 2 * slot)).decode()


def get_byte(table: Table, slot: int) -> int:
    offset = table.Offset(4 + 2 * slot)
    return table.Get(flatbuffers.number_types.Int8Flags, table.Pos + offset)


def get_float(table: Table, slot: int) -> float:
    offset = table.Offset(4 + 2 * slot)
    assert table.VectorLen(offset) == 1
    return table.Get(flatbuffers.number_types.Float32Flags, table.Vector(offset))


def test_input_is_an_rgb_image_that_needs_no_normalisation(metadata):
    image = get_item(get_item(metadata, 3), 2)
    assert get_text(image, 0) == "image"
    assert "resized to 32 x 32" in get_text(image, 1)
    content = get_table(image, 3)
    assert get_byte(content, 0) == 2  # ImageProperties
    assert get_byte(get_table(content, 1), 0) == 1  # RGB
    unit = get_item(image, 4)
    assert get_byte(unit, 0) == 1  # NormalizationOptions
    options = get_table(unit, 1)
    assert (get_float(options, 0), get_float(options, 1)) == (0.0, 1.0)


def test_output_names_the_file_of_its_labels(metadata, content):
    scores = get_item(get_item(metadata, 3), 3)
    labels = get_item(scores, 6)
    assert get_byte(labels, 2) == 2  # TENSOR_AXIS_LABELS
    archive = zipfile.ZipFile(io.BytesIO(content))
    info = archive.getinfo(get_text(labels, 0))
    assert info.compress_type == zipfile.ZIP_STORED  # readers map the file
    assert archive.read(info).decode() == "blue stars\nred stars\n"


def test_file_takes_bytes_and_gives_one_score_per_label(content):
    interpreter = Interpreter(model_content=content)
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (entry["dtype"].__name__, list(entry["shape"])) == ("uint8", [1, 32, 32, 3])
    assert (end["dtype"].__name__, list(end["shape"])) == ("float32", [1, 2])
