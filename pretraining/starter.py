"""Save the trained backbone and the starter head, which know only simulated pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 (PyTorch's own convention)

from pretraining.blocks import load_block
from pretraining.objective import IGNORED
from pretraining.train import FAMILY_OF_KIND, Trainer, compute_features

LABELS = ("globular clusters", "open clusters")
N_REFERENCE = 16
N_REHEARSED = 1600


def save_weights(trainer: Trainer, held_out: range, output: Path) -> dict[str, float]:
    """Write the averaged backbone and the starter head as NumPy arrays.

    Parameters
    ----------
    trainer : Trainer
        At the end of its plan.
    held_out : range
        Blocks that were not trained on. They set the head's temperature.
    output : Path
        An existing folder, which gets `backbone.npz`; `sky_starter_head.npz`;
        `sky_rehearsal.npz`, the features of held-out clusters that retrained heads rehearse;
        and `reference.npz`, a few pictures with their features, to check the export against.

    Returns
    -------
    dict
        On the held-out clusters: `accuracy` and `cross_entropy` of the head, and `scale`, the
        factor on its logits.
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
        features=features[is_cluster][:N_REHEARSED].numpy().astype(np.float16),
        labels=family[is_cluster][:N_REHEARSED].numpy().astype(np.uint8),
    )
    scale = _fit_scale(logits, family[is_cluster])
    np.savez(output / "backbone.npz", **backbone.fold())
    np.savez(
        output / "reference.npz",
        pixels=blocks[0].pixels[:N_REFERENCE],
        features=features[:N_REFERENCE].numpy(),
    )
    np.savez(
        output / "sky_starter_head.npz",
        weights=(head.weight.detach().T * scale).numpy().astype(np.float32),
        bias=(head.bias.detach() * scale).numpy().astype(np.float32),
        labels=np.array(LABELS),
    )
    accuracy = (logits.argmax(1) == family[is_cluster]).float().mean()
    loss = F.cross_entropy(logits * scale, family[is_cluster])
    return {"accuracy": float(accuracy), "cross_entropy": float(loss), "scale": scale}


def _fit_scale(logits: torch.Tensor, family: torch.Tensor) -> float:
    """Return the factor on the logits, 1 / temperature, with the lowest cross entropy.

    References
    ----------
    .. [1] Guo, C. et al. 2017, "On calibration of modern neural networks".
    """
    scales = np.exp(np.linspace(-2.0, 2.0, 81))
    losses = [float(F.cross_entropy(logits * scale, family)) for scale in scales]
    return float(scales[int(np.argmin(losses))])
