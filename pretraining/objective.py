"""The training objective, and the augmentation of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (PyTorch's own convention)

from pretraining.network import Heads

IGNORED = -1


@dataclass(frozen=True)
class Batch:
    """Pictures and their ground truth on the training device.

    Attributes
    ----------
    pictures : Tensor of shape (n, 3, 128, 128)
        In -1 to 1.
    kind : Tensor of shape (n,)
        Index of the kind of sky.
    family : Tensor of shape (n,)
        0 for globular, 1 for open, `IGNORED` for neither.
    truths : Tensor of shape (n, n_truths)
        Standardised physical properties; NaN where one does not apply.
    """

    pictures: Tensor
    kind: Tensor
    family: Tensor
    truths: Tensor


@dataclass(frozen=True)
class Weights:
    """Weights of the parts of the loss, and the label smoothing of the classifications."""

    kind: float = 1.0
    family: float = 1.0
    truths: float = 0.5
    smoothing: float = 0.05


def compute_loss(heads: Heads, features: Tensor, batch: Batch, weights: Weights) -> Tensor:
    """Return the weighted sum of the heads' losses.

    Parameters
    ----------
    heads : Heads
    features : Tensor of shape (n, n_features)
        Features of the batch's pictures.
    batch : Batch
    weights : Weights

    Returns
    -------
    Tensor
        A scalar.
    """
    kind, family, truths = heads(features)
    loss = weights.kind * F.cross_entropy(kind, batch.kind, label_smoothing=weights.smoothing)
    is_cluster = batch.family != IGNORED
    if is_cluster.any():
        loss = loss + weights.family * F.cross_entropy(
            family[is_cluster], batch.family[is_cluster], label_smoothing=weights.smoothing
        )
    known = torch.isfinite(batch.truths)
    error = F.smooth_l1_loss(truths[known], batch.truths[known])
    return loss + weights.truths * error


def augment(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate and mirror each picture, and change its brightness, colours and contrast.

    Parameters
    ----------
    pictures : Tensor of shape (n, 3, side, side)
        In 0 to 1.
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor of shape (n, 3, side, side)
        In 0 to 1.
    """
    turned = torch.empty_like(pictures)
    view = torch.randint(0, 8, (len(pictures),), generator=generator)
    for number in range(8):
        rows = view == number
        part = torch.rot90(pictures[rows], number % 4, (2, 3))
        turned[rows] = part.flip(3) if number > 3 else part
    gamma = torch.exp(0.25 * torch.randn(len(pictures), 1, 1, 1, generator=generator))
    gain = torch.exp(0.08 * torch.randn(len(pictures), 3, 1, 1, generator=generator))
    pedestal = 0.05 * torch.rand(len(pictures), 3, 1, 1, generator=generator)
    device = pictures.device
    grey = (torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.1).to(device)
    turned = torch.where(grey, turned.mean(1, keepdim=True), turned)
    lit = turned.clamp_min(1e-4) ** gamma.to(device) * gain.to(device)
    return (lit * (1.0 - pedestal.to(device)) + pedestal.to(device)).clamp(0.0, 1.0)
