from __future__ import annotations

import keras
import numpy as np

from cluster_core.model.backbones.everyday import build_everyday_model
from pretraining.everyday import BATCH_NORM_EPSILON, _name_in_pytorch, load_folded_weights
from pretraining.shipping import _round_keeping_sums


def make_state(model, random):
    """Make a state dict of random arrays for every convolution of a network."""
    state = {}
    for layer in model.layers:
        if layer.weights:
            convolution, norm = _name_in_pytorch(layer.name)
            axes = (2, 3, 0, 1) if "depthwise" in layer.name else (3, 2, 0, 1)
            shape = np.array(layer.weights[0].shape)[list(axes)]
            state[f"{convolution}.weight"] = random.normal(0, 0.1, shape).astype(np.float32)
            for part in ("weight", "bias", "running_mean", "running_var"):
                values = random.uniform(0.5, 1.5, shape[0])
                state[f"{norm}.{part}"] = values.astype(np.float32)
    return state


def test_folded_layers_equal_convolution_and_batch_norm():
    random = np.random.default_rng(0)
    model = build_everyday_model()
    state = make_state(model, random)
    load_folded_weights(model, state)
    pixels = random.normal(0, 1, (1, 8, 8, 32)).astype(np.float32)
    layers = {
        "block00_depthwise": keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        "block00_project": keras.layers.Conv2D(16, 1, use_bias=False),
    }
    for name, convolve in layers.items():
        convolution, norm = _name_in_pytorch(name)
        convolve.build(pixels.shape)
        kernel = state[f"{convolution}.weight"]
        is_depthwise = "depthwise" in name
        convolve.set_weights([kernel.transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0))])
        parts = [state[f"{norm}.{part}"] for part in ("weight", "bias")]
        moments = [state[f"{norm}.{part}"] for part in ("running_mean", "running_var")]
        scale = parts[0] / np.sqrt(moments[1] + BATCH_NORM_EPSILON)
        expected = (convolve(pixels).numpy() - moments[0]) * scale + parts[1]
        if is_depthwise:
            expected = expected.clip(0, 6)
        found = model.get_layer(name)(pixels).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_rounding_keeps_the_sum_of_each_channel():
    kernel = np.random.default_rng(0).normal(0, 1, (5, 5, 40, 1)).astype(np.float32)
    rounded = _round_keeping_sums(kernel)
    assert (rounded == rounded.astype(np.float16)).all()
    plain = kernel.astype(np.float16).astype(np.float32)
    errors = [np.abs((each - kernel).sum((0, 1))).max() for each in (rounded, plain)]
    assert errors[0] < errors[1] / 10
    assert np.abs(rounded - kernel).max() < 2e-3
