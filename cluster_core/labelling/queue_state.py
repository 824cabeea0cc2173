"""The pictures, classes and decisions of a queue, as its log has them."""

from __future__ import annotations

from typing import Any

from cluster_core.data.labels import check_class_name
from cluster_core.labelling.records import (
    Decision,
    QueuedPicture,
    Verdict,
    check_decision,
    check_picture,
    check_sha256,
)
from cluster_core.storage.saved_values import check_shown_text, check_text


class QueueState:
    """The sum of the entries of a log.

    Attributes
    ----------
    name : str
        Name of the queue.
    network : str
        Name of the network whose features order the pictures.
    classes : list of str
        The classes, in the order of their keys.
    pictures : dict of str to QueuedPicture
        By hash, in the order in which they were added.
    decisions : dict of str to Decision
        By hash, the latest last.
    """

    def __init__(self) -> None:
        self.name, self.network = "", ""
        self.classes: list[str] = []
        self.pictures: dict[str, QueuedPicture] = {}
        self.decisions: dict[str, Decision] = {}

    @property
    def labelled(self) -> dict[str, str]:
        """The class by hash of each picture that has one, the latest last."""
        return {sha256: one.label for sha256, one in self.decisions.items() if one.label}

    @property
    def n_labelled(self) -> int:
        """Number of pictures with a decision other than to skip them."""
        return sum(one.verdict is not Verdict.SKIP for one in self.decisions.values())

    def apply(self, entry: dict[str, Any]) -> None:
        """Apply an entry of the log.

        Raises
        ------
        ClusterError, MALFORMED_ERRORS
            The entry is damaged.
        """
        match entry:
            case {"queue": name, "network": network}:
                self.name, self.network = check_shown_text(name), check_text(network)
            case {"class": label}:
                stored = check_class_name(check_text(label))
                if stored not in self.classes:
                    self.classes.append(stored)
            case {"removed class": label}:
                self.classes.remove(check_text(label))
            case {"picture": _}:
                picture = check_picture(entry)
                self.pictures.setdefault(picture.sha256, picture)
            case {"decided": sha256}:
                if check_sha256(sha256) in self.pictures:
                    self.decisions.setdefault(sha256, check_decision(entry))
            case {"taken back": sha256s}:
                for sha256 in sha256s:
                    self.decisions.pop(sha256, None)
