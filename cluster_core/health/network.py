"""Choose the network that looks at the pictures of a check."""

from __future__ import annotations

from collections.abc import Sequence

from cluster_core.data.index import Picture
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE, get_backbone
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.training.choice.decision import choose_without_trial
from cluster_core.training.choice.star_fields import measure_star_fields


def choose_network(pictures: Sequence[Picture]) -> ConvertedBackbone:
    """Return the network that ships with the program and suits pictures: `sky` or `everyday`.

    Parameters
    ----------
    pictures : sequence of Picture
        A few of them are decoded; see `measure_star_fields`.

    Raises
    ------
    BackboneError
        A file that ships with the program is missing or was altered.
    """
    names = (SKY_BACKBONE.name, EVERYDAY_BACKBONE.name)
    choice = choose_without_trial(names, measure_star_fields(pictures))
    return load_shipped_record(get_backbone(choice.architecture))
