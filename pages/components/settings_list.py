"""The settings of a training, with their labels, help texts and slider values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cluster_core.data.splits import BY_FILE_NAME
from cluster_core.training.presets import SCRIPT_OF_2018
from pages.components.words import name_network

ALL = -1
MAX_SEED = 2**32 - 1
STEPS, UNFINISHED = "how_many_training_steps", "intermediate_store_frequency"
SKY_VIEWS = {"automatic": None, "on": True, "off": False}


def _percent(value: float) -> str:
    return f"{value:g}%"


def _count(value: int) -> str:
    return "all" if value == ALL else f"{value:,}"


def _interval(value: int) -> str:
    return f"every {value:,}" if value else "never"


@dataclass(frozen=True)
class Setting:
    """One setting of `TrainConfig` as the page shows it.

    Attributes
    ----------
    name : str
        As in `TrainConfig`.
    label : str
    sentence : str
        What it does, in plain words.
    options : sequence, optional
        The values of the slider. Without any, the setting is a switch or a field.
    show : callable
        Formats a value for display.
    """

    name: str
    label: str
    sentence: str
    options: Sequence[Any] = ()
    show: Callable[[Any], str] = "{:g}".format

    @property
    def key(self) -> str:
        """Key of the widget, and of its value in the session."""
        return key_of(self.name)

    @property
    def help(self) -> str:
        """The sentence, followed by the default in the 2018 article."""
        if self.name not in SCRIPT_OF_2018:
            return f"{self.sentence} The 2018 article has no such setting."
        value = SCRIPT_OF_2018[self.name]
        shown = ("on" if value else "off") if isinstance(value, bool) else self.show(value)
        return f"{self.sentence} Default in the 2018 article: {shown}."


LEARNING = (
    Setting(
        STEPS,
        "Training steps",
        "How many times the model looks at a few pictures (a batch) and corrects itself. More "
        "steps learn more, until there is nothing left to gain.",
        (10, 20, 50, 100, 200, 300, 500, 1000, 2000, 3000, 4000, 6000, 10_000, 20_000, 50_000),
        _count,
    ),
    Setting(
        "learning_rate",
        "Learning rate",
        "How large each correction is. Too small learns slowly; too large never settles.",
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
        "validation_percentage",
        "Validation pictures",
        "Share of the pictures set aside to check the model during training.",
        tuple(range(0, 65, 5)),
        _percent,
    ),
    Setting(
        "testing_percentage",
        "Test pictures",
        "Share of the pictures set aside for the final test. The model does not see them before.",
        tuple(range(0, 65, 5)),
        _percent,
    ),
)
DISTORTIONS = (
    Setting(
        "flip_left_right",
        "Flip left and right",
        "Also learn from mirrored pictures.",
    ),
    Setting(
        "random_crop",
        "Crop",
        "Also learn from pictures that are cropped by this much, at a random position.",
        (0, 5, 10, 15, 20, 30, 40, 50),
        _percent,
    ),
    Setting(
        "random_scale",
        "Scale",
        "Also learn from pictures that are enlarged by a random amount, up to this much.",
        (0, 5, 10, 15, 20, 30, 50, 75, 100),
        _percent,
    ),
    Setting(
        "random_brightness",
        "Brightness",
        "Also learn from pictures that are brighter or darker by a random amount, up to this much.",
        (0, 5, 10, 15, 20, 30, 40, 50),
        _percent,
    ),
)
ADVANCED = (
    Setting(
        "train_batch_size",
        "Pictures per step (batch size)",
        "How many pictures the model looks at before each correction.",
        (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
        _count,
    ),
    Setting(
        "eval_step_interval",
        "Steps between checks",
        "How many steps to train between two checks on the validation pictures. Each check adds a "
        "point to the learning curve.",
        (1, 2, 5, 10, 20, 50, 100, 200, 500),
        _count,
    ),
    Setting(
        "early_stopping",
        "Stop early",
        "Stop when the model no longer gets better on the validation pictures, and keep the best "
        "version. This has no effect while the model also learns from simulated clusters.",
    ),
    Setting(
        "balance_classes",
        "Balance classes",
        "Treat all classes as equally important, however many pictures each one has.",
    ),
    Setting(
        "from_starter",
        "Simulated clusters",
        "Also learn from simulated clusters, to keep what the starter model knows. This applies "
        "only to globular and open clusters, with the Sky network.",
    ),
    Setting(
        "weight_decay",
        "Simplicity (weight decay)",
        "Keeps the model simple, so that it does not memorise individual pictures. Higher is "
        "simpler; 0 turns it off.",
        (0.0, 0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0),
    ),
    Setting(
        "validation_batch_size",
        "Pictures in each check",
        "How many validation pictures each check uses.",
        (ALL, 10, 20, 50, 100, 200, 500, 1000),
        _count,
    ),
    Setting(
        "test_batch_size",
        "Pictures in the final test",
        "How many test pictures the final test uses.",
        (ALL, 10, 20, 50, 100, 200, 500, 1000),
        _count,
    ),
    Setting(
        UNFINISHED,
        "Save unfinished models",
        "For programmers: how often, in steps, to save the unfinished model as a TensorFlow file.",
        (0, 100, 200, 500, 1000, 2000),
        _interval,
    ),
)
SEED = Setting(
    "seed",
    "Random start (seed)",
    "The number that all random choices start from. The same number and pictures give the same "
    "model; another number shows how much of the result is luck.",
)
VIEWS = Setting(
    "sky_views",
    "Eight sky views",
    "Turn and mirror each picture in all eight ways, when learning and when answering. Use it for "
    "pictures without a right way up, such as those of the sky. Automatic turns it on for the Sky "
    "network only.",
)
TENSOR = Setting(
    "final_tensor_name",
    "Output name",
    "For programmers: the name of the scores in the exported TensorFlow file.",
    show=str,
)
ARCHITECTURE = Setting(
    "architecture",
    "Network",
    "The pretrained network that the model builds on.",
    show=name_network,
)
# Not on the form: only a training that repeats an earlier one differs in it.
SPLIT = Setting(
    "split_version",
    "Pictures divided",
    "The rule that divides the pictures into training, validation and test pictures.",
    show=lambda version: "by file name" if version == BY_FILE_NAME else "by class",
)
ALL_SETTINGS = (ARCHITECTURE, *LEARNING, SEED, *DISTORTIONS, VIEWS, *ADVANCED, TENSOR)
LABELS = {setting.name: setting.label for setting in (*ALL_SETTINGS, SPLIT)}
SHOWN = {
    setting.name: setting.show
    for setting in (*ALL_SETTINGS, SPLIT)
    if setting.options or setting in (ARCHITECTURE, SPLIT)
}


def key_of(name: str) -> str:
    """Return the key of a setting's widget."""
    return f"setting_{name}"


def describe_setting(name: str, value: Any) -> str:
    """Return a setting's value as its slider shows it."""
    if name == VIEWS.name:
        return next(text for text, meant in SKY_VIEWS.items() if meant is value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return SHOWN.get(name, str)(value)
