"""Looking through a model's mistakes: where the pictures are by now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cluster_core.evaluation.scores import TestedPicture
from cluster_core.model.weights import hash_file


class Whereabouts(StrEnum):
    """What became of a picture since a model was tested with it."""

    IN_PLACE = "in place"
    MOVED = "moved to another class"
    EDITED = "changed since"
    GONE = "no longer there"


@dataclass(frozen=True)
class FoundPicture:
    """A tested picture and what became of it.

    Attributes
    ----------
    tested : TestedPicture
    whereabouts : Whereabouts
    path : Path or None
        Where it is now; None if it is gone.
    """

    tested: TestedPicture
    whereabouts: Whereabouts
    path: Path | None

    @property
    def label(self) -> str | None:
        """The class it is in now."""
        return self.path.parent.name if self.path else None


def find_picture(image_dir: Path, tested: TestedPicture) -> FoundPicture:
    """Look for a picture where it was when it was tested, then in the other classes.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    tested : TestedPicture
        Its path is relative to that folder.
    """
    name = tested.path.name
    then = image_dir / tested.label / name
    try:
        if then.is_file():
            is_same = hash_file(then) == tested.sha256
            return FoundPicture(
                tested, Whereabouts.IN_PLACE if is_same else Whereabouts.EDITED, then
            )
        others = [folder / name for folder in sorted(image_dir.iterdir()) if folder.is_dir()]
        for path in others:
            if path.is_file() and hash_file(path) == tested.sha256:
                return FoundPicture(tested, Whereabouts.MOVED, path)
    except OSError:
        pass  # deleted while it was looked for
    return FoundPicture(tested, Whereabouts.GONE, None)
