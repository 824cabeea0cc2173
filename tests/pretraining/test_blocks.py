"""Blocks of rendered pictures: reproducible, with the intended mix of kinds."""

import numpy as np

from pretraining import blocks


def test_same_seed_renders_the_same_block(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_SIZE", 3)
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        blocks.render_block(tmp_path / name, seed=4, index=2)
    first, again = (blocks.load_block(tmp_path / name, 2) for name in ("first", "again"))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.truths, again.truths)
    assert first.pixels.shape == (3, 128, 128, 3)


def test_kind_shares_add_up_to_the_family_shares():
    shares = dict(zip(blocks.KIND_NAMES, blocks._kind_shares(), strict=True))
    globular = sum(share for kind, share in shares.items() if kind.startswith("globular"))
    assert abs(globular - 0.4) < 1e-12
    assert abs(sum(shares.values()) - 1.0) < 1e-12
