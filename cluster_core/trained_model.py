"""A trained model as a library offers it: load it, predict, evaluate, save."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.counter_classes import list_counter_classes
from cluster_core.errors import BundleError, DatasetError, ImageError, ImageProblem
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.images import read_bytes
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.folder import load_bundle, save_bundle
from cluster_core.model.bundle.selection import choose_bundle, model_dir
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.storage.mapping import map_images
from cluster_core.workspace import Workspace

PictureLike = np.ndarray | str | os.PathLike[str]
_RGB_AXES = 3  # height, width, channel
_PROBLEMS_SHOWN = 3


class TrainedModel:
    """A trained model; safe to share between threads.

    Get one from `load_model`.

    Parameters
    ----------
    bundle : ModelBundle
        The model as it is stored: head, labels, preprocessing, record of its training.
    workspace : Workspace, optional
        Where its converted backbone is kept; `Workspace.default()` when not given.

    Attributes
    ----------
    bundle : ModelBundle

    Raises
    ------
    BackboneError
        The weights of its backbone are missing, or are not those it was trained with.
    """

    def __init__(self, bundle: ModelBundle, workspace: Workspace | None = None) -> None:
        self.bundle = bundle
        self._predictor = Predictor(bundle, workspace or Workspace.default())

    def __repr__(self) -> str:
        return f"TrainedModel({self.bundle.name!r}, labels={list(self.labels)})"

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the head's columns."""
        return self.bundle.labels

    def predict(self, pictures: PictureLike | Iterable[PictureLike]) -> list[Prediction]:
        """Label pictures, on all cores.

        Parameters
        ----------
        pictures : path or ndarray, or iterable of these
            Paths of picture files of any supported format, or RGB pictures as uint8
            arrays of shape (height, width, 3) and any size. An array of shape
            (n, height, width, 3) is n pictures.

        Returns
        -------
        list of Prediction
            One per picture, in order; a single picture gives a list of one.

        Raises
        ------
        ImageError
            A file cannot be read, or an array is not an RGB picture.
        """
        return list(map_images(self._predict_one, _split_up(pictures)))

    def evaluate(self, image_dir: str | os.PathLike[str]) -> Metrics:
        """Compare predictions with the labels of a folder that has one sub-folder per class.

        The folder should hold pictures that the model has not learned from. Files that
        cannot be read are left out, with a warning that names them. So are counter-examples,
        in a folder such as `none_of_these`, without a warning.

        Parameters
        ----------
        image_dir : path
            Each sub-folder is named after one of the model's labels; classes may be missing.

        Returns
        -------
        Metrics
            Accuracy, its 95 % interval, the confusion matrix and every picture's result.

        Raises
        ------
        DatasetError
            The folder does not exist, has no readable picture, or has a class that the
            model does not know.
        """
        image_dir = Path(image_dir)
        found = [
            label
            for label in list_labels(image_dir)
            if label in self.labels or not list_counter_classes(image_dir, [label])
        ]
        unknown = [label for label in found if label not in self.labels]
        if unknown:
            raise DatasetError(
                f"{image_dir} has the class {unknown[0]!r}, which this model does not know: "
                f"rename its folder to one of {', '.join(self.labels)}, or move it elsewhere.",
                path=image_dir,
                label=unknown[0],
            )
        files = [(label, path) for label in found for path in list_files(image_dir / label)]
        results = list(map_images(self._test_one, files))
        tested = tuple(result for result in results if isinstance(result, TestedPicture))
        unreadable = [str(result) for result in results if isinstance(result, ImageError)]
        if unreadable:
            warnings.warn(_name_unreadable(unreadable), stacklevel=2)
        if not tested:
            raise DatasetError(
                f"There are no readable pictures in the class folders of {image_dir}: put them "
                f"into sub-folders named {' or '.join(self.labels)}.",
                path=image_dir,
                found=0,
                needed=1,
            )
        return Metrics(self.labels, tested)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the model to a new folder, from which `load_model` reads it back.

        Parameters
        ----------
        folder : path
            Does not exist yet; its last part becomes the model's name.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        BundleError
            Something exists at that path, or it cannot be written.
        """
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 (resolve() would follow links)
        if folder.exists():
            raise BundleError(
                f"{folder} already exists, and saving would replace it: choose another folder.",
                path=folder,
            )
        try:
            return save_bundle(dataclasses.replace(self.bundle, name=folder.name), folder.parent)
        except OSError as error:
            raise BundleError(
                f"The model could not be written to {folder} ({error.strerror}): make sure that "
                "the disk has room and that you may write there.",
                path=folder,
            ) from error

    def _predict_one(self, picture: PictureLike) -> Prediction:
        if isinstance(picture, np.ndarray):
            _check_rgb(picture)
            return self._predictor.predict_pixels(picture)
        path = _check_path(picture)
        return self._predictor.predict_file(read_bytes(path, name=str(path)), str(path))

    def _test_one(self, file: tuple[str, Path]) -> TestedPicture | ImageError:
        label, path = file
        try:
            data = read_bytes(path)
            prediction = self._predictor.predict_file(data, path.name)
        except ImageError as error:
            return error
        sha256 = hashlib.sha256(data).hexdigest()
        return TestedPicture(path, sha256, label, prediction.label, prediction.score)


def load_model(
    path_or_name: str | os.PathLike[str] | None = None, workspace: Workspace | None = None
) -> TrainedModel:
    """Load a trained model.

    Parameters
    ----------
    path_or_name : path or str, optional
        A model's folder, or the id or title of a model in the workspace; `"starter"` is the
        model that ships with the program. When not given: the default model of the
        workspace, else its newest one, else the starter model.
    workspace : Workspace, optional
        `Workspace.default()` when not given.

    Returns
    -------
    TrainedModel

    Raises
    ------
    BundleError
        There is no such model, or it is damaged or made by a newer version.
    BackboneError
        The weights of its backbone are missing, or are not those it was trained with.
    """
    workspace = workspace or Workspace.default()
    if path_or_name is None:
        return TrainedModel(choose_bundle(None, workspace), workspace)
    return TrainedModel(load_bundle(_find_folder(path_or_name, workspace)), workspace)


def _find_folder(path_or_name: str | os.PathLike[str], workspace: Workspace) -> Path:
    folder = Path(path_or_name)
    models = list_models(workspace)
    if isinstance(path_or_name, str):
        for model in models:
            if path_or_name in (model.id, model.title):
                return model_dir(workspace, model.id)
    if folder.exists():
        return folder  # `load_bundle` says what is wrong with it
    names = ", ".join(repr(model.title) for model in models[:5])
    raise BundleError(
        f"There is no model {str(path_or_name)!r}, neither as a folder nor in {workspace.root}, "
        f"which has {names}: give one of these, or the path of a model's folder.",
        path=folder,
    )


def _split_up(pictures: PictureLike | Iterable[PictureLike]) -> Iterable[PictureLike]:
    if isinstance(pictures, str | os.PathLike):
        return [pictures]
    if isinstance(pictures, np.ndarray) and pictures.ndim <= _RGB_AXES:
        return [pictures]
    return pictures


def _check_path(picture: object) -> Path:
    if not isinstance(picture, str | os.PathLike):
        raise ImageError(
            "A picture must be a path or an array, and this is of type "
            f"{type(picture).__name__}: for a Pillow image, give np.asarray(image.convert('RGB')).",
            path="object",
            reason=ImageProblem.UNSUPPORTED,
        )
    path = Path(picture)
    if path.is_dir():
        raise ImageError(
            f"{path} is a folder: give the paths of its pictures, or call evaluate with it.",
            path=str(path),
            reason=ImageProblem.UNREADABLE,
        )
    return path


def _check_rgb(pixels: np.ndarray) -> None:
    is_rgb = pixels.ndim == _RGB_AXES and pixels.shape[2] == 3 and pixels.size > 0  # noqa: PLR2004
    if pixels.dtype != np.uint8 or not is_rgb:
        raise ImageError(
            "A picture in memory must be a uint8 array of shape (height, width, 3), and this is "
            f"{pixels.dtype} of shape {pixels.shape}: convert it, or give the path of its file.",
            path="array",
            reason=ImageProblem.UNSUPPORTED,
        )


def _name_unreadable(problems: Sequence[str]) -> str:
    files = "1 file" if len(problems) == 1 else f"{len(problems)} files"
    more = len(problems) - _PROBLEMS_SHOWN
    ending = f" And {more} more." if more > 0 else ""
    shown = " ".join(problems[:_PROBLEMS_SHOWN])
    return f"{files} could not be read, so the evaluation is without: {shown}{ending}"
