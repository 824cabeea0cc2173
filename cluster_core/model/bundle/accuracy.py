"""How good a model is: one figure with its interval, and the sentence that every place shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_count, check_number

CROSS_VALIDATION = "cross_validation"
NOT_TESTED = "Not tested."
_MAX_DIGITS = 3
# From docs/sky-backbone.md; the mean of the accuracies of both classes.
STARTER_ACCURACY = (
    "It learned from a simulated sky only. On other people's photos, which it had never seen, its "
    "accuracy is 91% (154 pictures from the web) and 98% (105 of Messier clusters), with both "
    "classes counted equally."
)
ACCURACY_HELP = (
    "Of 100 new pictures of the same kind, about this many are labelled correctly. The range holds "
    "the true figure in 95 of 100 cases; more pictures make it narrower. In a cross-validation, "
    "every picture is judged by a quick last layer that learned from other pictures only. A test "
    "judges only the few pictures that were kept for it."
)


@dataclass(frozen=True)
class Accuracy:
    """The best that is known about a model's accuracy on new pictures.

    Attributes
    ----------
    share : float
        Share of correct answers, 0 to 1.
    interval : tuple of float or None
        Lower and upper bound of its 95 % confidence interval, 0 to 1; None if it was not kept.
    n : int
        Number of pictures that it was measured on, at least 1.
    is_cross_validated : bool
        Whether it is from a cross-validation of all pictures, and not from the final test.
    """

    share: float
    interval: tuple[float, float] | None
    n: int
    is_cross_validated: bool

    def to_record(self) -> dict[str, Any]:
        """Return the record of a cross-validation that a manifest holds, ready for JSON."""
        return {
            "n": self.n,
            "accuracy": self.share,
            "interval_95": list(self.interval) if self.interval else None,
        }


def read_accuracy(metrics: Mapping[str, Any]) -> Accuracy | None:
    """Return the accuracy in the metrics of a manifest, which may contain anything.

    Returns
    -------
    Accuracy or None
        From the cross-validation; without one, from the test; None without either.
    """
    return read_cross_validation(metrics) or _read_test(metrics)


def read_cross_validation(metrics: Mapping[str, Any]) -> Accuracy | None:
    """Return the accuracy in the cross-validation of a manifest, if that makes sense."""
    try:
        record = metrics[CROSS_VALIDATION]
        n, share = check_count(record["n"]), check_number(record["accuracy"])
        interval = read_bounds(record["interval_95"])
    except MALFORMED_ERRORS:
        return None
    return Accuracy(share, interval, n, True) if n and 0 <= share <= 1 and interval else None


def read_test(metrics: Mapping[str, Any]) -> tuple[int, int, tuple[float, float] | None]:
    """Return the number of test pictures, of correct ones, and the interval, if they make sense."""
    test = metrics.get("test")
    if not isinstance(test, Mapping):
        return 0, 0, None
    try:
        n, n_right = check_count(test.get("n")), check_count(test.get("n_right"))
    except ValueError:
        return 0, 0, None
    if n_right > n or n == 0:
        return 0, 0, None
    return n, n_right, read_bounds(test.get("interval_95"))


def read_bounds(bounds: object) -> tuple[float, float] | None:
    """Return the bounds of an interval, if they make sense."""
    match bounds:
        case [float() | int() as low, float() | int() as high] if 0 <= low <= high <= 1:
            return float(low), float(high)
    return None


def describe_accuracy(accuracy: Accuracy | None) -> str:
    """Return how good a model is, in one sentence."""
    if accuracy is None:
        return NOT_TESTED
    likely = f" (likely {format_interval(accuracy.interval)})" if accuracy.interval else ""
    pictures = "1 picture" if accuracy.n == 1 else f"{accuracy.n:,} pictures"
    verb = "cross-validated on" if accuracy.is_cross_validated else "tested on"
    return (
        f"About {format_share(accuracy.share)} correct on new pictures{likely}, {verb} {pictures}."
    )


def format_share(share: float | None) -> str:
    """Return a share from 0 to 1 as a whole percentage; a dash for None.

    Only all is 100 %, and only nothing 0 %: other shares have as many digits as that takes.
    """
    if share is None:
        return "-"
    for digits in range(_MAX_DIGITS):
        words = f"{100 * share:.{digits}f}"
        if share in (0, 1) or float(words) not in (0, 100):
            return f"{words}%"
    return "under 0.01%" if share < 0.5 else "over 99.99%"  # noqa: PLR2004


def format_interval(interval: tuple[float, float]) -> str:
    """Return the two bounds as percentages: `89% to 98%`."""
    return f"{format_share(interval[0])} to {format_share(interval[1])}"


def _read_test(metrics: Mapping[str, Any]) -> Accuracy | None:
    n, n_right, interval = read_test(metrics)
    return Accuracy(n_right / n, interval, n, False) if n else None
