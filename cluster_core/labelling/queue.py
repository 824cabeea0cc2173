"""One queue: pictures as files named by their hashes, and a log of what was decided about them.

The first decision about a picture stands: one that comes later, from another tab or process, is
refused rather than lost or overwriting it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cluster_core.access import Access, Action
from cluster_core.data.labels import check_class_name, fold_name
from cluster_core.errors import DatasetError
from cluster_core.labelling.queue_log import QueueLog
from cluster_core.labelling.queue_state import QueueState
from cluster_core.labelling.records import (
    Decision,
    QueuedPicture,
    Verdict,
)
from cluster_core.storage.safe_moves import explaining_disk_errors

PICTURES = "pictures"
MAX_CLASSES = 30


class DecidedError(DatasetError):
    """Another tab or process has decided about this picture already.

    Attributes
    ----------
    decision : Decision
        The decision that stands.
    """

    def __init__(self, message: str, decision: Decision, *, path: Path) -> None:
        super().__init__(message, path=path)
        self.decision = decision


class LabelQueue(QueueState):
    """Unlabelled pictures, and the decisions about them. One thread may use an instance.

    Parameters
    ----------
    folder : Path
        An existing folder of a queue, named by its id.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._log = QueueLog(folder, self.apply)
        self.refresh()

    @property
    def id(self) -> str:
        """The name of the folder."""
        return self._folder.name

    @property
    def version(self) -> int:
        """The length of the log in bytes, which grows with every change."""
        return self._log.n_read

    def exists(self) -> bool:
        """Return whether the queue has not been deleted."""
        return self._log.exists()

    def refresh(self) -> None:
        """Read what was appended to the log since, by this or another tab or process."""
        with suppress(OSError):  # a deleted queue keeps what was read
            self._log.read()

    def add_class(self, access: Access, label: str) -> str:
        """Add a class, and return its name as it is stored.

        Raises
        ------
        DatasetError
            The name is not valid or taken, or there are `MAX_CLASSES` classes already.
        AccessError
            This server does not allow it.
        """
        access.require(Action.EDIT_DATASETS)
        stored = check_class_name(label)
        with self._changing(access) as append:
            if fold_name(stored) in map(fold_name, self.classes):
                raise DatasetError(
                    f"This queue already has a class {stored}: choose another name.",
                    path=self._folder,
                )
            if len(self.classes) >= MAX_CLASSES:
                raise DatasetError(
                    f"A queue can have up to {MAX_CLASSES} classes: remove one that is not used.",
                    path=self._folder,
                )
            append({"class": stored})
        return stored

    def remove_class(self, access: Access, label: str) -> None:
        """Remove a class that no picture has.

        Raises
        ------
        DatasetError
            Pictures have this class.
        AccessError
            This server does not allow it.
        """
        with self._changing(access) as append:
            if label in self.labelled.values():
                raise DatasetError(
                    f"Pictures are labelled as {label}: take their labels back first.",
                    path=self._folder,
                )
            append({"removed class": label})

    def add_picture(
        self, access: Access, picture: QueuedPicture, write: Callable[[Path], None]
    ) -> bool:
        """Keep a picture.

        Parameters
        ----------
        access : Access
        picture : QueuedPicture
            It was decoded before.
        write : callable
            Writes the file to a path. It must not create the folder, which a deleted queue lacks.

        Returns
        -------
        bool
            False if the queue has it already.

        Raises
        ------
        DatasetError
            The file cannot be written.
        AccessError
            This server does not allow it.
        """
        access.require(Action.EDIT_DATASETS)
        if picture.sha256 not in self.pictures:
            with explaining_disk_errors(f"{picture.name} could not be kept", self._folder):
                self._log.require()
                write(self._folder / PICTURES / picture.file_name)
        with self._changing(access) as append:
            if picture.sha256 in self.pictures:
                return False
            append(
                {
                    "picture": picture.sha256,
                    "name": picture.name,
                    "suffix": picture.suffix,
                    "n_bytes": picture.n_bytes,
                }
            )
        return True

    def find_file(self, sha256: str) -> Path:
        """Return the path of a picture's file, which may have been removed."""
        return self._folder / PICTURES / self.pictures[sha256].file_name

    def decide(self, access: Access, sha256: str, decision: Decision) -> None:
        """Record a decision about a picture that has none.

        Parameters
        ----------
        access : Access
        sha256 : str
            Hash of the picture.
        decision : Decision
            Its label is one of the classes.

        Raises
        ------
        DecidedError
            There is one already, made by another tab or process; it stands.
        DatasetError
            The picture or the class is not in the queue, or it cannot be written.
        AccessError
            This server does not allow it.
        """
        with self._changing(access) as append:
            self._require_known(sha256, decision.label)
            if standing := self.decisions.get(sha256):
                raise DecidedError(
                    f"Another tab labelled {self.pictures[sha256].name} first, as "
                    f"{describe(standing)}: that stays, and your {describe(decision)} was not "
                    "used.",
                    standing,
                    path=self._folder,
                )
            append(
                {
                    "decided": sha256,
                    "verdict": decision.verdict,
                    "label": decision.label,
                    "tab": decision.tab,
                }
            )

    def take_back_latest(
        self, access: Access, tab: str, other_tabs: Iterable[str] = ()
    ) -> str | None:
        """Take back the latest decision that no other open tab has made.

        Parameters
        ----------
        access : Access
        tab : str
            The tab that asks. Its own decisions come first.
        other_tabs : iterable of str
            Open tabs, whose decisions stay.

        Returns
        -------
        str or None
            Hash of the picture; None if there is no such decision.

        Raises
        ------
        DatasetError
            It cannot be written.
        AccessError
            This server does not allow it.
        """
        with self._changing(access) as append:
            others = set(other_tabs) - {tab}
            latest = list(reversed(self.decisions.items()))
            own = (sha256 for sha256, one in latest if one.tab == tab)
            orphaned = (sha256 for sha256, one in latest if one.tab not in others)
            found = next(own, None) or next(orphaned, None)
            if found is not None:
                append({"taken back": [found]})
            return found

    def take_back(self, access: Access, sha256s: Iterable[str]) -> None:
        """Take back the decisions about pictures; raises as `take_back_latest`."""
        with self._changing(access) as append:
            append({"taken back": [sha256 for sha256 in sha256s if sha256 in self.decisions]})

    def take_back_skips(self, access: Access) -> None:
        """Put skipped pictures into the queue again; raises as `take_back_latest`."""
        self.refresh()
        self.take_back(
            access, [key for key, one in self.decisions.items() if one.verdict is Verdict.SKIP]
        )

    def _require_known(self, sha256: str, label: str | None) -> None:
        if sha256 not in self.pictures:
            raise DatasetError(
                "This picture is no longer in the queue: reload the page.", path=self._folder
            )
        if label is not None and label not in self.classes:
            raise DatasetError(
                f"The class {label} was removed in another tab: reload the page.",
                path=self._folder,
            )

    @contextmanager
    def _changing(self, access: Access) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        """Lock the queue, read what others changed, and yield a function that appends an entry."""
        access.require(Action.EDIT_DATASETS)
        with (
            explaining_disk_errors("The queue could not be changed", self._folder),
            self._log.changing() as append,
        ):
            yield append


def describe(decision: Decision) -> str:
    """Return a decision in words: the class, "none of these" or "skip"."""
    return decision.label or decision.verdict.value
