"""Simulated photographs of the sky: star clusters, star fields, galaxies and nebulae."""

from cluster_core.sky.contact_sheet import render_contact_sheet
from cluster_core.sky.demo import count_missing, render_demo_dataset
from cluster_core.sky.examples import render_example
from cluster_core.sky.frame import SkyLabels
from cluster_core.sky.kinds import DEMO_CLASSES, KINDS
from cluster_core.sky.render import SkyPicture, render_picture
from cluster_core.sky.wide_fields import (
    FIELD_STARS,
    PLANTED_KINDS,
    PLANTED_OTHERS,
    STAR_RICH,
    PlantedObject,
    SimulatedField,
    render_wide_field,
)

__all__ = [
    "DEMO_CLASSES",
    "FIELD_STARS",
    "KINDS",
    "PLANTED_KINDS",
    "PLANTED_OTHERS",
    "STAR_RICH",
    "PlantedObject",
    "SimulatedField",
    "SkyLabels",
    "SkyPicture",
    "count_missing",
    "render_contact_sheet",
    "render_demo_dataset",
    "render_example",
    "render_picture",
    "render_wide_field",
]
