"""The settings of a training, each as a person meets it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cluster_core.training.presets import SCRIPT_OF_2018

ALL = -1
MAX_SEED = 2**32 - 1
SKY_VIEWS = {"as suits the network": None, "on": True, "off": False}


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
        "Stop when the validation pictures no longer improve, and keep what was best; it rests "
        "where simulated clusters are learned from too.",
    ),
    Setting(
        "balance_classes",
        "Balance classes",
        "Let every class weigh the same, however many pictures it has.",
    ),
    Setting(
        "from_starter",
        "Learn from simulated clusters too",
        "For globular and open clusters on the network Sky: keep what the starter model knows.",
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


def describe_setting(name: str, value: Any) -> str:
    """Return a setting's value as its slider shows it."""
    if name == VIEWS.name:
        return next(text for text, meant in SKY_VIEWS.items() if meant is value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return SHOWN.get(name, str)(value)
