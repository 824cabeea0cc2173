"""Error classes and their context."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import pytest

from cluster_core import errors
from cluster_core.errors import (
    AccessError,
    BackboneError,
    BundleError,
    ClusterError,
    ConfigError,
    DatasetError,
    DownloadError,
    ImageError,
    ImageProblem,
    NotSolvedError,
    PositionError,
    PresentError,
    ProjectError,
    PublishError,
    RunError,
    SortingError,
)

EXAMPLES = [
    ConfigError("steps must be at least 1.", field="steps", received=0, allowed="1 and up"),
    DatasetError("Too few.", path=Path("photos"), label="open", found=1, needed=3),
    PresentError("It is in open already.", path=Path("photos"), label="open"),
    ImageError("a.png is empty.", path="a.png", reason=ImageProblem.UNREADABLE),
    DownloadError("No such server.", address="http://nowhere.example/a.png"),
    BackboneError("No such network.", name="resnet"),
    BundleError("No model.", path=Path("model")),
    RunError("It ended badly.", exit_code=9, log_end="killed"),
    ProjectError("Not a project.", path=Path("project.zip")),
    PublishError("Taken.", alias="clusters"),
    SortingError("It is full.", path=Path("sorted")),
    AccessError("Not here.", action="train"),
]
# Of pictures whose names only the caller knows.
WITHOUT_CONTEXT = [PositionError("It has no scale."), NotSolvedError("No stars.")]


def test_examples_cover_every_error_class():
    kinds = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, ClusterError) and kind is not ClusterError
    }
    assert kinds == {type(error) for error in (*EXAMPLES, *WITHOUT_CONTEXT)}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_error_keeps_its_message_and_context(error):
    assert isinstance(error, ClusterError)
    assert str(error) == error.args[0]
    parameters = inspect.signature(type(error)).parameters.keys() - {"message"}
    assert parameters
    assert parameters == vars(error).keys()


def test_optional_context_defaults_to_none_or_empty():
    assert vars(DatasetError("No folder.", path=Path("photos"))) == {
        "path": Path("photos"),
        "label": None,
        "found": None,
        "needed": None,
    }
    assert vars(RunError("Busy.")) == {"exit_code": None, "log_end": ""}


def test_image_problems_are_readable_words():
    assert [str(problem) for problem in ImageProblem] == [
        "unreadable",
        "unsupported",
        "too large",
        "no picture in this FITS",
        "blank",
    ]
    assert pickle.loads(pickle.dumps(ImageProblem.TOO_LARGE)) is ImageProblem.TOO_LARGE
