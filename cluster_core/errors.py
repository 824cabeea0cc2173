"""Errors shown to the user: what was expected, what was found, where, and what to do.

ClusterError
├ ConfigError     a setting is out of range, or settings contradict each other
├ DatasetError    a dataset cannot be read, changed or trained on
├ ImageError      a picture cannot be read
├ DownloadError   a picture cannot be downloaded
├ PositionError   where in the sky a picture is cannot be said
├ NotSolvedError  the stars of a picture were not recognised
├ BackboneError   a pretrained network is unknown or not available
├ BundleError     a trained model is missing, damaged or from a newer version
├ RunError        a training cannot start, or failed
├ ProjectError    a project's file cannot be written or loaded
├ SortingError    pictures cannot be sorted into a folder
├ PublishError    a model cannot be published under a name
└ AccessError     this server does not allow the action
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class ClusterError(Exception):
    """Base class of all errors whose message is a plain sentence for the user."""


class ConfigError(ClusterError):
    """A setting cannot be used.

    Attributes
    ----------
    field : str
        Name of the setting, for example of a field of `TrainConfig`.
    received : object
        The rejected value.
    allowed : str
        The accepted values, in words.
    """

    def __init__(self, message: str, *, field: str, received: object, allowed: str) -> None:
        super().__init__(message)
        self.field = field
        self.received = received
        self.allowed = allowed


class DatasetError(ClusterError):
    """A dataset cannot be read, changed or trained on.

    Attributes
    ----------
    path : Path
        The folder concerned.
    label : str or None
        The class at fault, if it is a single class.
    found, needed : int or None
        Number of pictures (or classes) found, and the number required.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path,
        label: str | None = None,
        found: int | None = None,
        needed: int | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.label = label
        self.found = found
        self.needed = needed


class PresentError(DatasetError):
    """A class already has the same picture."""


class ImageProblem(StrEnum):
    """Reasons why a picture cannot be read."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too large"
    NO_PICTURE = "no picture in this FITS"
    BLANK = "blank"


class ImageError(ClusterError):
    """A picture cannot be read.

    Attributes
    ----------
    path : str
        Name of the file, as the user knows it.
    reason : ImageProblem
        What is wrong with it.
    """

    def __init__(self, message: str, *, path: str, reason: ImageProblem) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason


class PositionError(ClusterError):
    """Where in the sky a picture is cannot be said."""


class NotSolvedError(ClusterError):
    """The stars of a picture were not recognised, or no program that does it is installed."""


class DownloadError(ClusterError):
    """A picture cannot be downloaded.

    Attributes
    ----------
    address : str
        The address that failed, possibly after redirects.
    """

    def __init__(self, message: str, *, address: str) -> None:
        super().__init__(message)
        self.address = address


class BackboneError(ClusterError):
    """A pretrained network is unknown, or its weights are not available.

    Attributes
    ----------
    name : str
        The requested backbone.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class BundleError(ClusterError):
    """A trained model is missing, damaged or from a newer version.

    Attributes
    ----------
    path : Path
        Folder of the bundle.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class RunError(ClusterError):
    """A training cannot start, or failed.

    Attributes
    ----------
    exit_code : int or None
        Exit code of the worker process, if it has ended.
    log_end : str
        Last lines of its log, possibly empty.
    """

    def __init__(self, message: str, *, exit_code: int | None = None, log_end: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.log_end = log_end


class ProjectError(ClusterError):
    """The file of a project cannot be written, or is damaged, not allowed or from a newer version.

    Attributes
    ----------
    path : Path
        The file or folder concerned.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class SortingError(ClusterError):
    """Pictures cannot be sorted into a folder, or not be put back.

    Attributes
    ----------
    path : Path
        The file or folder concerned.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class PublishError(ClusterError):
    """A model cannot be published under a name, or nothing is published under it.

    Attributes
    ----------
    alias : str
        The name in the link.
    """

    def __init__(self, message: str, *, alias: str) -> None:
        super().__init__(message)
        self.alias = alias


class AccessError(ClusterError):
    """Visitors of this server may not perform an action.

    Attributes
    ----------
    action : str
        The forbidden action, in words.
    """

    def __init__(self, message: str, *, action: str) -> None:
        super().__init__(message)
        self.action = action
