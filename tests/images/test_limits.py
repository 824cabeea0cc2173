"""Size limits for picture files."""

from __future__ import annotations

import pytest

from cluster_core.errors import ConfigError, ImageError, ImageProblem
from cluster_core.images.limits import ImageLimits, check_file_bytes, check_pixels


@pytest.mark.parametrize("field", ["max_pixels", "max_file_bytes", "max_unpacked_bytes"])
def test_limit_below_one_is_rejected(field):
    with pytest.raises(ConfigError) as caught:
        ImageLimits(**{field: 0})
    assert caught.value.field == field


def test_exact_limit_is_allowed():
    limits = ImageLimits(max_pixels=12, max_file_bytes=7)
    check_pixels(4, 3, "a.png", limits)
    check_file_bytes(7, "a.png", limits)


def test_message_names_size_and_limit():
    with pytest.raises(ImageError) as caught:
        check_pixels(12_000, 12_000, "M13.png", ImageLimits())
    assert caught.value.reason == ImageProblem.TOO_LARGE
    assert caught.value.path == "M13.png"
    assert str(caught.value) == (
        "M13.png has 12,000 x 12,000 pixels (144 megapixels), but the limit is 64 megapixels: "
        "shrink the picture and try again."
    )
