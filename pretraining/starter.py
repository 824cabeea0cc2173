"""The starter head: globular or open, learned from the simulated sky alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the name everybody knows

from pretraining.blocks import load_block
from pretraining.objective import IGNORED
from pretraining.train import FAMILY_OF_KIND, Trainer, compute_features

LABELS = ("globular clusters", "open clusters")
REFERENCES = 16
REHEARSED = 1600


def save_weights(trainer: Trainer, held_out: range, output: Path) -> dict[str, float]:
    """Write the averaged backbone and the starter head as plain arrays.

    Parameters
    ----------
    trainer : Trainer
        At the end of its plan.
    held_out : range
        Blocks it never trained on: they set the head's temperature.
    output : Path
        Gets `backbone.npz` and `sky_starter_head.npz`; in `sky_rehearsal.npz` features of
        held-out clusters, by which a retrained head remembers the simulated sky; and in
        `reference.npz` a few pictures with their features, to hold the export against.

    Returns
    -------
    dict
        Scores on the held-out blocks.
    """
    backbone = trainer.average.module["backbone"].eval()
    head = trainer.average.module["heads"].family
    blocks = [load_block(trainer.pictures, index) for index in held_out]
    features = torch.cat([compute_features(backbone, block, trainer.device) for block in blocks])
    family = torch.from_numpy(FAMILY_OF_KIND[np.concatenate([block.kind for block in blocks])])
    is_cluster = family != IGNORED
    with torch.no_grad():
        logits = head.cpu()(features[is_cluster])
    np.savez(
        output / "sky_rehearsal.npz",
        features=features[is_cluster][:REHEARSED].numpy().astype(np.float16),
        labels=family[is_cluster][:REHEARSED].numpy().astype(np.uint8),
    )
    scale = _fit_scale(logits, family[is_cluster])
    np.savez(output / "backbone.npz", **backbone.fold())
    np.savez(
        output / "reference.npz",
        pixels=blocks[0].pixels[:REFERENCES],
        features=features[:REFERENCES].numpy(),
    )
    np.savez(
        output / "sky_starter_head.npz",
        weights=(head.weight.detach().T * scale).numpy().astype(np.float32),
        bias=(head.bias.detach() * scale).numpy().astype(np.float32),
        labels=np.array(LABELS),
    )
    right = (logits.argmax(1) == family[is_cluster]).float().mean()
    loss = F.cross_entropy(logits * scale, family[is_cluster])
    return {"accuracy": float(right), "cross_entropy": float(loss), "scale": scale}


def _fit_scale(logits: torch.Tensor, family: torch.Tensor) -> float:
    """Return the factor on the logits under which their probabilities fit best.

    References
    ----------
    .. [1] Guo, C. et al. 2017, "On calibration of modern neural networks".
    """
    scales = np.exp(np.linspace(-2.0, 2.0, 81))
    losses = [float(F.cross_entropy(logits * scale, family)) for scale in scales]
    return float(scales[int(np.argmin(losses))])
