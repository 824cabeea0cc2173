"""The settings of one training: the flags of the 2018 retrain script, and a few more."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cluster_core.data.splits import check_percentages
from cluster_core.errors import ConfigError
from cluster_core.model.backbones.registry import DEFAULT_ARCHITECTURE, BackboneSpec, get_backbone
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS, Distortion, View
from cluster_core.model.head.settings import ALL_PICTURES, HeadSettings

_GRAPH_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-]*(/[A-Za-z0-9_.\-]+)*")
# The first names in an exported graph; TensorFlow tells no capitals apart.
_TAKEN_NAMES = frozenset({"input", "mul", "backbone", "head", "views"})
_PATHS = ("_dir", "_graph", "_labels")
_WHOLE_NUMBERS = {
    "how_many_training_steps": (1, 1_000_000),
    "eval_step_interval": (1, 1_000_000),
    "train_batch_size": (1, 100_000),
    "intermediate_store_frequency": (0, 1_000_000),
    "random_crop": (0, 99),
    "random_scale": (0, 400),
    "random_brightness": (0, 99),
    "seed": (0, 2**32 - 1),
}


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what a training learns and writes.

    Paths that are None lie in the workspace. All other defaults are the retrain
    script's, except that the network is our own, and that early stopping and
    equal weight for every class are on.

    Attributes
    ----------
    image_dir : Path
        Holds a sub-folder of pictures for each class.
    architecture : str
        Name of the backbone.
    how_many_training_steps : int
        1 to 1,000,000.
    learning_rate : float
        Above 0, at most 100.
    testing_percentage, validation_percentage : float
        Share of the pictures set apart, 0 to 99, together less than 100.
    eval_step_interval : int
        Steps from one evaluation to the next.
    train_batch_size : int
        Pictures drawn for each step.
    test_batch_size, validation_batch_size : int
        Pictures looked at in the final test and at each evaluation; -1 for all.
    flip_left_right, random_crop, random_scale, random_brightness
        See `Distortion`.
    sky_views : bool or None
        Learn from and answer with all eight symmetries of the square: for
        pictures without an up. None: as the architecture is meant.
    from_starter : bool
        Where the architecture and the two classes are the starter model's, learn
        simulated clusters too; such a training never stops early, see `Prior`.
    weight_decay : float
        0 to 1, and at most 1 / `learning_rate`.
    balance_classes, early_stopping : bool
        See `HeadSettings`.
    seed : int
        The same seed and pictures give the same model.
    final_tensor_name : str
        Name of the exported graph's output.
    intermediate_store_frequency : int
        Steps between stored graphs; 0 for none.
    model_dir, bottleneck_dir, summaries_dir, output_graph, output_labels,
    intermediate_output_graphs_dir, saved_model_dir : Path or None
        Where things are kept; a SavedModel is written only where a folder is given.

    Raises
    ------
    ConfigError
        A value is out of its range.
    BackboneError
        There is no such architecture.
    """

    image_dir: Path
    architecture: str = DEFAULT_ARCHITECTURE
    how_many_training_steps: int = 4000
    learning_rate: float = 0.01
    testing_percentage: float = 10
    validation_percentage: float = 10
    eval_step_interval: int = 10
    train_batch_size: int = 100
    test_batch_size: int = ALL_PICTURES
    validation_batch_size: int = 100
    flip_left_right: bool = False
    random_crop: int = 0
    random_scale: int = 0
    random_brightness: int = 0
    sky_views: bool | None = None
    from_starter: bool = True
    weight_decay: float = 0.0
    balance_classes: bool = True
    early_stopping: bool = True
    seed: int = 0
    final_tensor_name: str = "final_result"
    intermediate_store_frequency: int = 0
    model_dir: Path | None = None
    bottleneck_dir: Path | None = None
    summaries_dir: Path | None = None
    output_graph: Path | None = None
    output_labels: Path | None = None
    intermediate_output_graphs_dir: Path | None = None
    saved_model_dir: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_dir", Path(self.image_dir))  # takes a str too
        get_backbone(self.architecture)
        check_percentages(self.testing_percentage, self.validation_percentage)
        for name, (lowest, highest) in _WHOLE_NUMBERS.items():
            _check_range(name, getattr(self, name), lowest, highest)
        _check_range("weight_decay", self.weight_decay, 0, 1)
        if not (0 < self.learning_rate <= 100):  # noqa: PLR2004 (also refuses NaN)
            raise _out_of_range("learning_rate", self.learning_rate, "above 0 and at most 100")
        if self.learning_rate * self.weight_decay > 1:
            # Each step would turn the weights around and make them larger.
            raise _out_of_range("weight_decay", self.weight_decay, "at most 1 / learning_rate")
        for name in ("test_batch_size", "validation_batch_size"):
            value = getattr(self, name)
            if value != ALL_PICTURES and value < 1:
                raise _out_of_range(name, value, "at least 1, or -1 for all")
        first_name = self.final_tensor_name.split("/")[0].lower()
        if not _GRAPH_NAME.fullmatch(self.final_tensor_name) or first_name in _TAKEN_NAMES:
            raise _out_of_range(
                "final_tensor_name",
                self.final_tensor_name,
                "made of letters, digits and _ . - / and none of the graph's other names",
            )

    @property
    def backbone(self) -> BackboneSpec:
        """The architecture's entry in the registry."""
        return get_backbone(self.architecture)

    @property
    def views(self) -> tuple[View, ...]:
        """How a picture is looked at to answer."""
        return SKY_VIEWS if self.uses_sky_views else PLAIN_VIEWS

    @property
    def uses_sky_views(self) -> bool:
        """Whether a picture is seen in all eight symmetries of the square."""
        return self.backbone.is_for_sky if self.sky_views is None else self.sky_views

    @property
    def training_views(self) -> tuple[View, ...]:
        """How a picture is looked at to learn: its views, and distorted ones if asked for."""
        distortion = Distortion(
            self.flip_left_right, self.random_crop, self.random_scale, self.random_brightness
        )
        return self.views + (distortion.views() if distortion else ())

    @property
    def head_settings(self) -> HeadSettings:
        """The part that the fit of the head looks at."""
        return HeadSettings(
            how_many_training_steps=self.how_many_training_steps,
            learning_rate=self.learning_rate,
            train_batch_size=self.train_batch_size,
            validation_batch_size=self.validation_batch_size,
            eval_step_interval=self.eval_step_interval,
            weight_decay=self.weight_decay,
            balance_classes=self.balance_classes,
            early_stopping=self.early_stopping,
            store_frequency=self.intermediate_store_frequency,
            seed=self.seed,
        )

    def to_record(self) -> dict[str, Any]:
        """Return what decides what is learned, as JSON takes it; no paths of this machine."""
        return {name: value for name, value in asdict(self).items() if not name.endswith(_PATHS)}


def _check_range(name: str, value: float, lowest: float, highest: float) -> None:
    if not (lowest <= value <= highest) or math.isnan(value):
        raise _out_of_range(name, value, f"from {lowest:,} to {highest:,}")


def _out_of_range(name: str, received: object, allowed: str) -> ConfigError:
    return ConfigError(
        f"{name} must be {allowed}, not {received}.",
        field=name,
        received=received,
        allowed=allowed,
    )
