"""The settings of a training as sliders, kept over page changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.errors import ConfigError
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS
from pages.components.settings_list import (
    LABELS,
    MAX_SEED,
    SEED,
    SKY_VIEWS,
    TENSOR,
    VIEWS,
    Setting,
    describe_setting,
    key_of,
)
from pages.components.text import escape_markdown


def begin_settings() -> None:
    """Give every setting that this session has not met its default."""
    for name, value in DEFAULTS.items():
        st.session_state.setdefault(key_of(name), _to_widget(name, value))


def put_settings(settings: Mapping[str, Any]) -> None:
    """Move the sliders; from any page, before they are drawn."""
    for name in DEFAULTS:
        if name in settings:
            st.session_state[key_of(name)] = _to_widget(name, settings[name])


def get_settings() -> dict[str, Any]:
    """Return what the sliders say."""
    settings = {name: st.session_state[key_of(name)] for name in DEFAULTS}
    return {**settings, VIEWS.name: SKY_VIEWS[settings[VIEWS.name]]}


def _to_widget(name: str, value: Any) -> Any:
    return describe_setting(name, value) if name == VIEWS.name else value


def show_settings(settings: Sequence[Setting], n_columns: int = 1) -> dict[str, DeltaGenerator]:
    """Draw sliders and switches; return a place below each for what is wrong with its value."""
    places = {}
    for start in range(0, len(settings), n_columns):
        row = settings[start : start + n_columns]
        for column, setting in zip(st.columns(n_columns, gap="medium"), row, strict=False):
            with column:
                _show_setting(setting)
                places[setting.name] = st.empty()
    return places


def _show_setting(setting: Setting) -> None:
    if not setting.options:
        st.toggle(setting.label, key=setting.key, help=setting.help, persist_state="session")
        return
    # A value that came with a run of old need not be one of ours.
    options = sorted({*setting.options, st.session_state[setting.key]})
    st.select_slider(
        setting.label,
        options,
        format_func=setting.show,
        key=setting.key,
        help=setting.help,
        persist_state="session",
    )


def show_seed() -> dict[str, DeltaGenerator]:
    """Draw the field of the seed, and a place below it."""
    st.number_input(
        SEED.label,
        min_value=0,
        max_value=MAX_SEED,
        step=1,
        key=SEED.key,
        help=SEED.help,
        persist_state="session",
    )
    return {SEED.name: st.empty()}


def show_sky_views() -> None:
    """Draw the choice of views."""
    st.selectbox(
        VIEWS.label,
        list(SKY_VIEWS),
        key=VIEWS.key,
        help=VIEWS.help,
        persist_state="session",
    )


def show_tensor_name() -> dict[str, DeltaGenerator]:
    """Draw the field of the output's name, and a place below it."""
    st.text_input(
        TENSOR.label, max_chars=100, key=TENSOR.key, help=TENSOR.help, persist_state="session"
    )
    return {TENSOR.name: st.empty()}


def read_config(image_dir: Path, places: Mapping[str, DeltaGenerator]) -> TrainConfig | None:
    """Return the settings as a training takes them; None after saying, in place, what is wrong."""
    try:
        return TrainConfig(image_dir, **get_settings())
    except ConfigError as error:
        sentence = str(error)
        for name, label in LABELS.items():
            sentence = sentence.replace(name, label)
        place = places.get(error.field) or st.container()
        place.error(escape_markdown(sentence), icon=":material/error:")
        return None
