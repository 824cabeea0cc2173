"""Say which object in the sky one picture shows, and draw it on the picture."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image

from cluster_core.access import Action
from cluster_core.images import decode_image
from cluster_core.model.prediction.details import shrink_to_show
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.tables.sky import make_model_answer
from cluster_core.sky_names.identification import Identification, Source
from cluster_core.sky_names.overlay import draw_sky
from cluster_core.sky_names.solving import explain_missing_solver, find_solver
from cluster_core.sky_names.words import (
    MAX_NAMES,
    describe_with_model,
    disagrees,
    list_names,
)
from pages.components.classify.session_predictions import BoundedCache
from pages.components.classify.sky_object_work import (
    get_known,
    get_task,
    start_task,
    stop_task,
)
from pages.components.picture_input import InputPicture
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_POLL_S = 0.5
_SIDE_PX = 1024
_DRAWN = "drawn skies"
_DRAWN_KEPT = 8
_SOURCES = {
    Source.HEADER: "By the file's header.",
    Source.FILE_NAME: "By the file's name.",
    Source.PLATE_SOLVING: "By the stars in the picture.",
}


def show_sky_object(picture: InputPicture, prediction: Prediction) -> None:
    """Draw which object a picture shows if that is known, else a button that finds out.

    Parameters
    ----------
    picture : InputPicture
    prediction : Prediction
        What the model says of it.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    task = get_task(picture)
    is_running = task is not None and task.is_running
    if task is not None and task.problem:
        st.error(escape_markdown(task.problem), icon=":material/error:")
    known = get_known(picture)
    if known.objects:
        _show_names(known, prediction)
    elif known.position is not None:
        st.info("The catalogue has no object in this part of the sky.", icon=":material/stars:")
    if known.problem:
        st.info(escape_markdown(known.problem), icon=":material/stars:")
    if is_running:
        _show_running(picture)
    elif known.position is None:
        _show_button(picture, known)
    else:
        st.image(_draw(picture, known), width="stretch")
        st.caption(_describe_position(known))


@st.fragment(run_every=_POLL_S)
def _show_running(picture: InputPicture) -> None:
    """Draw that stars are being recognised, until they are."""
    task = get_task(picture)
    if task is None or not task.is_running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="recognising"):
        text = "Comparing the stars with charts of the whole sky …"
        st.progress(task.progress, text=text, width="stretch")
        st.button("Stop", key="stop_sky", icon=":material/stop_circle:", on_click=stop_task)


def _show_button(picture: InputPicture, known: Identification) -> None:
    access = get_access()
    if not access.allows(Action.SOLVE):
        return
    if find_solver() is None:
        st.caption(explain_missing_solver())
        return
    st.button(
        "Find it among the stars" if known.objects else "Which object is this?",
        key="which_object",
        icon=":material/explore:",
        help="Compares the stars of the picture with charts of the whole sky, on this computer.",
        on_click=partial(start_task, access, picture),
    )


def _show_names(known: Identification, prediction: Prediction) -> None:
    answer = make_model_answer(prediction)
    text = escape_markdown(describe_with_model(known, answer))
    if disagrees(known, answer):
        st.warning(text, icon=":material/compare_arrows:")
    else:
        st.markdown(f"**{text}**")
    also = list_names(known)[1:]
    more = f" Also in the picture: {', '.join(also)}" if also else ""
    if more:
        more += " and more." if len(known.objects) > MAX_NAMES else "."
    source = _SOURCES[known.source] if known.source else ""
    st.caption(escape_markdown(f"{source}{more}"))


def _draw(picture: InputPicture, known: Identification) -> bytes:
    cache: BoundedCache[bytes] = st.session_state.setdefault(_DRAWN, BoundedCache(_DRAWN_KEPT))
    drawn = cache.look_up(picture.id)
    if drawn is None:
        assert known.position is not None
        pixels = shrink_to_show(decode_image(picture.read(), picture.name), _SIDE_PX)
        main = known.main
        others = tuple(each for each in known.objects if each is not main)
        objects = ((main,) if main else ()) + others
        drawn = cache.keep(picture.id, _encode(draw_sky(pixels, known.position, objects)))
    return drawn


def _describe_position(known: Identification) -> str:
    position = known.position
    assert position is not None
    hours, minutes = divmod(round(position.ra_deg * 4), 60)
    width, height = (
        side * position.scale_arcsec_px / 3600 for side in (position.width, position.height)
    )
    mirrored = " The picture is mirrored." if position.mirrored else ""
    return (
        f"Centre: right ascension {hours % 24} h {minutes:02d} min, declination "
        f"{position.dec_deg:+.1f}°. {width:.2g}° wide and {height:.2g}° high.{mirrored}"
    )


def _encode(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()
