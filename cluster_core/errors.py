"""Every error meant for the user: what was expected, what was found, where, what to do next.

ClusterError
├ ConfigError     a setting that is out of range, or settings that do not fit together
├ DatasetError    a folder of pictures that cannot be learned from
├ ImageError      one picture that cannot be read
├ DownloadError   an address from which no picture can be had
├ BackboneError   a pretrained network that is unknown or not at hand
├ BundleError     a trained model that is missing, damaged or from a newer version
├ RunError        a training that cannot start, or ended badly
└ AccessError     something that this server does not let its visitors do
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class ClusterError(Exception):
    """Base of all errors whose text is a plain sentence for the user."""


class ConfigError(ClusterError):
    """A setting cannot be used.

    Attributes
    ----------
    field : str
        Name of the setting, as in `TrainConfig`.
    received : object
        The value that was given.
    allowed : str
        What would have been accepted, in words.
    """

    def __init__(self, message: str, *, field: str, received: object, allowed: str) -> None:
        super().__init__(message)
        self.field = field
        self.received = received
        self.allowed = allowed


class DatasetError(ClusterError):
    """A folder of class folders cannot be learned from.

    Attributes
    ----------
    path : Path
        The folder.
    label : str or None
        The class at fault, where it is one class.
    found, needed : int or None
        Pictures (or classes) there are, and how many it takes.
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


class ImageProblem(StrEnum):
    """Why a picture could not be read."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too large"
    NO_PICTURE = "no picture in this FITS"


class ImageError(ClusterError):
    """One picture cannot be read.

    Attributes
    ----------
    path : str
        Name of the file, as the user knows it.
    reason : ImageProblem
        The kind of problem.
    """

    def __init__(self, message: str, *, path: str, reason: ImageProblem) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason


class DownloadError(ClusterError):
    """No picture can be had from an address.

    Attributes
    ----------
    address : str
        The address, which a server may have led to.
    """

    def __init__(self, message: str, *, address: str) -> None:
        super().__init__(message)
        self.address = address


class BackboneError(ClusterError):
    """A pretrained network is unknown, or its weights are not at hand.

    Attributes
    ----------
    name : str
        The backbone asked for.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class BundleError(ClusterError):
    """A trained model is missing, damaged, or made by a newer version.

    Attributes
    ----------
    path : Path
        The bundle's folder.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class RunError(ClusterError):
    """A training cannot start because another runs, or it ended badly.

    Attributes
    ----------
    exit_code : int or None
        Exit code of the worker, where one ended.
    log_end : str
        The last lines of its log.
    """

    def __init__(self, message: str, *, exit_code: int | None = None, log_end: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.log_end = log_end


class AccessError(ClusterError):
    """The server does not let its visitors do that.

    Attributes
    ----------
    action : str
        What was to be done, in words.
    """

    def __init__(self, message: str, *, action: str) -> None:
        super().__init__(message)
        self.action = action
