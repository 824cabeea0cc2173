"""Render simulated pictures into blocks on disk, which training reads sequentially."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cluster_core.sky import KINDS, SkyLabels, render_picture

BLOCK_SIZE = 1000
SIZE_PX = 128
KIND_NAMES = tuple(KINDS)
TRUTHS = tuple(field.name for field in fields(SkyLabels))
# Within a family, the weights make kinds roughly as frequent as on the web.
FAMILY_SHARES = {"globular": 0.4, "open": 0.4, "other": 0.2}
KIND_WEIGHTS = {
    "globular_loose": 0.45,
    "open_rich": 1.6,
    "open_old": 1.6,
    "open_compact": 1.6,
    "open_reflection": 0.5,
    "open_double": 0.5,
}


@dataclass(frozen=True)
class Block:
    """Pictures with their ground truth.

    Attributes
    ----------
    pixels : ndarray of shape (n, 128, 128, 3), uint8
        RGB pictures, memory-mapped.
    kind : ndarray of shape (n,), int64
        Indices into `KIND_NAMES`.
    truths : ndarray of shape (n, n_truths), float32
        The fields of `SkyLabels` in the order of `TRUTHS`; NaN where one does not apply.
    """

    pixels: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.int64]
    truths: npt.NDArray[np.float32]


def family_of(kind: str) -> str:
    """Return the family of a kind of sky: "globular", "open" or "other"."""
    family = kind.partition("_")[0]
    return family if family in FAMILY_SHARES else "other"


def _kind_shares() -> npt.NDArray[np.float64]:
    families = np.array([family_of(kind) for kind in KIND_NAMES])
    shares = np.array([KIND_WEIGHTS.get(kind, 1.0) for kind in KIND_NAMES])
    for family, share in FAMILY_SHARES.items():
        shares[families == family] *= share / shares[families == family].sum()
    return shares / shares.sum()


def render_block(folder: Path, seed: int, index: int) -> int:
    """Render one block, unless it exists already.

    Parameters
    ----------
    folder : Path
        An existing folder, which gets `block_<index>.npy` and `block_<index>.npz`.
    seed : int
        Together with the number of a picture, it determines the picture.
    index : int
        The block has the pictures from `index * BLOCK_SIZE` on.

    Returns
    -------
    int
        `index`.
    """
    done = folder / f"block_{index:05d}.npz"
    if done.exists():
        return index
    pixels = np.empty((BLOCK_SIZE, SIZE_PX, SIZE_PX, 3), np.uint8)
    kinds = np.empty(BLOCK_SIZE, np.int64)
    truths = np.empty((BLOCK_SIZE, len(TRUTHS)), np.float32)
    for row in range(BLOCK_SIZE):
        rng = np.random.default_rng([seed, index * BLOCK_SIZE + row])
        kinds[row] = rng.choice(len(KIND_NAMES), p=_kind_shares())
        picture = render_picture(rng, KIND_NAMES[kinds[row]], SIZE_PX)
        pixels[row] = picture.pixels
        truths[row] = list(asdict(picture.labels).values())
    np.save(folder / f"block_{index:05d}.npy", pixels)
    draft = folder / f"draft_{index:05d}.npz"
    np.savez(draft, kind=kinds, truths=truths)
    draft.replace(done)
    return index


def render_blocks(folder: Path, seed: int, count: int, processes: int) -> Iterator[int]:
    """Render the first blocks in several processes.

    Parameters
    ----------
    folder : Path
        Created if it does not exist; existing blocks of the same seed are kept.
    seed : int
        Seed of all pictures.
    count : int
        Number of blocks.
    processes : int
        Number of processes.

    Yields
    ------
    int
        The index of each finished block, in order.

    Raises
    ------
    SystemExit
        If the folder has pictures of another seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_seed(folder, seed)
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(render_block, [folder] * count, [seed] * count, range(count))


def _check_seed(folder: Path, seed: int) -> None:
    note = folder / "seed.json"
    if note.exists() and json.loads(note.read_text())["seed"] != seed:
        raise SystemExit(f"{folder} contains pictures of another seed: choose another --output.")
    note.write_text(json.dumps({"seed": seed}))


def load_block(folder: Path, index: int) -> Block:
    """Load one block, with its pixels memory-mapped.

    Parameters
    ----------
    folder : Path
        Folder of the blocks.
    index : int
        Number of the block.

    Returns
    -------
    Block

    Raises
    ------
    OSError
        If the block has not been rendered.
    """
    with np.load(folder / f"block_{index:05d}.npz") as labels:
        kind, truths = labels["kind"], labels["truths"]
    pixels = np.load(folder / f"block_{index:05d}.npy", mmap_mode="r")
    return Block(pixels, kind, truths)
