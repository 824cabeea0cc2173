"""Put an evaluation into sentences, the same on the page, in the terminal and in a report."""

from __future__ import annotations

from collections import Counter

from cluster_core.evaluation.comparison import Comparison
from cluster_core.evaluation.coverage import Coverage
from cluster_core.evaluation.cross_validation import CrossValidation
from cluster_core.evaluation.folder_test import FolderTest
from cluster_core.evaluation.learning_curve import SMALL_GAIN
from cluster_core.evaluation.rejections import Rejections
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.bundle.accuracy import NOT_TESTED, format_interval, format_share

MAX_NAMED = 5
NO_TEST_PICTURES = "No pictures were kept for the final test."
# Beside both figures of a training, which seldom agree.
CROSS_VALIDATION_OR_TEST = (
    "The cross-validation judges every picture; the test only the few that were kept for it. Where "
    "they differ, rely on the cross-validation."
)


def describe_test(metrics: Metrics) -> str:
    """Return the number of right answers, with the interval of the accuracy."""
    if not metrics.n:
        return f"{NOT_TESTED} {NO_TEST_PICTURES}"
    low, high = map(format_share, metrics.interval)
    words = (
        f"{metrics.n_right:,} of {metrics.n:,} correct ({format_share(metrics.accuracy)}); likely "
        f"between {low} and {high} on new pictures."
    )
    alike = describe_independence(metrics.n, metrics.n_independent or metrics.n)
    return f"{words} {alike}" if alike else words


def describe_independence(n: int, n_independent: float) -> str:
    """Return what copies and pictures of one object do to the interval; empty without any."""
    rounded = max(1, round(n_independent))
    if rounded >= n:
        return ""
    noun = "picture" if rounded == 1 else "different pictures"
    return (
        f"Some are copies or show the same object, so the range is that of {rounded:,} {noun}, not "
        f"of {n:,}."
    )


def describe_weakest_class(metrics: Metrics) -> str:
    """Return the class with the lowest share of right answers, and how it is usually mistaken.

    The wrong answer is named only if there are more than two classes, and no other is as frequent.
    """
    tested = [one for one in metrics.classes if one.n]
    if not tested:
        return f"{NOT_TESTED} There are no pictures."
    if not metrics.misclassified:
        return "Every picture got the right label."
    weakest = min(tested, key=lambda one: one.n_right / one.n)
    words = (
        f"Weakest class: {weakest.label}, {weakest.n_right:,} of {weakest.n:,} correct (likely "
        f"{format_interval(weakest.interval)})."
    )
    wrong = Counter(one.predicted for one in metrics.misclassified if one.label == weakest.label)
    (answer, count), *others = wrong.most_common(2)
    if len(metrics.labels) == 2 or any(n == count for _, n in others):  # noqa: PLR2004
        return words
    n_wrong = weakest.n - weakest.n_right
    return f"{words} Most often taken for {answer}: {count:,} of {n_wrong:,} mistakes."


def explain_cross_validation(validated: CrossValidation) -> str:
    """Return how it was measured, and what limits it."""
    n_repeats, n_folds = validated.fold_accuracies.shape
    n = len(validated.pictures)
    sentences = [
        f"Every picture is judged {n_repeats} times by a quick last layer that learned from other "
        f"pictures only ({n_folds} parts, each judged by the others)."
    ]
    if validated.n_in_dataset > n:
        sentences.append(f"A sample of the {validated.n_in_dataset:,} pictures.")
    if validated.n_groups < n:
        noun = "object or scene" if validated.n_groups == 1 else "objects or scenes"
        sentences.append(
            f"The pictures show {validated.n_groups:,} different {noun}: copies count once."
        )
    return " ".join(sentences)


def describe_forecast(validated: CrossValidation) -> str:
    """Return what twice as many pictures would give, or why that cannot be said.

    Both accuracies are those of the fitted curve: after learning from as many pictures as the
    dataset has, and from twice as many.
    """
    if validated.accuracy == 1:  # the curve is of fewer repeats, and may miss a mistake
        return "All answers are right already: more pictures would only narrow the range."
    forecast = validated.curve.forecast()
    if forecast is None:
        return "There are too few pictures to say what more would give."
    if forecast.is_poor:
        return (
            "The accuracy does not rise steadily with the number of pictures, so these points do "
            "not say what more would give."
        )
    n_pictures = validated.n_in_dataset
    now, then = forecast.predict(n_pictures), forecast.predict(2 * n_pictures)
    if then - now < SMALL_GAIN:
        return (
            "Twice as many pictures of the same kind would hardly help, by the fitted curve. "
            "Better labels or another network may."
        )
    return (
        f"Twice as many pictures ({2 * n_pictures:,} instead of {n_pictures:,}) would give about "
        f"{format_share(then)}, {_count_points(then - now)} more than now, by the fitted curve."
    )


def _count_points(gain: float) -> str:
    points = round(100 * gain)
    return "1 point" if points == 1 else f"{points} points"


def describe_coverage(coverage: Coverage) -> str:
    """Return what the answers above a threshold are worth."""
    if not coverage.n_answered:
        return "No picture would get an answer."
    return (
        f"{coverage.n_answered:,} of {coverage.n:,} pictures get an answer "
        f"({format_share(coverage.share)}), and {format_share(coverage.accuracy)} of these are "
        f"right (likely {format_interval(coverage.interval)}); the others are unsure."
    )


def describe_comparison(comparison: Comparison, one: str, other: str) -> str:
    """Return which of two models is better on the same pictures, and whether that is chance.

    Parameters
    ----------
    comparison : Comparison
    one, other : str
        Names of the models.
    """
    n = comparison.n
    if not n:
        return f"{one} and {other} have no picture in common."
    right = [sum(pair[number].is_right for pair in comparison.pairs) for number in (0, 1)]
    counts = f"Of {n:,} pictures, {one} is right in {right[0]:,} and {other} in {right[1]:,}."
    if not comparison.only_one and not comparison.only_other:
        return f"{counts} They are right in the same pictures."
    split = (
        f"Only {one} is right in {comparison.only_one:,}, only {other} in "
        f"{comparison.only_other:,}."
    )
    chance = f"{100 * comparison.p_value:.2g}%"
    if not comparison.is_significant:
        return (
            f"{counts} {split} Two equally good models would differ at least this much in {chance} "
            "of such tests: no evidence that one is better."
        )
    better = one if comparison.only_one > comparison.only_other else other
    return (
        f"{counts} {split} Two equally good models would differ this much in only {chance} of "
        f"such tests: {better} is better on such pictures."
    )


def describe_rejections(found: Rejections) -> str:
    """Return how many pictures were answered none of these, of each kind."""
    noun = "picture" if found.n_counter == 1 else "pictures"
    return (
        f"Of {found.n_counter:,} {noun} in {' and '.join(found.counter_labels)}, "
        f"{found.n_counter_rejected:,} {'was' if found.n_counter_rejected == 1 else 'were'} "
        f"answered none of these; so {'was' if found.n_known_rejected == 1 else 'were'} "
        f"{found.n_known_rejected:,} of {found.n_known:,} of the classes."
    )


def list_warnings(test: FolderTest) -> tuple[str, ...]:
    """Return what to keep in mind about a test on a folder, in sentences."""
    found = []
    n = len(test.index.all_pictures)
    if test.n_learned:
        found.append(
            f"The model learned from {test.n_learned:,} of these {n:,} pictures, so the figures "
            "are too good. Use pictures that it never saw."
        )
    elif test.n_learned is None:
        found.append(
            "This model has no list of the pictures that it learned from: make sure that these "
            "are others."
        )
    for label, count in list(test.n_unknown.items())[:MAX_NAMED]:
        noun = "picture" if count == 1 else "pictures"
        found.append(f"The model does not know {label}: {count:,} {noun} left out.")
    if len(test.n_unknown) > MAX_NAMED:
        found.append(f"{len(test.n_unknown) - MAX_NAMED} more classes are unknown to the model.")
    n_counter = len(test.index.counter_pictures)
    if n_counter and test.rejections is None:
        noun = "picture" if n_counter == 1 else "pictures"
        found.append(
            f"This model cannot answer none of these: {n_counter:,} {noun} in "
            f"{' and '.join(test.index.counter_labels)} left out."
        )
    present = {test.pictures.labels[number] for number in set(test.pictures.classes.tolist())}
    missing = [label for label in test.pictures.labels if label not in present]
    if missing:
        found.append(f"There are no pictures of {', '.join(missing[:MAX_NAMED])}.")
    if test.index.rejected:
        n_rejected = len(test.index.rejected)
        noun = "file" if n_rejected == 1 else "files"
        found.append(f"{n_rejected:,} {noun} could not be used.")
    return tuple(found)
