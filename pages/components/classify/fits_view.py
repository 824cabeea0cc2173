"""A FITS picture: its header, and the choice of HDU, plane and brightness stretch."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ImageError
from cluster_core.images import FitsPicture, FitsStretch, list_fits_pictures
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import FitsChoice
from cluster_core.model.prediction.predictor import Predictor
from pages.components.classify.explanation import show_explanation
from pages.components.classify.prediction_view import (
    show_picture,
    show_what_was_seen,
    show_who_answered,
    show_words,
)
from pages.components.classify.session_predictions import BoundedCache, predict_view
from pages.components.picture_input import InputPicture
from pages.components.text import escape_markdown

_FILES_KEPT = 12
_COLOUR_PLANES = 3
_COLOURS = "as red, green and blue"
_INTERVALS = {
    "zscale": "sky and faint objects (ZScale)",
    "percentile": "without the few darkest and brightest pixels (percentile)",
    "minmax": "everything, from the darkest to the brightest pixel",
}
_FUNCTIONS = {
    "asinh": "balances faint and bright objects (asinh)",
    "log": "brightens faint objects most (logarithm)",
    "sqrt": "brightens faint objects a little (square root)",
    "linear": "as measured (linear)",
}


@st.fragment
def show_fits(model: ModelSummary, predictor: Predictor, picture: InputPicture) -> None:
    """Draw a FITS picture, its answer and its controls, as a fragment that reruns on its own."""
    trained = predictor.bundle.preprocessing.stretch
    try:
        parts = _list_parts(picture)
        _reset_for_new_file(picture.id, trained)
        left, right = st.columns(2, gap="medium")
        with right:
            chosen = _choose(parts, trained) if parts else FitsChoice()
        answer = predict_view(model, predictor, picture, chosen)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/broken_image:")
        return
    with left:
        show_picture(answer, picture.name)
        show_words(answer.prediction)
        show_who_answered(answer, model)
        show_what_was_seen(answer)
    with right:
        part = next(part for part in parts if chosen.hdu in (None, part.hdu))
        _show_header(part)
    show_explanation(answer, model, predictor)


def _list_parts(picture: InputPicture) -> tuple[FitsPicture, ...]:
    kept: BoundedCache[tuple[FitsPicture, ...]] = st.session_state.setdefault(
        "fits parts", BoundedCache(_FILES_KEPT)
    )
    found = kept.look_up(picture.id)
    return found or kept.keep(picture.id, list_fits_pictures(picture.read(), picture.name))


def _reset_for_new_file(file_id: str, trained: FitsStretch) -> None:
    """Reset the controls to the first HDU and the model's own stretch when the file changes."""
    shown = (file_id, trained)
    if st.session_state.get("fits shown") != shown:
        st.session_state["fits shown"] = shown
        st.session_state.pop("fits_part", None)
        _forget_plane()
        _set_stretch(trained)


def _forget_plane() -> None:
    for key in ("fits_plane", "fits_colour"):
        st.session_state.pop(key, None)


def _set_stretch(stretch: FitsStretch) -> None:
    st.session_state.update(
        fits_interval=stretch.interval,
        fits_function=stretch.function,
        fits_contrast=float(stretch.contrast),
        fits_percentile=float(stretch.percentile),
        fits_softening=float(stretch.softening),
    )


def _choose(parts: tuple[FitsPicture, ...], trained: FitsStretch) -> FitsChoice:
    part = parts[0]
    if len(parts) > 1:
        by_hdu = {part.hdu: part for part in parts}
        hdu = st.selectbox(
            "Part of the file",
            list(by_hdu),
            format_func=lambda hdu: _name_part(by_hdu[hdu]),
            key="fits_part",
            on_change=_forget_plane,
        )
        part = by_hdu[hdu]
    plane = _choose_plane(part)
    stretch = _choose_stretch()
    if stretch != trained:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                "The model learned from pictures with other brightness settings, so its answer may "
                "be less reliable.",
                icon=":material/contrast:",
                width="stretch",
            )
            st.button("Reset", key="fits_reset", on_click=lambda: _set_stretch(trained))
    return FitsChoice(part.hdu, plane, None if stretch == trained else stretch)


def _name_part(part: FitsPicture) -> str:
    name = f" {part.name}" if part.name else ""
    cube = f", {part.planes} planes" if part.planes > 1 else ""
    return f"{part.hdu}{name}: {part.width} by {part.height} pixels{cube}"


def _choose_plane(part: FitsPicture) -> int | None:
    if part.planes == 1:
        return None
    if part.planes == _COLOUR_PLANES:
        planes = [_COLOURS, *(str(number) for number in range(1, _COLOUR_PLANES + 1))]
        chosen = st.segmented_control(
            "Planes", planes, default=_COLOURS, required=True, key="fits_colour"
        )
        return None if chosen in (None, _COLOURS) else int(chosen) - 1
    number = st.number_input(
        f"Plane, 1 to {part.planes:,}",
        min_value=1,
        max_value=part.planes,
        value=part.first_plane + 1,
        step=1,
        key="fits_plane",
    )
    return int(number) - 1


def _choose_stretch() -> FitsStretch:
    with st.expander("Brightness", icon=":material/contrast:", expanded=True):
        interval = st.selectbox(
            "What to show",
            list(_INTERVALS),
            format_func=_INTERVALS.__getitem__,
            key="fits_interval",
            help="Darker pixels become black, brighter ones white.",
        )
        function = st.selectbox(
            "How to show it",
            list(_FUNCTIONS),
            format_func=_FUNCTIONS.__getitem__,
            key="fits_function",
            help="A camera measures far more brightness levels than a screen can show. This curve, "
            "which astronomers call the stretch, decides how much of the screen's range faint "
            "objects get.",
        )
        percentile = st.slider(
            "Pixels that are not pure white",
            *(50.0, 100.0),
            step=0.1,
            format="%.1f%%",
            key="fits_percentile",
            help="Lower makes the whole picture brighter, but bright stars lose their detail.",
            disabled=interval == "minmax",
        )
        contrast = st.slider(
            "Contrast",
            *(0.01, 1.0),
            step=0.01,
            key="fits_contrast",
            help="Lower shows more brightness levels, with less difference between them.",
            disabled=interval != "zscale",
        )
        softening = st.slider(
            "Boost of faint objects (softening)",
            *(0.001, 10.0),
            step=0.001,
            format="%.3g",
            key="fits_softening",
            help="Lower makes faint objects brighter. It works with two of the curves, asinh and "
            "logarithm.",
            disabled=function not in ("asinh", "log"),
        )
    return FitsStretch(interval, function, contrast, percentile, softening)


def _show_header(part: FitsPicture) -> None:
    facts = {
        **part.cards,
        "Size": f"{part.width} by {part.height} pixels",
        "Planes": str(part.planes),
        "Pixel values": part.value_type or "not stated",
    }
    lines = [
        f"| {escape_markdown(name)} | {escape_markdown(text)} |" for name, text in facts.items()
    ]
    st.markdown("\n".join(["| From the file header | |", "|---|---|", *lines]))
