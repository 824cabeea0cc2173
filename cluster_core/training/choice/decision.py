"""Decide for a network by the figures of a trial."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from cluster_core.evaluation.intervals import Z_95, compute_wilson_interval
from cluster_core.model.backbones.registry import SKY_BACKBONE, BackboneSpec, get_backbone
from cluster_core.model.features.views import SKY_VIEWS
from cluster_core.storage.saved_values import check_count, check_number, check_text

# A smaller lead is not worth a word, however certain it is.
MIN_CLEAR_LEAD = 0.02
# Photos of clusters reach 0.8 to 0.97, blurred simulated ones 0.5, everyday pictures at most 0.1.
MIN_STAR_SHARE = 0.3


class Reason(StrEnum):
    """Why a network was chosen; the values are saved."""

    MOST_ACCURATE = "most accurate"
    QUICKEST = "quickest of equals"
    STAR_FIELDS = "made for star fields"
    TOO_FEW = "too few pictures for a trial"


@dataclass(frozen=True)
class TrialFigure:
    """The result of one network in a trial.

    Attributes
    ----------
    architecture : str
        Name of the network.
    accuracy : float
        Share of the pictures labelled correctly, 0 to 1; mean of the repeats.
    low, high : float
        Bounds of its 95 % confidence interval.
    behind : float
        Accuracy of the best network minus this one's, 0 to 1.
    behind_error : float
        Standard error of `behind`, from the differences on the same pictures.
    """

    architecture: str
    accuracy: float
    low: float
    high: float
    behind: float
    behind_error: float

    @property
    def is_equal(self) -> bool:
        """Whether it is as good as the best one within one standard error."""
        return self.behind <= self.behind_error

    @property
    def is_clearly_worse(self) -> bool:
        """Whether it is behind the best one in 95 of 100 such trials, by more than a trifle."""
        return self.behind > max(MIN_CLEAR_LEAD, Z_95 * self.behind_error)


@dataclass(frozen=True)
class NetworkChoice:
    """The network that suits a dataset, and why.

    Attributes
    ----------
    architecture : str
        Name of the network.
    reason : Reason
    star_share : float
        Share of the pictures that look like star fields, 0 to 1.
    n_pictures : int
        Number of pictures in the trial; 0 without one.
    figures : tuple of TrialFigure
        The networks that were tried, the most accurate first; empty without a trial.
    """

    architecture: str
    reason: Reason
    star_share: float
    n_pictures: int = 0
    figures: tuple[TrialFigure, ...] = ()

    @property
    def shows_stars(self) -> bool:
        """Whether the pictures look like star fields, as a set."""
        return self.star_share > MIN_STAR_SHARE

    def find_figure(self, architecture: str) -> TrialFigure | None:
        """Return the result of a network, or None if it was not tried."""
        return next((one for one in self.figures if one.architecture == architecture), None)

    def is_better_than(self, architecture: str) -> bool:
        """Return whether the chosen network is clearly better than another one that was tried."""
        figure = self.find_figure(architecture)
        return figure is not None and figure.is_clearly_worse

    def to_record(self) -> dict[str, Any]:
        """Return the fields as a dict ready for JSON."""
        return {**asdict(self), "figures": [asdict(figure) for figure in self.figures]}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> NetworkChoice:
        """Return the choice that `to_record` was called on.

        Raises
        ------
        BackboneError
            The record names an unknown network.
        One of MALFORMED_ERRORS
            It is damaged.
        """
        return cls(
            get_backbone(check_text(record["architecture"])[:_MAX_NAME_LENGTH]).name,
            Reason(check_text(record["reason"])),
            check_number(record["star_share"]),
            check_count(record["n_pictures"]),
            tuple(_read_figure(**figure) for figure in record["figures"]),
        )


# A search for similar names would take very long.
_MAX_NAME_LENGTH = 100


def _read_figure(architecture: object, **numbers: object) -> TrialFigure:
    name = get_backbone(check_text(architecture)[:_MAX_NAME_LENGTH]).name
    return TrialFigure(name, **{key: check_number(value) for key, value in numbers.items()})


def choose_by_figures(
    shares: Mapping[str, np.ndarray], groups: np.ndarray, star_share: float
) -> NetworkChoice:
    """Choose among networks that were tried on the same pictures.

    Of the networks within one standard error of the best [1]_, the choice is the one for the sky
    if the pictures look like star fields, else the quickest, views included.

    Parameters
    ----------
    shares : mapping of str to ndarray of float, (n_pictures,)
        For each network, by name, the share of repeats in which each picture was labelled
        correctly, 0 to 1. At least one network.
    groups : ndarray of int, (n_pictures,)
        Copies count as one picture for the uncertainty.
    star_share : float
        Share of the pictures that look like star fields, 0 to 1.

    References
    ----------
    .. [1] Breiman, L., Friedman, J. H., Olshen, R. A., Stone, C. J. 1984, "Classification and
       regression trees", section 3.4.3, the one standard error rule.
    """
    best = max(shares, key=lambda name: shares[name].mean())
    n_groups = len(set(groups.tolist()))
    figures = []
    for name, share in shares.items():
        low, high = compute_wilson_interval(round(share.mean() * n_groups), n_groups)
        behind, error = _compare(shares[best] - share, groups)
        figures.append(TrialFigure(name, float(share.mean()), low, high, behind, error))
    figures.sort(key=lambda figure: -figure.accuracy)
    equals = [figure.architecture for figure in figures if figure.is_equal]
    if star_share > MIN_STAR_SHARE and SKY_BACKBONE.name in equals:
        chosen, reason = SKY_BACKBONE.name, Reason.STAR_FIELDS
    else:
        chosen, reason = min(equals, key=rate_effort), Reason.QUICKEST
    if chosen == best:
        reason = Reason.MOST_ACCURATE
    return NetworkChoice(chosen, reason, star_share, len(groups), tuple(figures))


def choose_without_trial(names: Sequence[str], star_share: float) -> NetworkChoice:
    """Choose by what the pictures look like alone.

    Parameters
    ----------
    names : sequence of str
        The networks to choose from, at least one.
    star_share : float
        Share of the pictures that look like star fields, 0 to 1.
    """
    fitting = [
        name for name in names if get_backbone(name).is_for_sky == (star_share > MIN_STAR_SHARE)
    ]
    return NetworkChoice((*fitting, *names)[0], Reason.TOO_FEW, star_share)


def rate_effort(architecture: str) -> float:
    """Return a number that grows with the time a network takes for a picture with its views."""
    spec = get_backbone(architecture)
    return estimate_work(spec) * (len(SKY_VIEWS) if spec.is_for_sky else 1)


def estimate_work(spec: BackboneSpec) -> float:
    """Return the work for one view, in multiplications up to a factor.

    It grows with the weights times the positions of the last feature map.
    """
    return spec.n_parameters * spec.input_size_px**2


def describe_choice(
    choice: NetworkChoice, name_network: Callable[[str], str] = str, *, precision: int = 0
) -> str:
    """Say in words which network was chosen, with the figures and the reason.

    Parameters
    ----------
    choice : NetworkChoice
    name_network : callable, optional
        Returns the name to show for a network.
    precision : int
        Decimals of the percentages.
    """
    name = name_network(choice.architecture)
    chosen = choice.find_figure(choice.architecture)
    stars = "look" if choice.shows_stars else "do not look"
    if chosen is None:
        return f"{name}. There are too few pictures for a trial; they {stars} like star fields."
    others = [
        f"{figure.accuracy:.{precision}%} for {name_network(figure.architecture)}"
        for figure in choice.figures
        if figure is not chosen
    ]
    against = f" against {' and '.join(others)}" if others else ""
    words = f"{name}, {chosen.accuracy:.{precision}%} in a trial{against}."
    match choice.reason:
        case Reason.STAR_FIELDS:
            words += " That is within the uncertainty, and the pictures look like star fields."
        case Reason.QUICKEST:
            words += " That is within the uncertainty, and it is the quicker one."
    return words


def _compare(differences: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return the mean difference between two networks on the same pictures, and its error."""
    mean = float(differences.mean())
    _, members = np.unique(groups, return_inverse=True)
    sums = np.bincount(members, differences - mean)
    return mean, math.sqrt(float((sums**2).sum())) / len(differences)
