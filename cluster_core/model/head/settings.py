"""How the last layer is fitted, and how the fit reports; free of TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

ALL_PICTURES = -1


@dataclass(frozen=True)
class HeadSettings:
    """How the last layer is fitted; the names and defaults are the retrain script's.

    Attributes
    ----------
    how_many_training_steps : int
        Steps at most.
    learning_rate : float
        Of plain gradient descent.
    train_batch_size : int
        Feature rows drawn, with replacement, for each step.
    validation_batch_size : int
        Validation pictures drawn, without replacement, at each evaluation; -1 for all.
    eval_step_interval : int
        Steps from one evaluation to the next.
    weight_decay : float
        Pull of the weights towards zero: this times the weights joins the gradient.
    balance_classes : bool
        Weigh every class alike, however many pictures it has.
    early_stopping : bool
        Stop when the cross entropy of all validation pictures no longer falls,
        and return the weights where it was lowest.
    store_frequency : int
        Steps between intermediate heads; 0 for none.
    seed : int
        Of the first weights and of the batches.
    """

    how_many_training_steps: int = 4000
    learning_rate: float = 0.01
    train_batch_size: int = 100
    validation_batch_size: int = 100
    eval_step_interval: int = 10
    weight_decay: float = 0.0
    balance_classes: bool = True
    early_stopping: bool = True
    store_frequency: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Evaluation:
    """How the training stands after a step.

    Attributes
    ----------
    step : int
        Number of the step, the first being 0.
    train_accuracy, train_cross_entropy : float
        Of the step's own batch; accuracy from 0 to 1.
    validation_accuracy, validation_cross_entropy : float or None
        Of validation pictures; None where there are none.
    n_validation : int
        How many of them.
    """

    step: int
    train_accuracy: float
    train_cross_entropy: float
    validation_accuracy: float | None
    validation_cross_entropy: float | None
    n_validation: int
