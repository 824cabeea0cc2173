from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.errors import RunError
from cluster_core.model.head import training as head_training
from cluster_core.model.head.descent import INITIAL_SPREAD, MIN_SPREAD
from cluster_core.model.head.examples import Examples, Prior, WeightedRows
from cluster_core.model.head.head import softmax
from cluster_core.model.head.settings import Evaluation, FitCallbacks, HeadSettings
from cluster_core.model.head.training import fit_head

EVEN_ODDS = np.ones(2)
SETTINGS = HeadSettings(how_many_training_steps=200, learning_rate=0.1, train_batch_size=20)


def draw_examples(counts: list[int], seed: int, n_views: int = 1, spread: float = 0.5) -> Examples:
    """Draw features around one centre per class; a small spread makes classes easy to separate."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(len(counts), 6))
    classes = np.repeat(np.arange(len(counts)), counts)
    noise = random.normal(0, spread, (len(classes), n_views, 6))
    features = (centres[classes][:, np.newaxis] + noise).astype(np.float32)
    return Examples(features, classes, len(counts))


def fit(training, validation=None, settings=SETTINGS):
    evaluations, stored = [], []
    fitted = fit_head(
        training,
        validation,
        settings,
        callbacks=FitCallbacks(evaluations.append, lambda step, head: stored.append((step, head))),
    )
    return fitted, evaluations, stored


def measure(head, examples: Examples) -> tuple[float, float]:
    """Return accuracy and cross entropy of pictures, each with the mean score of its views."""
    logits = head.compute_logits(examples.features).astype(np.float64)
    scores, classes = softmax(logits).mean(axis=1), examples.classes
    return (
        float((scores.argmax(axis=1) == classes).mean()),
        float(-np.log(scores[np.arange(len(classes)), classes]).mean()),
    )


def descend_in_numpy(training: Examples, settings: HeadSettings):
    """Reference implementation of gradient descent in NumPy, float64; return weights and bias."""
    random = np.random.default_rng(settings.seed)
    plain = training.rows.astype(np.float64)
    spread = plain.std(axis=0)
    scale = 1 / np.maximum(spread, MIN_SPREAD * spread.mean())
    rows = (plain - plain.mean(axis=0)) * scale
    classes = np.repeat(training.classes, training.features.shape[1])
    targets = np.eye(training.n_labels)[classes]
    share = np.ones(len(rows))
    if settings.balance_classes:
        counts = np.bincount(classes)
        share = len(rows) / (training.n_labels * counts[classes])
    weights = random.normal(0, INITIAL_SPREAD, (rows.shape[1], training.n_labels))
    bias = np.zeros(training.n_labels)
    for _ in range(settings.how_many_training_steps):
        batch = random.integers(0, len(rows), (1, settings.train_batch_size), dtype=np.int32)[0]
        excess = softmax(rows[batch] @ weights + bias) - targets[batch]
        excess *= share[batch, np.newaxis] / settings.train_batch_size
        pull = settings.weight_decay * weights
        weights = weights - settings.learning_rate * (rows[batch].T @ excess + pull)
        bias = bias - settings.learning_rate * excess.sum(axis=0)
    weights *= scale[:, np.newaxis]
    return weights, bias - plain.mean(axis=0) @ weights


@pytest.mark.parametrize("n_steps", [1, 2, 30])
@pytest.mark.parametrize("balance_classes", [True, False])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("n_views", [1, 2])
def test_steps_match_a_numpy_reference(n_steps, balance_classes, weight_decay, n_views):
    settings = replace(
        SETTINGS,
        how_many_training_steps=n_steps,
        eval_step_interval=1,
        balance_classes=balance_classes,
        weight_decay=weight_decay,
        seed=5,
    )
    training = draw_examples([5, 20, 9], seed=1, n_views=n_views)
    fitted, *_ = fit(training, settings=settings)
    weights, bias = descend_in_numpy(training, settings)
    np.testing.assert_allclose(fitted.head.weights, weights, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fitted.head.bias, bias, rtol=1e-4, atol=1e-6)
    assert fitted.head.temperature == 1


def test_offset_and_scale_of_the_features_do_not_change_the_scores():
    training, unseen = draw_examples([30, 30], 1), draw_examples([9, 9], 2)
    plain, *_ = fit(training)
    moved, *_ = fit(replace(training, features=30 * training.features + 500))
    np.testing.assert_allclose(
        moved.head.compute_logits(30 * unseen.features + 500),
        plain.head.compute_logits(unseen.features),
        atol=1e-2,
    )


def test_feature_that_never_varies_is_not_stretched():
    training = draw_examples([30, 30], 1)
    training.features[..., 0] = 0
    fitted, *_ = fit(training)
    assert np.abs(fitted.head.weights[0]).max() < 0.1  # the drawn initial weights, hardly scaled
    same = replace(training, features=np.ones_like(training.features))
    assert np.isfinite(fit(same)[0].head.weights).all()


def test_same_seed_gives_a_bitwise_identical_head():
    training, validation = draw_examples([30, 30], 1), draw_examples([9, 9], 2)
    (one, evaluations, _), (same, same_evaluations, _) = (
        fit(training, validation) for _ in range(2)
    )
    np.testing.assert_array_equal(one.head.weights, same.head.weights)
    np.testing.assert_array_equal(one.head.bias, same.head.bias)
    assert evaluations == same_evaluations
    other, *_ = fit(training, validation, replace(SETTINGS, seed=1))
    assert not np.array_equal(one.head.weights, other.head.weights)


@pytest.mark.parametrize("interval", [1, 7, 50, 1000])
def test_evaluation_interval_does_not_change_the_head(interval):
    training = draw_examples([30, 30], 1)
    often, *_ = fit(training)
    rarely, *_ = fit(training, settings=replace(SETTINGS, eval_step_interval=interval))
    np.testing.assert_allclose(rarely.head.weights, often.head.weights, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("counts", [[30, 30], [40, 20, 60]])
def test_separable_classes_are_learned(counts):
    training, unseen = draw_examples(counts, 1, spread=0.1), draw_examples(counts, 2, spread=0.1)
    settings = replace(SETTINGS, how_many_training_steps=500, learning_rate=0.03)
    fitted, evaluations, _ = fit(training, settings=settings)
    assert measure(fitted.head, unseen)[0] == 1
    assert evaluations[-1].train_accuracy == 1
    assert evaluations[-1].train_cross_entropy < evaluations[0].train_cross_entropy / 3
    assert evaluations[0].train_cross_entropy == pytest.approx(np.log(len(counts)), rel=0.3)


@pytest.mark.parametrize(
    ("n_steps", "interval", "steps"),
    [
        (1, 10, [0]),
        (10, 10, [0, 9]),
        (11, 10, [0, 10]),
        (25, 10, [0, 10, 20, 24]),
        (4, 1, [0, 1, 2, 3]),
    ],
)
def test_first_step_every_interval_and_last_step_are_evaluated(n_steps, interval, steps):
    settings = replace(SETTINGS, how_many_training_steps=n_steps, eval_step_interval=interval)
    fitted, evaluations, _ = fit(draw_examples([9, 9], 1), draw_examples([5, 5], 2), settings)
    assert [evaluation.step for evaluation in evaluations] == steps
    assert fitted.n_steps == n_steps


@pytest.mark.parametrize("frequency", [0, 1, 10, 13])
def test_intermediate_heads_are_stored_at_the_given_frequency(frequency):
    settings = replace(SETTINGS, how_many_training_steps=40, store_frequency=frequency)
    training = draw_examples([9, 9], 1)
    _, _, stored = fit(training, settings=settings)
    assert [step for step, _ in stored] == (
        list(range(frequency, 40, frequency)) if frequency else []
    )
    for step, head in stored:
        shortened = replace(settings, how_many_training_steps=step + 1)
        expected = fit(training, settings=shortened)[0].head
        np.testing.assert_allclose(head.weights, expected.weights, rtol=1e-4, atol=1e-6)


def test_evaluation_of_validation_pictures_is_correct():
    training, validation = draw_examples([30, 30], 1), draw_examples([20, 10], 2, n_views=3)
    settings = replace(SETTINGS, early_stopping=False, validation_batch_size=-1)
    fitted, evaluations, _ = fit(training, validation, settings)
    last = evaluations[-1]
    assert (last.validation_accuracy, last.validation_cross_entropy) == pytest.approx(
        measure(fitted.head, validation), rel=1e-5
    )
    assert all(evaluation.n_validation == 30 for evaluation in evaluations)


@pytest.mark.parametrize(("requested", "n"), [(-1, 30), (7, 7), (30, 30), (100, 30)])
def test_validation_sample_has_the_requested_size(requested, n):
    settings = replace(SETTINGS, validation_batch_size=requested)
    _, evaluations, _ = fit(draw_examples([9, 9], 1), draw_examples([20, 10], 2), settings)
    for evaluation in evaluations:
        assert evaluation.n_validation == n
        n_right = evaluation.validation_accuracy * n
        assert n_right == pytest.approx(round(n_right))


def test_training_works_without_validation_pictures():
    fitted, evaluations, _ = fit(draw_examples([30, 30], 1, spread=0.1))
    assert (fitted.step, fitted.n_steps) == (199, 200)
    for evaluation in evaluations:
        assert evaluation.validation_accuracy is None
        assert evaluation.validation_cross_entropy is None
        assert evaluation.n_validation == 0


# A few noisy examples are quickly overfitted.
NOISY = (draw_examples([6, 6], 1, spread=3), draw_examples([40, 40], 2, spread=3))
LONG = replace(SETTINGS, how_many_training_steps=3000, learning_rate=0.5, validation_batch_size=-1)


def test_early_stopping_returns_the_best_head_and_stops_in_time():
    fitted, evaluations, _ = fit(*NOISY, LONG)
    entropies = {evaluation.step: evaluation.validation_cross_entropy for evaluation in evaluations}
    assert fitted.step == min(entropies, key=entropies.get)
    assert measure(fitted.head, NOISY[1])[1] == pytest.approx(entropies[fitted.step], rel=1e-5)
    assert fitted.step < fitted.n_steps - 1 == evaluations[-1].step
    assert fitted.n_steps < 3000
    assert fitted.n_steps <= fitted.step + 1 + 300 + LONG.eval_step_interval


def test_early_stopping_watches_all_validation_pictures():
    unsampled, *_ = fit(*NOISY, LONG)
    sampled, *_ = fit(*NOISY, replace(LONG, validation_batch_size=80, seed=LONG.seed))
    assert sampled.step == unsampled.step
    fitted, evaluations, _ = fit(*NOISY, replace(LONG, validation_batch_size=3))
    assert fitted.n_steps < 3000
    assert {evaluation.n_validation for evaluation in evaluations} == {3}
    without_stopping = replace(
        LONG,
        early_stopping=False,
        how_many_training_steps=fitted.n_steps,
        store_frequency=10,
        validation_batch_size=3,
    )
    _, _, stored = fit(*NOISY, without_stopping)
    lowest = min(measure(head, NOISY[1])[1] for _, head in stored)
    assert measure(fitted.head, NOISY[1])[1] <= lowest + 1e-5


def test_last_head_is_returned_without_early_stopping():
    fitted, evaluations, _ = fit(*NOISY, replace(LONG, early_stopping=False))
    assert (fitted.step, fitted.n_steps) == (2999, 3000)
    assert evaluations[-1].step == 2999
    assert measure(fitted.head, NOISY[1])[1] == pytest.approx(
        evaluations[-1].validation_cross_entropy, rel=1e-5
    )


def test_balanced_classes_raise_the_recall_of_a_rare_class():
    training, unseen = (
        draw_examples([190, 10], 1, spread=2.5),
        draw_examples([200, 200], 2, spread=2.5),
    )
    recall = {}
    for balance in (True, False):
        fitted, *_ = fit(
            training,
            settings=replace(SETTINGS, how_many_training_steps=1000, balance_classes=balance),
        )
        answers = fitted.head.compute_logits(unseen.rows).argmax(axis=1)
        recall[balance] = (answers[200:] == 1).mean()
    assert recall[True] > recall[False] + 0.2


def test_weight_decay_keeps_weights_small():
    training = draw_examples([30, 30], 1, spread=0.1)
    sizes = [
        np.abs(fit(training, settings=replace(SETTINGS, weight_decay=decay))[0].head.weights).max()
        for decay in (0.0, 0.1, 1.0)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_exception_in_a_callback_stops_the_training(kind):
    def stop(evaluation):
        raise kind

    with pytest.raises(kind):
        fit_head(draw_examples([9, 9], 1), None, SETTINGS, callbacks=FitCallbacks(stop))


@pytest.mark.parametrize("balance_classes", [True, False])
@pytest.mark.parametrize("weight", [6, 20])
def test_rehearsal_has_the_weight_of_the_prior(balance_classes, weight):
    """Independently of the numbers of views and of rehearsed pictures."""
    training, rehearsal = draw_examples([9, 3], 1, n_views=2), draw_examples([40, 60], 2)
    weighted = WeightedRows.of(training, Prior(rehearsal, weight, 0, EVEN_ODDS), balance_classes)
    assert len(weighted.rows) == 24 + 100
    assert weighted.weights.mean() == pytest.approx(1)
    assert weighted.weights[:24].sum() * weight == pytest.approx(weighted.weights[24:].sum() * 12)
    np.testing.assert_array_equal(weighted.classes[24:], rehearsal.row_classes)


def test_duplicated_rehearsal_gives_the_same_gradient():
    training, rehearsal = draw_examples([9, 3], 1), draw_examples([40, 60], 2)
    twice = Examples(
        np.repeat(rehearsal.features, 2, axis=0), np.repeat(rehearsal.classes, 2), n_labels=2
    )
    once, doubled = (
        WeightedRows.of(training, Prior(part, 6, 0, EVEN_ODDS), True) for part in (rehearsal, twice)
    )
    gradients = [
        (weighted.rows * (weighted.weights * (weighted.classes - 0.5))[:, np.newaxis]).mean(axis=0)
        for weighted in (once, doubled)
    ]
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-5, atol=1e-7)


def fit_with(training: Examples, prior: Prior | None, **changes):
    settings = replace(SETTINGS, how_many_training_steps=2000, early_stopping=False, **changes)
    return fit_head(training, None, settings, prior).head


def test_many_pictures_overrule_the_rehearsal_and_few_do_not():
    """Even if their labels contradict all of the rehearsal."""
    rehearsal = draw_examples([60, 60], 2, spread=0.1)
    right = {}
    for n in (2, 40):
        misleading = draw_examples([n, n], 3, spread=0.1)
        misleading = replace(misleading, classes=1 - misleading.classes)
        head = fit_with(misleading, Prior(rehearsal, 20, 0.01, EVEN_ODDS))
        right[n] = measure(head, rehearsal)[0]
    assert right == {2: 1, 40: 0}


def test_decay_of_a_prior_keeps_weights_small():
    training = draw_examples([10, 10], 1, spread=0.1)
    sizes = [
        np.abs(fit_with(training, Prior(training, 20, decay, EVEN_ODDS)).weights).max()
        for decay in (0, 0.1, 1)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("learning_rate", [1e-3, 1, 100])
def test_prior_is_stable_at_any_learning_rate(learning_rate):
    training = draw_examples([10, 10], 1, spread=0.1)
    head = fit_with(training, Prior(training, 20, 50, EVEN_ODDS), learning_rate=learning_rate)
    # Each step adds at most this much, after the decay has shrunk the rest.
    longest = np.abs(training.features).max() * learning_rate
    kept = 1 / (1 + learning_rate * 50)
    assert np.abs(head.weights).max() <= longest / (1 - kept)


def test_training_with_a_prior_starts_small_and_is_reproducible():
    training, rehearsal = draw_examples([5, 5], 1), draw_examples([40, 40], 2)
    prior = Prior(rehearsal, 10, 0.1, EVEN_ODDS)
    initial = fit_head(
        training,
        None,
        replace(SETTINGS, how_many_training_steps=1, learning_rate=1e-9),
        prior,
    ).head
    assert 0 < np.abs(initial.weights).max() < 5 * INITIAL_SPREAD
    one, same = fit_with(training, prior), fit_with(training, prior)
    np.testing.assert_array_equal(one.weights, same.weights)
    np.testing.assert_array_equal(one.bias, same.bias)


@pytest.mark.parametrize("interval", [1, 7, 50, 1000])
def test_evaluation_interval_does_not_change_the_head_with_a_prior(interval):
    training, rehearsal = draw_examples([30, 30], 1), draw_examples([40, 40], 2)
    prior = Prior(rehearsal, 30, 0.1, EVEN_ODDS)
    often = fit_with(training, prior)
    rarely = fit_with(training, prior, eval_step_interval=interval)
    np.testing.assert_allclose(rarely.weights, often.weights, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("weight", "factor"), [(20, 2), (60, 2**1.5), (0, 1)])
def test_odds_shift_only_the_bias_and_fade_with_new_pictures(weight, factor):
    training, rehearsal = draw_examples([10, 10], 1), draw_examples([40, 40], 2)
    even, tilted = (
        fit_with(training, Prior(rehearsal, weight, 0.1, np.array(odds)))
        for odds in ((1.0, 1.0), (12.0, 3.0))
    )
    np.testing.assert_array_equal(tilted.weights, even.weights)
    scores = [head.compute_scores(rehearsal.features) for head in (even, tilted)]
    odds = [part[:, 0] / part[:, 1] for part in scores]
    np.testing.assert_allclose(odds[1], factor * odds[0], rtol=1e-4)


def test_evaluations_with_a_prior_include_the_odds():
    training, rehearsal = draw_examples([10, 10], 1), draw_examples([40, 40], 2)
    seen: list[Evaluation] = []
    prior = Prior(rehearsal, 30, 0.1, np.array([9, 1]))
    fitted = fit_head(training, training, SETTINGS, prior, FitCallbacks(seen.append))
    assert seen[-1].validation_cross_entropy == pytest.approx(measure(fitted.head, training)[1])


def test_averaging_with_a_prior_reduces_random_variation():
    training, rehearsal = draw_examples([30, 30], 1), draw_examples([40, 40], 2)
    prior = Prior(rehearsal, 60, 0.1, EVEN_ODDS)
    # The same pictures and the same weight decay without a prior, so without averaging.
    both = Examples(
        np.concatenate([np.repeat(training.features, 4, 0), np.repeat(rehearsal.features, 3, 0)]),
        np.concatenate([np.repeat(training.classes, 4), np.repeat(rehearsal.classes, 3)]),
        n_labels=2,
    )
    spread = {}
    for name, examples, known, decay in (("mean", training, prior, 0), ("last", both, None, 0.1)):
        heads = [fit_with(examples, known, weight_decay=decay, seed=seed) for seed in range(8)]
        spread[name] = np.std([head.weights for head in heads], axis=0).mean()
    assert spread["mean"] < 0.75 * spread["last"]


def test_early_stopping_is_off_with_a_prior():
    training, validation = NOISY
    prior = Prior(draw_examples([40, 40], 3), 30, 0.1, EVEN_ODDS)
    fitted = fit_head(training, validation, SETTINGS, prior)
    assert (fitted.step, fitted.n_steps) == (199, 200)


def test_chunks_can_be_stopped_and_do_not_change_the_head(monkeypatch):
    training = draw_examples([30, 30], 1)
    settings = replace(SETTINGS, how_many_training_steps=60, eval_step_interval=1000)
    whole = fit_head(training, None, settings)
    monkeypatch.setattr(head_training, "MAX_EXAMPLES_PER_CHUNK", 7 * settings.train_batch_size)
    polls = []
    counting = FitCallbacks(is_stopped=lambda: polls.append(1))
    parts = fit_head(training, None, settings, callbacks=counting)
    assert len(polls) == 10
    np.testing.assert_allclose(parts.head.weights, whole.head.weights, rtol=1e-5, atol=1e-6)
    stopping = FitCallbacks(is_stopped=lambda: True)
    stopped = fit_head(training, None, settings, callbacks=stopping)
    assert (stopped.step, stopped.n_steps) == (0, 1)


@pytest.mark.parametrize(
    ("side", "value"),
    [
        *(("training", value) for value in (np.nan, np.inf, 3e38)),
        *(("validation", value) for value in (np.nan, np.inf)),
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_that_are_not_finite_stop_the_training(side, value):
    training, validation = draw_examples([30, 30], 1), draw_examples([9, 9], 2)
    examples = training if side == "training" else validation
    examples.features[:, :, 2] = value
    evaluations, stored = [], []
    settings = replace(SETTINGS, learning_rate=10.0, store_frequency=1)
    callbacks = FitCallbacks(evaluations.append, lambda *step: stored.append(step))
    with pytest.raises(RunError, match="no longer finite") as caught:
        fit_head(training, validation, settings, callbacks=callbacks)
    assert len(str(caught.value).split(". ")) == 1, "one sentence"
    assert all(np.isfinite(head.weights).all() for _, head in stored)
    assert all(
        np.isfinite([e.train_cross_entropy, e.validation_cross_entropy]).all() for e in evaluations
    )


@pytest.mark.parametrize("has_prior", [True, False])
@pytest.mark.filterwarnings("error")
def test_too_high_learning_rate_stops_the_training(has_prior):
    training = draw_examples([30, 30], 1)
    prior = Prior(draw_examples([20, 20], 3), 50.0, 0.0, EVEN_ODDS) if has_prior else None
    settings = replace(SETTINGS, learning_rate=3e38)
    with pytest.raises(RunError, match="a lower learning rate"):
        fit_head(training, None, settings, prior)
