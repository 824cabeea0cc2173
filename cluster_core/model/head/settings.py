"""Settings of the head's training and the reports it makes; free of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cluster_core.model.head.head import Head

# As a batch size: use every picture there is.
ALL_PICTURES = -1


@dataclass(frozen=True)
class HeadSettings:
    """Settings of the head's training; names and defaults are those of the retrain script.

    Attributes
    ----------
    how_many_training_steps : int
        Maximum number of steps.
    learning_rate : float
        Learning rate of plain gradient descent.
    train_batch_size : int
        Feature rows drawn for each step, with replacement.
    validation_batch_size : int
        Validation pictures drawn for each evaluation, without replacement; -1 for all.
    eval_step_interval : int
        Steps between evaluations.
    weight_decay : float
        L2 penalty: this factor times the weights is added to the gradient.
    balance_classes : bool
        Give every class the same total weight, however many pictures it has.
    early_stopping : bool
        Stop once the cross entropy over all validation pictures no longer falls,
        and return the weights with the lowest one.
    store_frequency : int
        Steps between intermediate heads; 0 for none.
    seed : int
        Seed of the initial weights and of the batches.
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
    """Accuracy and cross entropy after one step.

    Attributes
    ----------
    step : int
        Number of the step, counted from 0.
    train_accuracy, train_cross_entropy : float
        Measured on the batch of this step; accuracy from 0 to 1.
    validation_accuracy, validation_cross_entropy : float or None
        Measured on validation pictures; None if there are none.
    n_validation : int
        Number of validation pictures that were measured.
    """

    step: int
    train_accuracy: float
    train_cross_entropy: float
    validation_accuracy: float | None
    validation_cross_entropy: float | None
    n_validation: int


@dataclass(frozen=True)
class FitCallbacks:
    """Functions that `fit_head` calls while it runs. An exception in any of them stops the fit.

    Attributes
    ----------
    on_evaluation : callable
        Called with an `Evaluation` every `eval_step_interval` steps and after the last step.
    on_store : callable or None
        Called with (step, head) every `store_frequency` steps.
    is_stopped : callable
        Polled after every evaluation and at least once per `MAX_EXAMPLES_PER_CHUNK`
        examples. Once it returns True, the fit ends and returns its result so far.
    """

    on_evaluation: Callable[[Evaluation], None] = lambda evaluation: None
    on_store: Callable[[int, Head], None] | None = None
    is_stopped: Callable[[], bool] = lambda: False


NO_CALLBACKS = FitCallbacks()
