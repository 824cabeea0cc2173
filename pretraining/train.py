"""Train the backbone on rendered blocks, with checkpoints to resume from."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from pretraining.blocks import BLOCK_SIZE, KIND_NAMES, TRUTHS, Block, family_of, load_block
from pretraining.network import Heads, SkyNetwork
from pretraining.objective import IGNORED, Batch, Weights, augment, compute_loss
from pretraining.pace import Pace

LOG = logging.getLogger("pretraining")
FAMILY_OF_KIND = np.array(
    [{"globular": 0, "open": 1, "other": IGNORED}[family_of(kind)] for kind in KIND_NAMES]
)
BLOCKS_IN_MEMORY = 4
LOG_STEPS = 50
AVERAGED_STEPS = 50


@dataclass(frozen=True)
class TrainPlan:
    """Everything that determines the trained weights, except for the pictures.

    Attributes
    ----------
    blocks : tuple of int
        Range of blocks to train on: the first, and the one after the last.
    epochs : int
        Passes over the blocks.
    batch_size : int
        Pictures per step.
    learning_rate : float
        Highest learning rate, after a linear warm-up and before a cosine decay.
    weight_decay : float
        Of AdamW.
    averaging : float
        Decay per step of the moving average of the weights, which is the result.
    seed : int
        For initial weights, order and augmentation.
    """

    blocks: tuple[int, int]
    epochs: int
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    averaging: float = 0.998
    seed: int = 0


class Trainer:
    """A training that can stop at any step and resume from its last checkpoint.

    Parameters
    ----------
    plan : TrainPlan
        What to train on, and how.
    pictures : Path
        Folder of the rendered blocks.
    output : Path
        Folder for the checkpoint and the log.

    Attributes
    ----------
    model : torch.nn.ModuleDict
        `backbone`, a `SkyNetwork`, and `heads`, a `Heads`.
    average : AveragedModel
        The moving average of `model`.
    centre, spread : ndarray of shape (n_truths,)
        Mean and standard deviation by which physical properties are standardised.
    step : int
        Number of steps done.
    """

    def __init__(self, plan: TrainPlan, pictures: Path, output: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.pictures, self.output = plan, pictures, output
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = torch.nn.ModuleDict(
            {"backbone": SkyNetwork(), "heads": Heads(len(KIND_NAMES), len(TRUTHS))}
        ).to(self.device, memory_format=torch.channels_last)
        self.average = AveragedModel(
            self.model, avg_fn=partial(_average, decay=plan.averaging), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.centre, self.spread = self._measure_truths()
        self.step = 0

    @property
    def steps_per_epoch(self) -> int:
        """Number of whole batches in an epoch."""
        first, end = self.plan.blocks
        return sum(
            len(group) * BLOCK_SIZE // self.plan.batch_size
            for group in np.array_split(np.arange(first, end), self._groups())
        )

    def run(self, threads: int, checkpoint_every_s: float = 120.0) -> None:
        """Train to the end of the plan, from the last checkpoint if there is one.

        Parameters
        ----------
        threads : int
            Most threads to use; see `Pace`.
        checkpoint_every_s : float
            Seconds between checkpoints.

        Raises
        ------
        SystemExit
            If the checkpoint belongs to another plan.
        """
        self.output.mkdir(parents=True, exist_ok=True)
        self.load()
        pace = Pace(threads)
        started = saved = time.monotonic()
        total, mean_loss = self.steps_per_epoch * self.plan.epochs, 0.0
        for seen, batch in enumerate(self._batches(skip=self.step), start=1):
            loss = self._train_step(batch, total)
            pace.step()
            mean_loss += (loss - mean_loss) / min(seen, AVERAGED_STEPS)
            if self.step % LOG_STEPS == 0:
                rate = seen * self.plan.batch_size / (time.monotonic() - started)
                self._log(step=self.step, of=total, loss=mean_loss, pictures_per_s=rate)
            if time.monotonic() - saved > checkpoint_every_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write a checkpoint; an interruption leaves the previous one intact."""
        state = {
            "plan": asdict(self.plan),
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        draft = self.output / "checkpoint.pt.part"
        torch.save(state, draft)
        draft.replace(self.output / "checkpoint.pt")

    def load(self) -> None:
        """Resume from the checkpoint if there is one.

        Raises
        ------
        SystemExit
            If the checkpoint belongs to another plan.
        """
        path = self.output / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["plan"] != asdict(self.plan):
            raise SystemExit(
                f"{path} belongs to a training with other settings: choose another --output."
            )
        self.step = state["step"]
        for part in ("model", "average", "optimizer"):
            getattr(self, part).load_state_dict(state[part])

    def _train_step(self, batch: Batch, total: int) -> float:
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate(self.step / total)
        with torch.autocast(self.device.type, torch.bfloat16):
            features = self.model["backbone"](batch.pictures)
        loss = compute_loss(self.model["heads"], features.float(), batch, Weights())
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        self.step += 1
        return float(loss.detach())

    def _learning_rate(self, progress: float) -> float:
        warm_up = min(progress / 0.05, 1.0)
        return self.plan.learning_rate * warm_up * (0.505 + 0.495 * float(np.cos(np.pi * progress)))

    def _batches(self, skip: int) -> Iterator[Batch]:
        """Yield the batches of all epochs in an order that depends only on the seed."""
        number = 0
        for epoch in range(self.plan.epochs):
            rng = np.random.default_rng([self.plan.seed, epoch])
            blocks = rng.permutation(np.arange(*self.plan.blocks))
            for group in np.array_split(blocks, self._groups()):
                steps = len(group) * BLOCK_SIZE // self.plan.batch_size
                rows = rng.permutation(len(group) * BLOCK_SIZE)
                if number + steps <= skip:
                    number += steps
                    continue
                loaded = [load_block(self.pictures, int(index)) for index in group]
                block = _join(loaded)
                for part in np.split(rows[: steps * self.plan.batch_size], steps):
                    number += 1
                    if number > skip:
                        yield self._to_batch(block, part, number)

    def _groups(self) -> int:
        first, end = self.plan.blocks
        return max(1, (end - first) // BLOCKS_IN_MEMORY)

    def _to_batch(self, block: Block, rows: npt.NDArray[np.intp], number: int) -> Batch:
        generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + number)
        pixels = torch.from_numpy(block.pixels[rows]).to(self.device).permute(0, 3, 1, 2)
        pictures = augment(pixels.float() / 255.0, generator) * 2.0 - 1.0
        truths = torch.from_numpy((block.truths[rows] - self.centre) / self.spread)
        return Batch(
            pictures.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(block.kind[rows]).to(self.device),
            torch.from_numpy(FAMILY_OF_KIND[block.kind[rows]]).to(self.device),
            truths.float().to(self.device),
        )

    def _measure_truths(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        truths = load_block(self.pictures, self.plan.blocks[0]).truths
        return np.nanmean(truths, axis=0), np.nanstd(truths, axis=0)

    def _log(self, **numbers: float) -> None:
        line = json.dumps({name: round(value, 4) for name, value in numbers.items()})
        LOG.info(line)
        with (self.output / "log.jsonl").open("a") as log:
            log.write(line + "\n")


def _average(mean: Tensor, current: Tensor, count: Tensor | int, decay: float) -> Tensor:
    """Update a moving average of weights, with a faster decay in the first steps."""
    return mean + (current - mean) * max(1.0 - decay, 10.0 / (10.0 + float(count)))


def _join(blocks: list[Block]) -> Block:
    return Block(
        np.concatenate([block.pixels for block in blocks]),
        np.concatenate([block.kind for block in blocks]),
        np.concatenate([block.truths for block in blocks]),
    )


def compute_features(backbone: SkyNetwork, block: Block, device: torch.device) -> Tensor:
    """Compute the features of a block's pictures.

    Parameters
    ----------
    backbone : SkyNetwork
        Switched to evaluation mode.
    block : Block
        Of n pictures.
    device : torch.device
        Where the backbone is.

    Returns
    -------
    Tensor of shape (n, n_features)
        On the CPU.
    """
    backbone.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(block.pixels), 100):
            pixels = torch.from_numpy(np.array(block.pixels[start : start + 100]))
            pictures = pixels.to(device).permute(0, 3, 1, 2).float() / 127.5 - 1.0
            parts.append(backbone(pictures.contiguous(memory_format=torch.channels_last)).cpu())
    return torch.cat(parts)
