"""How many pictures were answered none of these: counter-examples, and pictures of the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rejections:
    """How often a model answered none of these.

    Attributes
    ----------
    counter_labels : tuple of str
        The classes of the counter-examples.
    n_counter, n_counter_rejected : int
        Number of counter-examples, and of those that were rejected, as they should be.
    n_known, n_known_rejected : int
        Number of pictures of the classes, and of those that were rejected by mistake.
    """

    counter_labels: tuple[str, ...]
    n_counter: int
    n_counter_rejected: int
    n_known: int
    n_known_rejected: int

    def to_record(self) -> dict[str, Any]:
        """Return a record for JSON."""
        return {
            "counter_examples": {"n": self.n_counter, "n_rejected": self.n_counter_rejected},
            "classes": {"n": self.n_known, "n_rejected": self.n_known_rejected},
        }
