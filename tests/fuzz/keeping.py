"""What a user has in a workspace, and checks that all of it is still there."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cluster_core.workspace import DATASET_SUFFIX, Workspace
from tests.fuzz.case import FaultError

_NOT_CONTENT = ("record.json",)


@dataclass(frozen=True)
class Belongings:
    """The pictures, models, runs and deleted files of a workspace.

    What waits in `.incoming` is a copy of a .zip file that the user has.

    Attributes
    ----------
    files : mapping of str to str
        Hash of every file by its path relative to the workspace.
    """

    files: dict[str, str]

    @classmethod
    def of(cls, workspace: Workspace) -> Belongings:
        """Take stock of a workspace."""
        folders = [*workspace.root.glob(f"*{DATASET_SUFFIX}"), workspace.bundles]
        folders += [workspace.runs, workspace.trash]
        paths = [path for folder in folders for path in folder.rglob("*")]
        paths = [path for path in paths if _is_kept(path)]
        return cls({p.relative_to(workspace.root).as_posix(): _hash(p) for p in paths})

    def without(self, folder: str) -> Belongings:
        """Return what is outside a folder of the workspace."""
        files = {p: sha256 for p, sha256 in self.files.items() if not p.startswith(f"{folder}/")}
        return Belongings(files)

    def require_unchanged(self, now: Belongings) -> None:
        """Raise FaultError if a file is gone or has other content; new ones are allowed."""
        for path, sha256 in self.files.items():
            if now.files.get(path) != sha256:
                raise FaultError(f"{path} was {'changed' if path in now.files else 'lost'}.")

    def require_content(self, now: Belongings) -> None:
        """Raise FaultError if the content of a file is nowhere any more; it may have been moved."""
        lost = Counter(self._list_content()) - Counter(now.files.values())
        if lost:
            names = [path for path, sha256 in self.files.items() if sha256 in lost]
            raise FaultError(
                f"{', '.join(sorted(names)[:5])} {'was' if len(lost) == 1 else 'were'} lost."
            )

    def _list_content(self) -> list[str]:
        return [
            sha256
            for path, sha256 in self.files.items()
            if not path.startswith(".trash/") or not path.endswith(_NOT_CONTENT)
        ]


def _is_kept(path: Path) -> bool:
    # Records of downloads grow; what else is hidden in a class is not the user's.
    parts = path.parts[path.parts.index("tf_files") + 1 :]
    hidden = any(part.startswith(".") for part in parts[1:])
    return path.is_file() and not path.is_symlink() and not hidden


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
