"""Folders of photos: classes from folder names, and groups of near-copies."""

import numpy as np
from PIL import Image

from pretraining.photos import group_near_copies, load_photos


def test_rotated_copies_are_grouped(tmp_path):
    rng = np.random.default_rng(1)
    for name in ("globular clusters", "open clusters"):
        (tmp_path / name).mkdir()
        for number in range(2):
            coarse = rng.integers(0, 255, (16, 16, 3), np.uint8)
            image = Image.fromarray(coarse).resize((128, 128), Image.Resampling.NEAREST)
            image.save(tmp_path / name / f"{number}.png")
    Image.open(tmp_path / "open clusters" / "0.png").rotate(90).save(
        tmp_path / "open clusters" / "copy.png"
    )
    photos = load_photos(tmp_path)
    assert photos.labels.tolist() == [0, 0, 1, 1, 1]
    groups = dict(
        zip([path.name for path in photos.paths[2:]], group_near_copies(photos)[2:], strict=True)
    )
    assert groups["0.png"] == groups["copy.png"] != groups["1.png"]
