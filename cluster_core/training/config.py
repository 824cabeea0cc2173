"""The settings of a training: the flags of the 2018 retrain script, and a few more."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cluster_core.data.splits import BY_FILE_NAME, BY_OBJECT, check_percentages
from cluster_core.errors import ConfigError
from cluster_core.model.backbones.registry import DEFAULT_ARCHITECTURE, BackboneSpec, get_backbone
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS, Distortion, View
from cluster_core.model.head.settings import ALL_PICTURES, HeadSettings

# Instead of a network's name: the one that a trial finds to suit the pictures.
AUTOMATIC = "auto"
_GRAPH_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-]*(/[A-Za-z0-9_.\-]+)*")
# Top-level names in an exported graph; TensorFlow ignores case in them.
_RESERVED_NAMES = frozenset({"input", "mul", "backbone", "head", "views"})
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
    "split_version": (BY_FILE_NAME, BY_OBJECT),
}


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what a training learns and writes.

    A path that is None defaults to one in the workspace. All other defaults are those of the
    2018 retrain script, except that the network is the one that comes with Cluster Lab, and that
    early stopping and balanced classes are on.

    Attributes
    ----------
    image_dir : Path
        Contains one sub-folder of pictures per class.
    architecture : str
        Name of the backbone; `auto` for the one that does best in a trial on the pictures, see
        `cluster_core.training.choice`.
    how_many_training_steps : int
        1 to 1,000,000.
    learning_rate : float
        Above 0, at most 100.
    testing_percentage, validation_percentage : float
        Shares of the pictures for the final test and for validation, in percent: 0 to 99 each,
        less than 100 together.
    eval_step_interval : int
        Steps from one evaluation to the next, 1 to 1,000,000.
    train_batch_size : int
        Pictures drawn for each step, 1 to 100,000.
    test_batch_size, validation_batch_size : int
        Pictures used for the final test and for each evaluation; -1 for all.
    flip_left_right : bool
        Also learn from mirrored pictures.
    random_crop, random_scale, random_brightness : int
        Strength of the distortions in percent, 0 to 99, 0 to 400 and 0 to 99; see `Distortion`.
    sky_views : bool or None
        See every picture in the eight symmetries of the square, when learning and when
        answering: for pictures without a natural orientation. None: on for the architecture
        `sky` only.
    from_starter : bool
        With the starter model's architecture and its two classes, learn simulated clusters as
        well; such a training never stops early, see `Prior`.
    weight_decay : float
        L2 penalty on the weights, 0 to 1 and at most 1 / `learning_rate`.
    balance_classes, early_stopping : bool
        See `HeadSettings`.
    seed : int
        0 to 2**32 - 1; the same seed, settings and pictures give the same model.
    split_version : int
        The rule that divides the pictures; see `split_dataset`.
    final_tensor_name : str
        Name of the exported graph's output; letters, digits and `_ . - /`.
    intermediate_store_frequency : int
        Steps between intermediate graphs, 0 to 1,000,000; 0 for none.
    model_dir, bottleneck_dir, summaries_dir, output_graph, output_labels,
    intermediate_output_graphs_dir, saved_model_dir : Path or None
        The flags of the same names; a SavedModel is written only if `saved_model_dir` is set.

    Raises
    ------
    ConfigError
        A value is out of its range.
    BackboneError
        The architecture is unknown.
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
    split_version: int = BY_OBJECT
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
        for name in _list_path_fields():  # a str is accepted too
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Path(getattr(self, name)))
        if not self.is_automatic:
            get_backbone(self.architecture)
        check_percentages(self.testing_percentage, self.validation_percentage)
        for name, (lowest, highest) in _WHOLE_NUMBERS.items():
            _check_range(name, getattr(self, name), lowest, highest)
        _check_range("weight_decay", self.weight_decay, 0, 1)
        if not (0 < self.learning_rate <= 100):  # noqa: PLR2004 (also refuses NaN)
            raise _out_of_range("learning_rate", self.learning_rate, "above 0 and at most 100")
        if self.learning_rate * self.weight_decay > 1:
            # Each step would flip the sign of the weights and make them larger.
            raise _out_of_range("weight_decay", self.weight_decay, "at most 1 / learning_rate")
        for name in ("test_batch_size", "validation_batch_size"):
            value = getattr(self, name)
            if value != ALL_PICTURES and value < 1:
                raise _out_of_range(name, value, "at least 1, or -1 for all")
        first_name = self.final_tensor_name.split("/")[0].lower()
        if not _GRAPH_NAME.fullmatch(self.final_tensor_name) or first_name in _RESERVED_NAMES:
            raise _out_of_range(
                "final_tensor_name",
                self.final_tensor_name,
                "made of letters, digits and _ . - / and not a name that the graph already uses",
            )

    @property
    def is_automatic(self) -> bool:
        """Whether the network is still to be chosen by a trial."""
        return self.architecture == AUTOMATIC

    @property
    def backbone(self) -> BackboneSpec:
        """The architecture's entry in the registry; not available while it is `auto`."""
        return get_backbone(self.architecture)

    @property
    def views(self) -> tuple[View, ...]:
        """The views of a picture that an answer is averaged over."""
        return SKY_VIEWS if self.uses_sky_views else PLAIN_VIEWS

    @property
    def uses_sky_views(self) -> bool:
        """Whether pictures are seen in all eight symmetries of the square."""
        return self.backbone.is_for_sky if self.sky_views is None else self.sky_views

    @property
    def training_views(self) -> tuple[View, ...]:
        """The views of a picture to learn from: `views`, then distorted ones if configured."""
        distortion = Distortion(
            self.flip_left_right, self.random_crop, self.random_scale, self.random_brightness
        )
        return self.views + (distortion.views() if distortion else ())

    @property
    def head_settings(self) -> HeadSettings:
        """The settings for fitting the head."""
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

    def list_paths(self) -> list[Path]:
        """Return the folders and files that it names."""
        values = (getattr(self, name) for name in _list_path_fields())
        return [value for value in values if value is not None]

    def to_record(self) -> dict[str, Any]:
        """Return the settings that affect what is learned, ready for JSON and without paths."""
        return {name: value for name, value in asdict(self).items() if not name.endswith(_PATHS)}


def _list_path_fields() -> list[str]:
    return [field.name for field in fields(TrainConfig) if field.name.endswith(_PATHS)]


def _check_range(name: str, value: float, lowest: float, highest: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not lowest <= value <= highest or math.isnan(value):
        raise _out_of_range(name, value, f"from {lowest:,} to {highest:,}")


def _out_of_range(name: str, received: object, allowed: str) -> ConfigError:
    return ConfigError(
        f"{name} must be {allowed}, not {received}.",
        field=name,
        received=received,
        allowed=allowed,
    )
