"""Check a LiteRT file that may be hostile, and run it once, in a process of its own.

`python -m cluster_core.model.backbones.litert_check` does it within limits of memory; a
crash of the interpreter ends only that process. See `imported.py`, which starts it.
"""

from __future__ import annotations

import struct
import time
from math import prod
from pathlib import Path

import click
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from cluster_core.errors import ClusterError
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.subprocesses import limit_memory

# Three times what the networks of the registry have or take.
MAX_TENSORS = 2_500
MAX_OPERATORS = 2_000
MAX_OPERATOR_KINDS = 50
MAX_ACTIVATION_BYTES = 500_000_000
MAX_AXES = 6
MAX_SECONDS = 10.0
MAX_ADDRESS_SPACE_BYTES = 2_000_000_000
_LARGEST_TYPE_BYTES = 4
_IN_THE_FILE = 1

# What the networks of the registry are converted to. None turns pixels into integers, so that
# every index and shape is the same for all pictures, and one trial shows whether it is valid.
ALLOWED_OPERATORS = frozenset(
    {
        *("ADD", "SUB", "MUL", "DIV", "NEG", "RSQRT", "SQUARED_DIFFERENCE", "MEAN"),
        *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "AVERAGE_POOL_2D"),
        *("RELU", "RELU6", "LOGISTIC", "HARD_SWISH", "GELU", "TANH", "DEQUANTIZE"),
        *("CONCATENATION", "PAD", "RESHAPE", "SHAPE", "GATHER", "REDUCE_PROD", "PACK"),
        *("STRIDED_SLICE",),
    }
)
_ALLOWED_TYPES = frozenset(
    {schema.TensorType.FLOAT32, schema.TensorType.FLOAT16, schema.TensorType.INT32}
)
_OPERATOR_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}
# What the reader of FlatBuffers, which is Python, raises for offsets that lead nowhere.
_MALFORMED_ERRORS = (struct.error, IndexError, TypeError, AttributeError, OverflowError)


def check_structure(content: bytes) -> None:
    """Check a LiteRT file without running it: its operators, its tensors and their sizes.

    Parameters
    ----------
    content : bytes
        Content of the file.

    Raises
    ------
    ValueError
        If it is damaged, or is not a network of plain arithmetic of the usual size.
    """
    try:
        model = schema.Model.GetRootAs(content, 0)
        if content[4:8] != b"TFL3":
            raise ValueError("it is not a LiteRT file")
        _check_operators(model)
        _check_graph(model)
    except _MALFORMED_ERRORS as error:
        raise ValueError("it is damaged") from error


def _check_operators(model: schema.Model) -> None:
    if not 0 < model.OperatorCodesLength() <= MAX_OPERATOR_KINDS:
        raise ValueError("it has too many kinds of operators, or none")
    for number in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(number)
        kind = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
        name = _OPERATOR_NAMES.get(kind, str(kind))
        if name not in ALLOWED_OPERATORS or code.CustomCode() is not None:
            raise ValueError(f"its operator {name} is not allowed")


def _check_graph(model: schema.Model) -> None:
    if model.SubgraphsLength() != 1:
        raise ValueError("it has more than one graph, or none")
    graph = model.Subgraphs(0)
    if not 0 < graph.TensorsLength() <= MAX_TENSORS:
        raise ValueError("it has too many tensors, or none")
    if not 0 < graph.OperatorsLength() <= MAX_OPERATORS:
        raise ValueError("it has too many operators, or none")
    if graph.InputsLength() != 1 or graph.OutputsLength() != 1:
        raise ValueError("it does not have one input and one output")
    for number in range(graph.OperatorsLength()):
        if graph.Operators(number).LargeCustomOptionsSize():
            raise ValueError("an operator has options of its own")
    n_bytes = sum(
        _count_activation(model, graph.Tensors(number)) for number in range(graph.TensorsLength())
    )
    if n_bytes > MAX_ACTIVATION_BYTES:
        raise ValueError(f"it would take {n_bytes / 1e6:,.0f} MB of memory")


def _count_activation(model: schema.Model, tensor: schema.Tensor) -> int:
    """Return the bytes that a tensor takes besides the file; 0 if its values are in the file."""
    if tensor.Type() not in _ALLOWED_TYPES or tensor.IsVariable() or tensor.Sparsity() is not None:
        raise ValueError("one of its tensors is of an unusual type")
    if tensor.ShapeLength() > MAX_AXES:
        raise ValueError("one of its tensors has too many axes")
    shape = [tensor.Shape(axis) for axis in range(tensor.ShapeLength())]
    if any(size < 0 for size in shape):
        raise ValueError("one of its tensors has a negative size")
    if tensor.Buffer() >= model.BuffersLength():
        raise ValueError("one of its tensors has no buffer")
    buffer = model.Buffers(tensor.Buffer())
    if max(buffer.Offset(), buffer.Size()) > _IN_THE_FILE:
        raise ValueError("its numbers are outside the graph")
    n_bytes = prod(shape) * _LARGEST_TYPE_BYTES
    if not buffer.DataLength():
        return n_bytes
    if buffer.DataLength() > n_bytes:
        raise ValueError("one of its tensors is smaller than its numbers")
    return 0


def try_out(content: bytes, spec: BackboneSpec) -> None:
    """Run a network on one picture of noise.

    Parameters
    ----------
    content : bytes
        Content of a LiteRT file that passed `check_structure`.
    spec : BackboneSpec
        The network that it should be.

    Raises
    ------
    ValueError, RuntimeError
        If LiteRT refuses it, its input or output is not that of the network, it takes too
        long, or its features are not finite.
    """
    interpreter = Interpreter(model_content=content, num_threads=1)
    (pixels,) = interpreter.get_input_details()
    size = spec.input_size_px
    if (*pixels["shape"], pixels["dtype"]) != (1, size, size, 3, np.float32):
        raise ValueError(f"its input is not a picture of {size} x {size} pixels")
    interpreter.allocate_tensors()
    noise = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    interpreter.set_tensor(pixels["index"], to_unit_range(noise))
    started_s = time.monotonic()
    interpreter.invoke()
    if time.monotonic() - started_s > MAX_SECONDS:
        raise ValueError("it takes too long for a picture")
    features = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    if features.shape != (1, spec.n_features) or features.dtype != np.float32:
        raise ValueError(f"its output is not {spec.n_features:,} features")
    if not np.isfinite(features).all():
        raise ValueError("its features are not finite")


@click.command(help="Check a LiteRT file that may be hostile.")
@click.argument("architecture")
@click.argument("path", type=click.Path(path_type=Path))
def main(architecture: str, path: Path) -> None:
    """Check one file; the reason to refuse it is one line on standard error, and exit code 1."""
    limit_memory(MAX_ADDRESS_SPACE_BYTES)
    try:
        spec = get_backbone(architecture)
        content = path.read_bytes()
        check_structure(content)
        try_out(content, spec)
    except (ClusterError, OSError, ValueError, RuntimeError, MemoryError) as error:
        reason = (str(error) or "memory ran out").splitlines()[0][:200]
        raise click.ClickException(reason) from error


if __name__ == "__main__":
    main()
