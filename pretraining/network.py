"""The residual network `sky` and its training heads, in PyTorch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (PyTorch's own convention)

from cluster_core.model.backbones.sky import FEATURES, STEM_WIDTH, WIDTHS


class NormedConv(nn.Module):
    """A convolution with batch norm and TensorFlow's "same" padding.

    Parameters
    ----------
    inputs, outputs : int
        Numbers of channels.
    kernel, stride : int
        Side of the kernel, and the step, in pixels.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        edge = kernel - stride if stride < kernel else 0
        self.padding = (edge // 2, edge - edge // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        """Pad, convolve and normalise."""
        if any(self.padding):
            x = F.pad(x, self.padding)
        return self.norm(self.conv(x))

    def fold(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Fold the batch norm into the convolution.

        Returns
        -------
        kernel : ndarray of shape (rows, columns, inputs, outputs), float32
        bias : ndarray of shape (outputs,), float32
        """
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        kernel = (self.conv.weight * scale[:, None, None, None]).permute(2, 3, 1, 0)
        bias = self.norm.bias - self.norm.running_mean * scale
        return kernel.detach().float().cpu().numpy(), bias.detach().float().cpu().numpy()


class Block(nn.Module):
    """A residual block: two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = NormedConv(inputs, outputs, stride=stride)
        self.second = NormedConv(outputs, outputs)
        self.around = None
        if stride > 1 or inputs != outputs:
            self.around = NormedConv(inputs, outputs, kernel=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of convolutions and shortcut, rectified."""
        shortcut = x if self.around is None else self.around(x)
        return F.relu(self.second(F.relu(self.first(x))) + shortcut)


class SkyNetwork(nn.Module):
    """The backbone `sky`: from a picture to features."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = NormedConv(3, STEM_WIDTH, stride=2)
        self.fine = NormedConv(STEM_WIDTH, STEM_WIDTH)
        self.blocks = nn.ModuleDict()
        inputs = STEM_WIDTH
        for stage, width in enumerate(WIDTHS, start=1):
            self.blocks[f"stage{stage}_a"] = Block(inputs, width, stride=2)
            self.blocks[f"stage{stage}_b"] = Block(width, width, stride=1)
            inputs = width
        self.widen = NormedConv(inputs, FEATURES, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """Compute pooled features.

        Parameters
        ----------
        x : Tensor of shape (n, 3, 128, 128)
            Pictures in RGB, in -1 to 1.

        Returns
        -------
        Tensor of shape (n, n_features)
        """
        x = F.relu(self.fine(F.relu(self.stem(x))))
        for block in self.blocks.values():
            x = block(x)
        return F.relu(self.widen(x)).mean((2, 3))

    def fold(self) -> dict[str, npt.NDArray[np.float32]]:
        """Fold every batch norm into its convolution.

        Returns
        -------
        dict
            Arrays in float32 by `<layer>/kernel` and `<layer>/bias`, as the Keras model names
            its layers; see `NormedConv.fold`.
        """
        arrays: dict[str, npt.NDArray[np.float32]] = {}
        for name, module in self.named_modules():
            if isinstance(module, NormedConv):
                layer = name.removeprefix("blocks.").replace(".", "_")
                arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"] = module.fold()
        return arrays


class Heads(nn.Module):
    """The training heads: kind of sky, globular or open, and physical properties."""

    def __init__(self, kinds: int, truths: int) -> None:
        super().__init__()
        self.kind = nn.Linear(FEATURES, kinds)
        self.family = nn.Linear(FEATURES, 2)
        self.truths = nn.Linear(FEATURES, truths)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict from features of shape (n, n_features).

        Returns
        -------
        kind : Tensor of shape (n, kinds)
            Logits.
        family : Tensor of shape (n, 2)
            Logits of globular and open.
        truths : Tensor of shape (n, truths)
            Standardised physical properties.
        """
        return self.kind(features), self.family(features), self.truths(features)
