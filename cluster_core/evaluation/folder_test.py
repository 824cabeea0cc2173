"""Test a model on any folder of labelled pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cluster_core.data.index import DatasetIndex, Progress
from cluster_core.errors import DatasetError
from cluster_core.evaluation.learned_pictures import count_learned
from cluster_core.evaluation.model_evaluation import SideFeatures, score_features
from cluster_core.evaluation.picture_features import iterate_features
from cluster_core.evaluation.rejections import Rejections
from cluster_core.evaluation.scored_pictures import ScoredPictures, join
from cluster_core.evaluation.scores import count_independent_pictures
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.prediction.words import find_kind
from cluster_core.workspace import Workspace

# "Globular", "globular cluster" and "globular star clusters" mean the same.
_FILLERS = ("star", "cluster")


@dataclass(frozen=True, repr=False)
class FolderTest:
    """A model's answers for a folder of labelled pictures.

    Attributes
    ----------
    pictures : ScoredPictures
        The pictures of classes that the model knows, under the model's names for them.
    index : DatasetIndex
        The folder.
    n_unknown : mapping of str to int
        Number of pictures by class, for classes that the model does not know; left out.
    n_learned : int or None
        How many of the folder's pictures the model learned from; None if that is unknown.
    rejections : Rejections or None
        How many pictures were answered none of these; None if the folder has no counter-examples,
        or the model cannot answer so.
    """

    pictures: ScoredPictures
    index: DatasetIndex
    n_unknown: Mapping[str, int]
    n_learned: int | None
    rejections: Rejections | None = None


def run_folder_test(
    bundle: ModelBundle,
    index: DatasetIndex,
    workspace: Workspace,
    on_progress: Progress = lambda done, total: None,
) -> FolderTest:
    """Score the pictures of a folder, and compare the answers with their classes.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    index : DatasetIndex
        The folder. A class is known if the model has one of that name, in any case, or one that
        means the same, such as `Open clusters` and `open`.
    workspace : Workspace
        Has the network, and the cache of its features.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all. An exception in it stops the test;
        features computed so far stay in the cache.

    Returns
    -------
    FolderTest

    Raises
    ------
    DatasetError
        The model knows none of the classes, or they have no pictures.
    BackboneError
        The network is not available.
    ImageError
        A picture can no longer be read.
    RunError
        The cache cannot be used, or the network computes numbers that are not finite.
    """
    names = match_labels(index.labels, bundle.labels)
    known = [
        replace(picture, label=names[picture.label])
        for picture in index.pictures
        if picture.label in names
    ]
    if not index.pictures:
        raise DatasetError(
            f"There are no labelled pictures in {index.image_dir}: add a sub-folder of pictures "
            "for each class, or choose another folder.",
            path=index.image_dir,
        )
    if not known:
        raise DatasetError(
            f"The model knows {', '.join(bundle.labels)}, and {index.image_dir.name} has no "
            f"pictures of these classes (it has {', '.join(index.labels)}): choose another "
            "folder, or rename its classes.",
            path=index.image_dir,
        )
    unknown = Counter(picture.label for picture in index.pictures if picture.label not in names)
    detector = bundle.novelty
    counter = index.counter_pictures if detector else ()
    scored = []
    rejected: list[bool] = []
    n_done = 0
    for pictures, features in iterate_features([*known, *counter], bundle, workspace, on_progress):
        n_known = min(max(len(known) - n_done, 0), len(pictures))
        n_done += len(pictures)
        if counter and detector:
            rejected += (detector.measure(features) > detector.threshold).tolist()
        side = SideFeatures(pictures[:n_known], features[:n_known])
        if n_known:
            scored.append(score_features(bundle.head, side, bundle.labels))
    rejections = None
    if counter:
        of_counter, of_known = rejected[len(known) :], rejected[: len(known)]
        rejections = Rejections(
            index.counter_labels, len(counter), sum(of_counter), len(known), sum(of_known)
        )
    learned = count_learned(bundle, index)
    answered = replace(join(scored), n_independent=count_independent_pictures(known))
    return FolderTest(answered, index, dict(unknown), learned, rejections)


def match_labels(labels: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return the model's name of each class of a folder that it knows.

    Parameters
    ----------
    labels, known : sequence of str
        The classes of the folder and of the model.
    """
    by_name = {_normalise(label): label for label in reversed(known)}
    exact = set(known)
    return {
        label: label if label in exact else by_name[_normalise(label)]
        for label in labels
        if label in exact or _normalise(label) in by_name
    }


def _normalise(label: str) -> str:
    """Return what a label means in simple words, without fillers and plurals."""
    plain = (find_kind(label) or label).casefold().replace("_", " ").replace("-", " ")
    words = (word.removesuffix("s") for word in plain.split())
    return " ".join(word for word in words if word not in _FILLERS) or plain
