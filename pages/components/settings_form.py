"""The settings of a training as sliders, kept when the page changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.access.quota import MAX_STEPS
from cluster_core.errors import ConfigError
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.training.presets import DEFAULTS
from pages.components.settings_list import (
    ARCHITECTURE,
    LABELS,
    MAX_SEED,
    SEED,
    SKY_VIEWS,
    STEPS,
    TENSOR,
    VIEWS,
    Setting,
    describe_setting,
    key_of,
)
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown


def init_settings() -> None:
    """Set every setting without a value in this session to its default."""
    for name, value in {**DEFAULTS, ARCHITECTURE.name: AUTOMATIC}.items():
        st.session_state.setdefault(key_of(name), _to_widget(name, value))


def put_settings(settings: Mapping[str, Any]) -> None:
    """Set the sliders to these values; from any page, before the sliders are drawn.

    Parameters
    ----------
    settings : mapping of str to Any
        By name, as in `TrainConfig`; other names are ignored.
    """
    for name in DEFAULTS:
        if name in settings:
            st.session_state[key_of(name)] = _to_widget(name, settings[name])


def get_settings() -> dict[str, Any]:
    """Return the values of the sliders, by name as in `TrainConfig`."""
    settings = {name: st.session_state[key_of(name)] for name in DEFAULTS}
    return {**settings, VIEWS.name: SKY_VIEWS[settings[VIEWS.name]]}


def _to_widget(name: str, value: Any) -> Any:
    return describe_setting(name, value) if name == VIEWS.name else value


def show_settings(settings: Sequence[Setting], n_columns: int = 1) -> dict[str, DeltaGenerator]:
    """Draw sliders and switches, and return an empty slot below each for an error message."""
    slots = {}
    for start in range(0, len(settings), n_columns):
        row = settings[start : start + n_columns]
        for column, setting in zip(st.columns(n_columns, gap="medium"), row, strict=False):
            with column:
                _show_setting(setting)
                slots[setting.name] = st.empty()
    return slots


def _show_setting(setting: Setting) -> None:
    if not setting.options:
        st.toggle(setting.label, key=setting.key, help=setting.help, persist_state="session")
        return
    is_limited = setting.name == STEPS and get_access().root is not None
    offered = [one for one in setting.options if not is_limited or one <= MAX_STEPS]
    # A value taken over from an earlier run may not be among the options.
    options = sorted({*offered, st.session_state[setting.key]})
    st.select_slider(
        setting.label,
        options,
        format_func=setting.show,
        key=setting.key,
        help=setting.help,
        persist_state="session",
    )


def show_seed() -> None:
    """Draw the seed field."""
    st.number_input(
        SEED.label,
        min_value=0,
        max_value=MAX_SEED,
        step=1,
        key=SEED.key,
        help=SEED.help,
        persist_state="session",
    )


def show_sky_views() -> None:
    """Draw the choice of sky views."""
    st.selectbox(
        VIEWS.label,
        list(SKY_VIEWS),
        key=VIEWS.key,
        help=VIEWS.help,
        persist_state="session",
    )


def show_tensor_name() -> None:
    """Draw the output name field."""
    st.text_input(
        TENSOR.label, max_chars=100, key=TENSOR.key, help=TENSOR.help, persist_state="session"
    )


def read_config(image_dir: Path, slots: Mapping[str, DeltaGenerator]) -> TrainConfig | None:
    """Return the settings as a `TrainConfig`, or draw the error and return None.

    Parameters
    ----------
    image_dir : Path
        The dataset to learn from.
    slots : mapping of str to DeltaGenerator
        Where to draw an error, by the name of the setting; without a slot, it is drawn here.
    """
    try:
        return TrainConfig(image_dir, **get_settings())
    except ConfigError as error:
        sentence = str(error)
        for name, label in LABELS.items():
            sentence = sentence.replace(name, label)
        slot = slots.get(error.field) or st.container()
        slot.error(escape_markdown(sentence), icon=":material/error:")
        return None
