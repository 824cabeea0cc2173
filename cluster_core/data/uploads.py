"""Add many uploaded pictures to a dataset, in a task that can be interrupted and resumed."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cluster_core.access import Access
from cluster_core.data.archives.dataset_archive import ImportReport
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.class_folders import is_system_file
from cluster_core.data.editing.classes import add_class, list_classes
from cluster_core.data.editing.inspection import ClassContents, clean_file_name
from cluster_core.data.editing.pictures import add_picture
from cluster_core.data.index import Progress, RejectedFile
from cluster_core.data.labels import check_class_name, check_folder_name, fold_name
from cluster_core.data.twins import ClassesByContent, Twin
from cluster_core.errors import ClusterError, DatasetError, ImageError, PresentError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.mapping import map_images
from cluster_core.workspace import DATASET_SUFFIX, Workspace

_FOLDER_CLASS_PICTURE = 3
# The first dataset, if neither its user nor what is uploaded has a name for it.
UNNAMED_DATASET = "pictures"


@dataclass(frozen=True)
class NewPicture:
    """An uploaded picture, to be stored.

    Attributes
    ----------
    label : str
        Its class; created if missing.
    name : str
        File name on the visitor's computer.
    read : callable
        Returns the content of the file. Called once. It may raise an ImageError or a
        DatasetError that says why the picture is left out.
    """

    label: str
    name: str
    read: Callable[[], bytes]


class PictureBatch:
    """Pictures to be added to a dataset; a bad one does not stop the others.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset; created if missing.
    pictures : sequence of NewPicture
        In the order in which they are stored.
    """

    def __init__(self, access: Access, image_dir: Path, pictures: Sequence[NewPicture]) -> None:
        self._access = access
        self._image_dir = image_dir
        self._pictures = tuple(pictures)
        self._outcomes: dict[int, tuple[str, ClusterError | None]] = {}  # label, and problem
        self._seen: set[tuple[str, str]] = set()
        self._stored: list[Path] = []
        self._twins: list[Twin] = []
        self._new_classes: list[Path] = []
        self._lock = threading.Lock()

    @property
    def n_pictures(self) -> int:
        """Total number of pictures."""
        return len(self._pictures)

    def store_remaining(self, cache: CacheFile, on_progress: Progress | None = None) -> None:
        """Store all pictures that have not been processed yet.

        Parameters
        ----------
        cache : CacheFile
            Where facts about the pictures are kept, so that a scan need not decode them.
        on_progress : callable, optional
            Called with (pictures processed, pictures in total) after each picture. It may
            raise to stop; stored pictures stay, and the next call processes the rest.

        Raises
        ------
        AccessError
            This server does not allow it.
        DatasetError
            The dataset cannot be opened.
        """
        waiting = [n for n in range(self.n_pictures) if n not in self._outcomes]
        labels = self._find_classes({self._pictures[n].label for n in waiting})
        contents = {
            label: ClassContents(self._image_dir / label)
            for label, problem in labels.values()
            if problem is None
        }
        classes = ClassesByContent(self._image_dir)

        def store(number: int) -> None:
            picture = self._pictures[number]
            label, refusal = labels[picture.label]
            stored = refusal or self._store(picture, label, cache, contents[label])
            if isinstance(stored, ClusterError):
                self._outcomes[number] = label, stored
                return
            path, sha256 = stored
            with self._lock:
                if twin := classes.add(path, path.stat().st_size, sha256):
                    self._twins.append(twin)
            self._outcomes[number] = label, None

        with closing(map_images(store, waiting)) as stored:
            for _ in stored:
                if on_progress:
                    on_progress(len(self._outcomes), self.n_pictures)

    def report(self) -> ImportReport:
        """Return which of the processed pictures were added or rejected."""
        added = Counter(label for label, problem in self._outcomes.values() if problem is None)
        rejected = tuple(
            RejectedFile(
                Path(clean_file_name(self._pictures[n].name)),
                label,
                str(problem),
                isinstance(problem, PresentError),
            )
            for n, (label, problem) in sorted(self._outcomes.items())
            if problem is not None
        )
        return ImportReport(dict(sorted(added.items())), rejected, twins=tuple(self._twins))

    @property
    def stored(self) -> tuple[Path, ...]:
        """The files that were added so far."""
        return tuple(self._stored)

    @property
    def new_classes(self) -> tuple[Path, ...]:
        """The folders of classes that did not exist before."""
        return tuple(self._new_classes)

    def _find_classes(self, wanted: set[str]) -> dict[str, tuple[str, DatasetError | None]]:
        """Create missing classes; return the stored name of each, or why it cannot be used."""
        present = {fold_name(label): label for label in list_classes(self._image_dir)}
        found: dict[str, tuple[str, DatasetError | None]] = {}
        for label in sorted(wanted):
            try:
                stored = check_class_name(label)
                if fold_name(stored) not in present:
                    folder = add_class(self._access, self._image_dir, stored)
                    self._new_classes.append(folder)
                    present[fold_name(stored)] = folder.name
                found[label] = present[fold_name(stored)], None
            except DatasetError as error:
                found[label] = label, error
        return found

    def _store(
        self, picture: NewPicture, label: str, cache: CacheFile, contents: ClassContents
    ) -> tuple[Path, str] | ClusterError:
        """Store one picture; return its file and hash, or the reason why it was rejected."""
        try:
            data = picture.read()
        except (ImageError, DatasetError) as error:
            return error
        sha256 = hashlib.sha256(data).hexdigest()
        with self._lock:
            was_seen = (label, sha256) in self._seen
            self._seen.add((label, sha256))
        name = clean_file_name(picture.name)
        if was_seen:
            return PresentError(
                f"{name} was left out, because the same picture was added twice.",
                path=self._image_dir,
            )
        try:
            path = add_picture(
                self._access,
                self._image_dir,
                label,
                picture.name,
                data,
                cache=cache,
                contents=contents,
            )
        except (ImageError, DatasetError) as error:
            return error
        self._stored.append(path)
        return path, sha256


def assign_labels(names: Sequence[str], chosen: str | None) -> list[str | None]:
    """Assign a class to each file of an uploaded folder.

    Parameters
    ----------
    names : sequence of str
        Paths that begin with the name of the folder, such as `photos/open clusters/M 45.jpg`.
    chosen : str or None
        Class of the pictures outside sub-folders. If there are no sub-folders and no class
        is chosen, the folder itself is the class.

    Returns
    -------
    list of (str or None)
        The class of each file, in order; None for files to be left out.
    """
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    has_classes = any(len(path.parts) >= _FOLDER_CLASS_PICTURE for path in paths)

    def find_label(path: PurePosixPath) -> str | None:
        if any(is_system_file(part) for part in path.parts):
            return None
        if len(path.parts) >= _FOLDER_CLASS_PICTURE:
            return path.parts[1]
        return chosen if has_classes or chosen else path.parts[0]

    return [find_label(path) for path in paths]


def name_dataset_after(workspace: Workspace, upload: str) -> Path:
    """Return the folder of a dataset named after an uploaded .zip or folder of classes.

    Parameters
    ----------
    workspace : Workspace
        Where the dataset is to be.
    upload : str
        Name of the .zip, such as `shapes.zip`, or path of a file in the folder, such as
        `shapes/circles/1.png`.

    Returns
    -------
    Path
        For example `shapes_photos`; `pictures_photos` if the name is not valid for a dataset,
        or the folder has no sub-folders, so that its name is that of a class.
    """
    parts = PurePosixPath(upload.replace("\\", "/")).parts
    name = UNNAMED_DATASET
    if len(parts) == 1:
        name = parts[0].removesuffix(".zip").removesuffix(".ZIP")
    elif len(parts) >= _FOLDER_CLASS_PICTURE:
        name = parts[0]
    try:
        name = check_folder_name(name.removesuffix(DATASET_SUFFIX), "dataset")
        return dataset_dir(workspace, name)
    except DatasetError:
        return dataset_dir(workspace, UNNAMED_DATASET)
