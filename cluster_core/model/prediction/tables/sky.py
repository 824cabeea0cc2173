"""The columns that say which object in the sky a picture shows, and where it is."""

from __future__ import annotations

from collections.abc import Mapping

from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.tables.columns import Column, Value
from cluster_core.sky_names.identification import Identification
from cluster_core.sky_names.words import ModelAnswer, list_names

SKY_COLUMNS = (
    Column("object"),
    Column("catalogue_type"),
    Column("ra_deg", float, "deg", digits=5),
    Column("dec_deg", float, "deg", digits=5),
    Column("scale_arcsec_px", float, "arcsec", digits=4),
    Column("sky_problem"),
)


def make_sky_values(identification: Identification) -> Mapping[str, Value]:
    """Return the values of `SKY_COLUMNS`.

    Returns
    -------
    mapping of str to (str, float or None)
        The names of all objects, separated by semicolons, the main one first; its kind; the
        centre of the picture, else where the telescope looked; the scale; why there is not more.
        None for what is unknown.
    """
    main, position = identification.main, identification.position
    place = position or identification.pointing
    return {
        "object": "; ".join(list_names(identification)) or None,
        "catalogue_type": main.object.kind if main else None,
        "ra_deg": place.ra_deg if place else None,
        "dec_deg": place.dec_deg if place else None,
        "scale_arcsec_px": position.scale_arcsec_px if position else None,
        "sky_problem": identification.problem,
    }


def make_model_answer(prediction: Prediction) -> ModelAnswer:
    """Return what a model says in the terms of `describe_with_model`."""
    return ModelAnswer(prediction.label, prediction.score, prediction.verdict.value)
