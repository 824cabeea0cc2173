"""The hint which network suits the pictures of a dataset, before anything is trained."""

from __future__ import annotations

import streamlit as st

from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.training.choice.decision import NetworkChoice, choose_without_trial
from cluster_core.training.choice.networks import list_networks
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.workspace import Workspace
from pages.components.dataset_contents import DatasetReading
from pages.components.network_choice import describe, get_choice
from pages.components.words import name_network

# Fewer pictures say little about what comes.
MIN_PICTURES = 10


def show_network_hint(
    workspace: Workspace, reading: DatasetReading, split: Split | ClusterError
) -> None:
    """Say which network suits the pictures if it is not the one for the sky.

    Parameters
    ----------
    workspace : Workspace
    reading : DatasetReading
    split : Split or ClusterError
        See `find_split`; there is no hint for a dataset that cannot be divided.
    """
    if isinstance(split, ClusterError) or isinstance(reading.index, ClusterError):
        return
    if len(reading.index.pictures) < MIN_PICTURES:
        return
    choice = get_choice(workspace, reading, split) or _look_at_pictures(workspace, reading)
    if choice.shows_stars or choice.architecture == SKY_BACKBONE.name:
        return
    name = name_network(choice.architecture)
    sentence = f"These do not look like star fields, so the {name} network suits them"
    if choice.figures:
        sentence += f": {describe(choice).removeprefix(f'{name}, ')}"
    st.caption(f":material/lightbulb: {sentence.rstrip('.')}.")


def _look_at_pictures(workspace: Workspace, reading: DatasetReading) -> NetworkChoice:
    """Choose by what the pictures look like."""
    config = TrainConfig(reading.image_dir, architecture=AUTOMATIC)
    names = [spec.name for spec in list_networks(config, workspace)]
    return choose_without_trial(names, reading.star_share)
