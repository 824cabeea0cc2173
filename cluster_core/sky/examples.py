"""Example pictures: simulated objects of the kinds that people know from photographs."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.kinds import DEMO_CLASSES
from cluster_core.sky.render import SkyPicture, render_picture

_FAMILIAR = ("globular_resolved", "globular_core", "open_rich", "open_bright", "open_double")


def render_example(label: str, seed: int, side_px: int) -> SkyPicture:
    """Render a square picture of a class.

    Parameters
    ----------
    label : str
        A key of `DEMO_CLASSES`.
    seed : int
        Zero or more; the same seed renders the same picture.
    side_px : int
        Width and height.
    """
    rng = np.random.default_rng([seed, list(DEMO_CLASSES).index(label)])
    kinds = [kind for kind in DEMO_CLASSES[label] if kind in _FAMILIAR] or DEMO_CLASSES[label]
    return render_picture(rng, str(rng.choice(kinds)), side_px, side_px, degraded=False)
