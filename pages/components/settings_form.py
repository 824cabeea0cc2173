"""The settings of a training as sliders, kept over page changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.errors import ConfigError
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS, SCRIPT_OF_2018
from pages.components.text import escape_markdown

ALL = -1
MAX_SEED = 2**32 - 1
SKY_VIEWS = {"as the network is meant": None, "on": True, "off": False}


def _percent(value: float) -> str:
    return f"{value:g} %"


def _count(value: int) -> str:
    return "all" if value == ALL else f"{value:,}"


def _interval(value: int) -> str:
    return f"every {value:,}" if value else "never"


@dataclass(frozen=True)
class Setting:
    """One setting of `TrainConfig` as a person meets it.

    Attributes
    ----------
    name : str
        As in `TrainConfig`.
    label : str
    sentence : str
        What it does, plainly.
    options : sequence, optional
        The values of its slider; a switch where there are none.
    show : callable
        A value as it is shown.
    """

    name: str
    label: str
    sentence: str
    options: Sequence[Any] = ()
    show: Callable[[Any], str] = "{:g}".format

    @property
    def key(self) -> str:
        """Of its widget, and where the session keeps its value."""
        return key_of(self.name)

    @property
    def help(self) -> str:
        """The sentence, and what the article used."""
        if self.name not in SCRIPT_OF_2018:
            return f"{self.sentence} The article's script has no such setting."
        value = SCRIPT_OF_2018[self.name]
        shown = ("on" if value else "off") if isinstance(value, bool) else self.show(value)
        return f"{self.sentence} The article's default is {shown}."


LEARNING = (
    Setting(
        "how_many_training_steps",
        "Training steps",
        "How often it looks at a batch of pictures and corrects itself: more steps learn more, "
        "until there is nothing left to gain.",
        (10, 20, 50, 100, 200, 300, 500, 1000, 2000, 3000, 4000, 6000, 10_000, 20_000, 50_000),
        _count,
    ),
    Setting(
        "learning_rate",
        "Learning rate",
        "How large each correction is: small learns slowly, too large never settles.",
        (
            0.0001,
            0.0002,
            0.0005,
            0.001,
            0.002,
            0.005,
            0.01,
            0.02,
            0.05,
            0.1,
            0.2,
            0.5,
            1.0,
            2.0,
            5.0,
        ),
    ),
    Setting(
        "train_batch_size",
        "Batch size",
        "How many pictures it looks at before each correction.",
        (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
        _count,
    ),
    Setting(
        "validation_percentage",
        "Validation pictures",
        "Share of the pictures kept out of the learning, to watch it with.",
        tuple(range(0, 65, 5)),
        _percent,
    ),
    Setting(
        "testing_percentage",
        "Test pictures",
        "Share of the pictures kept for the final test, which it never sees before.",
        tuple(range(0, 65, 5)),
        _percent,
    ),
    Setting(
        "eval_step_interval",
        "Evaluation interval",
        "Steps from one look at the validation pictures to the next: a point of the curve each.",
        (1, 2, 5, 10, 20, 50, 100, 200, 500),
        _count,
    ),
)
DISTORTIONS = (
    Setting(
        "flip_left_right",
        "Flip left and right",
        "Learn from mirrored pictures too.",
    ),
    Setting(
        "random_crop",
        "Crop",
        "Learn from pictures with a margin cut off too, at random up to this share of the side.",
        (0, 5, 10, 15, 20, 30, 40, 50),
        _percent,
    ),
    Setting(
        "random_scale",
        "Scale",
        "Learn from pictures enlarged at random by up to this much too.",
        (0, 5, 10, 15, 20, 30, 50, 75, 100),
        _percent,
    ),
    Setting(
        "random_brightness",
        "Brightness",
        "Learn from pictures that are at random brighter or darker by up to this much too.",
        (0, 5, 10, 15, 20, 30, 40, 50),
        _percent,
    ),
)
ADVANCED = (
    Setting(
        "early_stopping",
        "Stop early",
        "Stop when the validation pictures no longer improve, and keep what was best.",
    ),
    Setting(
        "balance_classes",
        "Balance classes",
        "Let every class weigh the same, however many pictures it has.",
    ),
    Setting(
        "from_starter",
        "Begin with the starter model",
        "Where network and classes are the starter model's, begin with what it knows.",
    ),
    Setting(
        "weight_decay",
        "Weight decay",
        "Pull of the weights towards zero, against learning pictures by heart.",
        (0.0, 0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0),
    ),
    Setting(
        "validation_batch_size",
        "Pictures in each evaluation",
        "How many validation pictures are looked at each time.",
        (ALL, 10, 20, 50, 100, 200, 500, 1000),
        _count,
    ),
    Setting(
        "test_batch_size",
        "Pictures in the final test",
        "How many test pictures are looked at in the end.",
        (ALL, 10, 20, 50, 100, 200, 500, 1000),
        _count,
    ),
    Setting(
        "intermediate_store_frequency",
        "Store graphs on the way",
        "Steps between graphs for TensorFlow that are stored while it trains.",
        (0, 100, 200, 500, 1000, 2000),
        _interval,
    ),
)
SEED = Setting(
    "seed",
    "Seed",
    "The same seed and pictures give the same model; another seed shows how much is luck.",
)
VIEWS = Setting(
    "sky_views",
    "Eight sky views",
    "Turn and mirror each picture in all eight ways, to learn and to answer: for pictures "
    "without an up, such as those of the sky.",
)
TENSOR = Setting(
    "final_tensor_name",
    "Name of the output",
    "How programs that run the exported graph ask for its scores.",
    show=str,
)
ARCHITECTURE = Setting("architecture", "Network", "The network that turns pictures into features.")
ALL_SETTINGS = (ARCHITECTURE, *LEARNING, SEED, *DISTORTIONS, VIEWS, *ADVANCED, TENSOR)
LABELS = {setting.name: setting.label for setting in ALL_SETTINGS}
SHOWN = {setting.name: setting.show for setting in ALL_SETTINGS if setting.options}


def key_of(name: str) -> str:
    """Return the key of a setting's widget."""
    return f"setting_{name}"


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


def describe_setting(name: str, value: Any) -> str:
    """Return a setting's value as its slider shows it."""
    if name == VIEWS.name:
        return next(text for text, meant in SKY_VIEWS.items() if meant is value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return SHOWN.get(name, str)(value)


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
