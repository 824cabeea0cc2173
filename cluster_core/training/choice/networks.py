"""Find the networks to try: those on this computer that are quick."""

from __future__ import annotations

import logging
from pathlib import Path

from cluster_core.data.index import Progress
from cluster_core.errors import BackboneError
from cluster_core.model.backbones.converted import ConvertedBackbone, find_ready
from cluster_core.model.backbones.registry import BackboneSpec, list_backbones
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.backbones.weights import find_weights
from cluster_core.model.backbones.weights_upload import convert_confined
from cluster_core.training.choice.decision import estimate_work
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace

_logger = logging.getLogger(__name__)

# Besides those that ship with the program.
MAX_OTHERS = 3
# MobileNet 1.0 with 224 pixels is the slowest one that is tried.
MAX_WORK = 3_300_000 * 224**2


def list_networks(config: TrainConfig, workspace: Workspace) -> tuple[BackboneSpec, ...]:
    """Return the networks to try: those that need no download and are quick.

    Parameters
    ----------
    config : TrainConfig
        Names the folder of pretrained weights.
    workspace : Workspace
        Has the converted networks.

    Returns
    -------
    tuple of BackboneSpec
        Those that ship with the program; then, of the others whose weights or conversions are
        there, the `MAX_OTHERS` that do the most work, up to `MAX_WORK`.
    """
    shipped = [spec for spec in list_backbones() if spec.ships]
    others = [
        spec
        for spec in list_backbones()
        if not spec.ships and estimate_work(spec) <= MAX_WORK and _is_here(spec, config, workspace)
    ]
    others.sort(key=estimate_work, reverse=True)
    return (*shipped, *others[:MAX_OTHERS])


def find_network(
    spec: BackboneSpec, config: TrainConfig, workspace: Workspace
) -> ConvertedBackbone | None:
    """Return a network that needs neither a download nor a conversion, or None.

    Raises
    ------
    BackboneError
        A file that ships with the program is missing or was altered.
    """
    if spec.ships:
        return load_shipped_record(spec)
    return find_ready(
        spec,
        _get_model_dir(config, workspace),
        workspace.backbones,
        any_weights=config.model_dir is None,
    )


def prepare_networks(
    config: TrainConfig,
    workspace: Workspace,
    on_progress: Progress = lambda done, total: None,
) -> list[ConvertedBackbone]:
    """Return the networks to try; those whose weights are there are converted first.

    Networks that cannot be prepared, or that LiteRT cannot run, are left out.

    Parameters
    ----------
    config, workspace
        As for `list_networks`.
    on_progress : callable, optional
        Called with (0, 1) several times a second during a conversion. An exception in it ends
        the conversion, of which nothing is kept.
    """
    found = []

    def is_stopped() -> bool:
        on_progress(0, 1)
        return False

    for spec in list_networks(config, workspace):
        try:
            network = find_network(spec, config, workspace)
            weights = find_weights(spec, _get_model_dir(config, workspace))
            if network is None and weights is not None:
                convert_confined(spec, weights, workspace, is_stopped)
                network = find_network(spec, config, workspace)
        except BackboneError as error:
            _logger.warning("%s is not tried: %s", spec.name, error)
            continue
        if network is not None and network.runs_on_litert:
            found.append(network)
    return found


def find_prepared(config: TrainConfig, workspace: Workspace) -> list[ConvertedBackbone] | None:
    """Return what `prepare_networks` would, or None if it would have to convert one first."""
    found = []
    for spec in list_networks(config, workspace):
        try:
            network = find_network(spec, config, workspace)
        except BackboneError:
            continue
        if network is None:
            return None
        if network.runs_on_litert:
            found.append(network)
    return found


def _is_here(spec: BackboneSpec, config: TrainConfig, workspace: Workspace) -> bool:
    if find_weights(spec, _get_model_dir(config, workspace)) is not None:
        return True
    return (
        config.model_dir is None
        and find_ready(spec, workspace.models, workspace.backbones, any_weights=True) is not None
    )


def _get_model_dir(config: TrainConfig, workspace: Workspace) -> Path:
    return config.model_dir or workspace.models
