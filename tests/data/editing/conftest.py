"""Fixtures for the tests of changes to a dataset."""

from __future__ import annotations

import pytest

from tests.samples import write_photos


@pytest.fixture
def image_dir(workspace):
    """Two classes of three pictures."""
    return write_photos(workspace.cluster_photos, 3)
