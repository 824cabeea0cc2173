"""A simulated sky: clusters, fields, galaxies and nebulae as people photograph them."""

from cluster_core.data.sky.contact_sheet import render_contact_sheet
from cluster_core.data.sky.demo import render_demo_dataset
from cluster_core.data.sky.kinds import DEMO_CLASSES, KINDS
from cluster_core.data.sky.render import SkyPicture, render_picture

__all__ = [
    "DEMO_CLASSES",
    "KINDS",
    "SkyPicture",
    "render_contact_sheet",
    "render_demo_dataset",
    "render_picture",
]
