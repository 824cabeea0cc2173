"""Ways to damage a file."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path


def _truncate(path: Path, chance: random.Random) -> str:
    data = path.read_bytes()
    size = chance.randrange(len(data)) if data else 0
    path.write_bytes(data[:size])
    return f"to {size} of {len(data)} bytes"


def _flip(path: Path, chance: random.Random) -> str:
    data, changes = flip_bytes(path.read_bytes(), chance)
    path.write_bytes(data)
    return changes


def _zero(path: Path, chance: random.Random) -> str:
    size = path.stat().st_size
    path.write_bytes(bytes(size))
    return f"all {size} bytes"


def _replace_by_folder(path: Path, chance: random.Random) -> str:
    path.unlink()
    path.mkdir()
    if chance.random() < 0.5:
        (path / "notes.txt").write_text("These I keep.")
    return "by a folder"


def _delete(path: Path, chance: random.Random) -> str:
    path.unlink()
    return "from the disk"


def _make_noise(path: Path, chance: random.Random) -> str:
    size = chance.choice([1, 100, 20_000])
    path.write_bytes(chance.randbytes(size))
    return f"with {size} random bytes"


def _link_to_itself(path: Path, chance: random.Random) -> str:
    path.unlink()
    path.symlink_to(path.name)
    return "by a link to itself"


DAMAGES: dict[str, Callable[[Path, random.Random], str]] = {
    "truncate": _truncate,
    "flip": _flip,
    "zero": _zero,
    "replace": _replace_by_folder,
    "delete": _delete,
    "fill": _make_noise,
    "swap": _link_to_itself,
}


def damage(path: Path, kind: str, chance: random.Random) -> str:
    """Damage a file, and return what was done in words."""
    return f"{kind} {path.name} {DAMAGES[kind](path, chance)}"


def flip_bytes(data: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Change 1 to 8 bytes, and return the result and the changes in words."""
    changed = bytearray(data)
    positions = sorted(chance.sample(range(len(data)), min(len(data), chance.choice([1, 2, 8]))))
    for position in positions:
        changed[position] ^= chance.randrange(1, 256)
    return bytes(changed), f"at {', '.join(map(str, positions))}"


def remove(path: Path) -> None:
    """Delete a file or folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
