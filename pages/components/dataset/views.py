"""The views of the Dataset page."""

from __future__ import annotations

from enum import StrEnum

VIEW_KEY = "dataset_view"


class DatasetView(StrEnum):
    """What the page shows of a dataset that has files."""

    PICTURES = "Pictures"
    ADD = "Add pictures"
    OVERVIEW = "Overview"
    CHECK = "Check"
