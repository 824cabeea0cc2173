"""Label the parts of a wide field that are clusters by the catalogue, or may be by their light."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from cluster_core.errors import ConfigError
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky_names.catalogue import CLUSTERS, CatalogueObject, load_catalogue
from cluster_core.storage.mapping import map_images
from cluster_core.wide_fields.boxes import Box
from cluster_core.wide_fields.contrast import propose_windows
from cluster_core.wide_fields.field import WideField

Progress = Callable[[int, int], None]

MOST_PROPOSALS = 30
MOST_CATALOGUED = 500
_LISTED_KINDS = frozenset({*CLUSTERS, "star cluster with nebula"})
# The rim of a cut-out shows the model what is around the cluster.
CUT_OUT_IN_DIAMETERS = 3.0
# A smaller one shows a few grains, enlarged.
MIN_CUT_OUT_PX = 64
# Of catalogued clusters without a size, about the median of the others.
_UNKNOWN_DIAMETER_ARCMIN = 5.0
# Sides at which a proposal is shown to the model, in units of its own: which suits is not known.
_TRIED_SIDES = (1.0, 1.5, 2.0)
# The log odds of a cluster: weights of the logarithm of its contrast and of the log odds
# that it is not novel, and a constant. A logistic regression on simulated fields of seeds that
# benchmarks.wide_fields does not use.
_CONTRAST_WEIGHT, _NOVELTY_WEIGHT, _CONSTANT = 4.1, 1.35, -8.4
_MIN_CERTAINTY = 0.5
_MAX_LOG_ODDS = 12.0
_SAME = 0.5  # the middle of a box in which no second cluster is listed


@dataclass(frozen=True)
class FieldCluster:
    """A cluster in a wide field.

    Attributes
    ----------
    box : Box
        The cut-out.
    prediction : Prediction
        The model's answer to the cut-out.
    certainty : float or None
        How sure the search is that there is a cluster, 0 to 1; None for one of the catalogue.
    catalogued : CatalogueObject or None
        What the catalogue has there.
    """

    box: Box
    prediction: Prediction
    certainty: float | None = None
    catalogued: CatalogueObject | None = None


@dataclass(frozen=True)
class _Candidate:
    """A place to look at: cut-outs to try, and why."""

    boxes: tuple[Box, ...]
    contrast: float = 0.0
    catalogued: CatalogueObject | None = None


class FieldSearch:
    """A search of one field.

    Parameters
    ----------
    predictor : Predictor
        A model. For a search without the catalogue, it must measure novelty.
    field : WideField
    by_catalogue : bool
        Whether the catalogue says where clusters are, if the position of the field is known.

    Attributes
    ----------
    field : WideField
    by_catalogue : bool
        Whether the catalogue says it.

    Raises
    ------
    ConfigError
        The model does not measure novelty, and the catalogue does not help.
    """

    def __init__(
        self, predictor: Predictor, field: WideField, *, by_catalogue: bool = True
    ) -> None:
        self._predictor = predictor
        self.field = field
        self.by_catalogue = by_catalogue and field.position is not None
        if not self.by_catalogue and predictor.bundle.novelty is None:
            raise ConfigError(
                f"The model {predictor.bundle.name} cannot tell what is none of its classes, "
                "so it cannot search a picture: train it again, or choose another.",
                field="model",
                received=predictor.bundle.name,
                allowed="a model that measures novelty",
            )

    def run(self, progress: Progress | None = None) -> tuple[FieldCluster, ...]:
        """Label all parts that may be clusters, and return those that are.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of parts that are labelled and of all. What it raises ends
            the search.

        Returns
        -------
        tuple of FieldCluster
            In the order of the catalogue (nearest to the centre first), or the most certain first.
        """
        candidates = self._list_candidates()
        boxes = list(dict.fromkeys(box for each in candidates for box in each.boxes))
        answers: dict[Box, Prediction] = {}
        with closing(map_images(self._label, boxes)) as found:
            for box, answer in zip(boxes, found, strict=True):
                answers[box] = answer
                if progress is not None:
                    progress(len(answers), len(boxes))
        judged = [_judge(each, {box: answers[box] for box in each.boxes}) for each in candidates]
        return tuple(judged) if self.by_catalogue else self._choose(judged)

    def _list_candidates(self) -> list[_Candidate]:
        if self.by_catalogue:
            return [
                _Candidate((box,), catalogued=catalogued)
                for catalogued, box in _place_catalogued(self.field)[:MOST_CATALOGUED]
            ]
        return [
            _Candidate(
                tuple(
                    Box.around((found.x_px, found.y_px), share * found.side_px, self.field.size)
                    for share in _TRIED_SIDES
                ),
                found.contrast,
            )
            for found in propose_windows(self.field.pixels, MOST_PROPOSALS)
        ]

    def _label(self, box: Box) -> Prediction:
        seen = self._predictor.bundle.preprocessing.shrink(self.field.cut_out(box))
        return self._predictor.predict_resized(seen, self.field.name)

    def _choose(self, judged: Sequence[FieldCluster]) -> tuple[FieldCluster, ...]:
        """Return what is more likely a cluster than not, the most certain of those that overlap."""
        kept: list[FieldCluster] = []
        for cluster in sorted(judged, key=lambda each: -(each.certainty or 0.0)):
            if (cluster.certainty or 0.0) < _MIN_CERTAINTY:
                break
            if not any(_are_same(cluster.box, other.box) for other in kept):
                kept.append(self._name(cluster))
        return tuple(kept)

    def _name(self, cluster: FieldCluster) -> FieldCluster:
        """Add what the catalogue has in the middle of the cut-out, if the position is known."""
        for catalogued, box in _place_catalogued(self.field):
            if cluster.box.holds(*box.centre, share=_SAME):
                return FieldCluster(cluster.box, cluster.prediction, cluster.certainty, catalogued)
        return cluster


def find_clusters(
    predictor: Predictor,
    field: WideField,
    *,
    by_catalogue: bool = True,
    progress: Progress | None = None,
) -> tuple[FieldCluster, ...]:
    """Return the clusters in a field; see `FieldSearch`.

    Parameters
    ----------
    predictor : Predictor
    field : WideField
    by_catalogue : bool
    progress : callable, optional

    Raises
    ------
    ConfigError
        The model does not measure novelty, and the catalogue does not help.
    """
    return FieldSearch(predictor, field, by_catalogue=by_catalogue).run(progress)


def compute_certainty(contrast: float, novelty: float) -> float:
    """Return how sure the search is that a window holds a cluster, 0 to 1.

    Parameters
    ----------
    contrast : float
        Of its light with that around it, above 0.
    novelty : float
        0 to 1.
    """
    novelty = min(max(novelty, math.exp(-_MAX_LOG_ODDS)), 1 - math.exp(-_MAX_LOG_ODDS))
    known = math.log((1 - novelty) / novelty)
    log_odds = _CONTRAST_WEIGHT * math.log(contrast) + _NOVELTY_WEIGHT * known + _CONSTANT
    return 1 / (1 + math.exp(-log_odds))


def _judge(candidate: _Candidate, answers: Mapping[Box, Prediction]) -> FieldCluster:
    """Return a candidate in the cut-out that is the least novel, with its certainty."""
    box = min(answers, key=lambda each: answers[each].novelty or 0.0)
    if candidate.catalogued is not None:
        return FieldCluster(box, answers[box], None, candidate.catalogued)
    certainty = compute_certainty(candidate.contrast, answers[box].novelty or 0.0)
    return FieldCluster(box, answers[box], certainty)


def _place_catalogued(field: WideField) -> list[tuple[CatalogueObject, Box]]:
    """Return the catalogued clusters in a field with their cut-outs."""
    if field.position is None:
        return []
    placed = []
    for catalogued in load_catalogue().within(field.position):
        if catalogued.kind not in _LISTED_KINDS:
            continue
        x, y = field.position.to_pixels(catalogued.ra_deg, catalogued.dec_deg)
        diameter_arcmin = catalogued.diameter_arcmin or _UNKNOWN_DIAMETER_ARCMIN
        diameter_px = diameter_arcmin * 60 / field.position.scale_arcsec_px
        side = max(CUT_OUT_IN_DIAMETERS * diameter_px, MIN_CUT_OUT_PX)
        placed.append((catalogued, Box.around((float(x), float(y)), side, field.size)))
    return placed


def _are_same(one: Box, other: Box) -> bool:
    return one.holds(*other.centre, share=_SAME) or other.holds(*one.centre, share=_SAME)
