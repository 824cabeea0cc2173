"""Star fields, and programs that stand in for solve-field."""

from __future__ import annotations

import stat
import sys

import numpy as np
import pytest

from cluster_core.sky_names.solving import RunLimits, solver
from cluster_core.sky_names.solving.solve_field import SolveField


@pytest.fixture
def star_picture():
    """Return a function that draws n stars on a dark sky, uint8 (height, width)."""

    def draw(n: int, shape: tuple[int, int] = (200, 300), seed: int = 1) -> np.ndarray:
        generator = np.random.default_rng(seed)
        picture = generator.normal(20, 2, shape)
        rows, columns = np.mgrid[-6:7, -6:7]
        spot = np.exp(-(rows**2 + columns**2) / 4)
        for _ in range(n):
            y = generator.integers(6, shape[0] - 6)
            x = generator.integers(6, shape[1] - 6)
            picture[y - 6 : y + 7, x - 6 : x + 7] += generator.uniform(60, 220) * spot
        return np.clip(picture, 0, 255).astype(np.uint8)

    return draw


@pytest.fixture
def fake_solver(tmp_path, monkeypatch):
    """Return a function that makes a SolveField whose program is a few lines of Python."""
    monkeypatch.setattr(solver, "STARTING_S", 1.0)
    chart = tmp_path / "charts" / "index-1.fits"

    def make(code: str, limits: RunLimits | None = None) -> SolveField:
        program = tmp_path / "solve-field"
        program.write_text(f"#!{sys.executable} -S\nimport os, sys, time\n{code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return SolveField(str(program), (chart,), limits or RunLimits(30.0))

    return make
