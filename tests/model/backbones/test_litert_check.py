"""A LiteRT file from a stranger is refused unless it is plain arithmetic of the usual size."""

from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from cluster_core.model.backbones.litert_check import (
    MAX_OPERATORS,
    MAX_TENSORS,
    check_structure,
    try_out,
)
from cluster_core.model.backbones.registry import (
    EVERYDAY_BACKBONE,
    SKY_BACKBONE,
    TEST_BACKBONE,
    get_backbone,
)
from cluster_core.model.backbones.shipped import check_shipped_weights


@pytest.fixture
def content(backbone) -> bytes:
    """The LiteRT file of the network of the tests."""
    return backbone.read_litert()


def change(content: bytes, edit) -> bytes:
    """Return a LiteRT file after an edit of its parts."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    edit(model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def find_activation(model):
    """Return a tensor whose values are not in the file."""
    graph = model.subgraphs[0]
    return next(one for one in graph.tensors if model.buffers[one.buffer].data is None)


def find_weights(model):
    graph = model.subgraphs[0]
    return max(graph.tensors, key=lambda one: np.size(model.buffers[one.buffer].data))


def sizes(numbers) -> np.ndarray:
    return np.array(numbers, np.int32)


def set_operator(model, code) -> None:
    model.operatorCodes[0].builtinCode = code
    model.operatorCodes[0].deprecatedBuiltinCode = min(code, 127)


EDITS = {
    "a custom operator": (
        lambda model: setattr(model.operatorCodes[0], "customCode", b"evil"),
        "is not allowed",
    ),
    "an operator that calls a graph": (
        lambda model: set_operator(model, schema.BuiltinOperator.WHILE),
        "WHILE is not allowed",
    ),
    "an operator that pixels can mislead": (
        lambda model: set_operator(model, schema.BuiltinOperator.CAST),
        "CAST is not allowed",
    ),
    "an unknown operator": (lambda model: set_operator(model, 9_999), "9999 is not allowed"),
    "a huge tensor": (
        lambda model: setattr(find_activation(model), "shape", sizes([1, 90_000, 90_000, 3])),
        "97,200 MB of memory",
    ),
    "a tensor of 2^93 numbers": (
        lambda model: setattr(find_activation(model), "shape", sizes([2**31 - 1] * 3)),
        "MB of memory",
    ),
    "a negative size": (
        lambda model: setattr(find_activation(model), "shape", sizes([1, -5, 5])),
        "negative size",
    ),
    "many axes": (
        lambda model: setattr(find_activation(model), "shape", sizes([1] * 40)),
        "too many axes",
    ),
    "fewer places than numbers": (
        lambda model: setattr(find_weights(model), "shape", sizes([2])),
        "smaller than its numbers",
    ),
    "strings": (
        lambda model: setattr(find_activation(model), "type", schema.TensorType.STRING),
        "unusual type",
    ),
    "a state": (
        lambda model: setattr(find_activation(model), "isVariable", True),
        "unusual type",
    ),
    "a buffer that is not there": (
        lambda model: setattr(find_activation(model), "buffer", 99_999),
        "no buffer",
    ),
    "numbers outside the graph": (
        lambda model: setattr(model.buffers[find_weights(model).buffer], "offset", 2**40),
        "outside the graph",
    ),
    "two graphs": (
        lambda model: model.subgraphs.append(model.subgraphs[0]),
        "more than one graph",
    ),
    "no graph": (lambda model: setattr(model, "subgraphs", []), "or none"),
    "two inputs": (
        lambda model: setattr(model.subgraphs[0], "inputs", sizes([0, 1])),
        "one input and one output",
    ),
    "many tensors": (
        lambda model: model.subgraphs[0].tensors.extend(
            [find_activation(model)] * (MAX_TENSORS + 1)
        ),
        "too many tensors",
    ),
    "many operators": (
        lambda model: model.subgraphs[0].operators.extend(
            [model.subgraphs[0].operators[0]] * (MAX_OPERATORS + 1)
        ),
        "too many operators",
    ),
    "options of its own": (
        lambda model: setattr(model.subgraphs[0].operators[0], "largeCustomOptionsSize", 9),
        "options of its own",
    ),
}


@pytest.mark.parametrize("kind", EDITS)
def test_unusual_network_is_refused_before_it_runs(content, kind):
    edit, reason = EDITS[kind]
    with pytest.raises(ValueError, match=reason):
        check_structure(change(content, edit))


def test_network_that_was_only_packed_again_is_accepted(content):
    again = change(content, lambda model: None)
    check_structure(again)
    try_out(again, TEST_BACKBONE)


@pytest.mark.parametrize("spec", [SKY_BACKBONE, EVERYDAY_BACKBONE], ids=lambda spec: spec.name)
def test_shipped_networks_pass(spec):
    content = check_shipped_weights(spec).read_bytes()
    check_structure(content)
    try_out(content, spec)


def test_damaged_file_never_raises_anything_else(content):
    random = np.random.default_rng(0)
    for length in (0, 3, 8, 100, len(content) // 2):
        with pytest.raises(ValueError, match=r"damaged|LiteRT|none|buffer"):
            check_structure(content[:length])
    for _ in range(300):
        damaged = np.frombuffer(content, np.uint8).copy()
        # The tables are at both ends of the file, the weights between them.
        places = random.integers(0, 600, 4)
        damaged[np.where(random.random(4) < 0.5, places, -1 - places)] = random.integers(0, 256, 4)
        try:
            check_structure(damaged.tobytes())
        except ValueError:
            continue


def test_other_network_is_refused_by_its_picture_size(content):
    with pytest.raises(ValueError, match="not a picture of 128 x 128 pixels"):
        try_out(content, get_backbone("mobilenet_0.25_128"))


def test_features_that_are_not_finite_are_refused(content):
    def spoil(model):
        buffer = model.buffers[find_weights(model).buffer]
        buffer.data = np.full(len(buffer.data) // 4, np.nan, "<f4").view(np.uint8)

    spoiled = change(content, spoil)
    check_structure(spoiled)
    with pytest.raises(ValueError, match="not finite"):
        try_out(spoiled, TEST_BACKBONE)
