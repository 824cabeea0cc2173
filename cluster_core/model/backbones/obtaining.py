"""Obtain a missing network in the background, for all visitors: download or upload, then convert.

A page is redrawn at every click, and another visitor may want the same network, so the work
belongs to the process and not to a page.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from enum import StrEnum

from cluster_core.access import Access, Action
from cluster_core.errors import BackboneError, ClusterError, DownloadError
from cluster_core.model.backbones.registry import BackboneSpec
from cluster_core.model.backbones.weights_download import download_weights
from cluster_core.model.backbones.weights_upload import WeightsFile, add_weights, convert_confined
from cluster_core.workspace import Workspace

_logger = logging.getLogger(__name__)


class Phase(StrEnum):
    """What is being done; each value is shown."""

    DOWNLOAD = "Downloading"
    CONVERSION = "Preparing"


class _StoppedError(Exception):
    """A visitor clicked Stop."""


class Obtaining:
    """One network on its way. Its attributes may be read from any thread.

    Attributes
    ----------
    spec : BackboneSpec
        The network.
    phase : Phase
        What is being done.
    done_bytes, total_bytes : int
        Progress of the download; the total is 0 if unknown.
    problem : str
        Why it failed, as a sentence; empty if it did not.
    is_over : bool
        Whether it succeeded, failed or was stopped.
    was_stopped : bool
        Whether a visitor stopped it.
    """

    def __init__(self, spec: BackboneSpec) -> None:
        self.spec = spec
        self.phase = Phase.CONVERSION
        self.done_bytes, self.total_bytes = 0, 0
        self.problem = ""
        self.is_over = False
        self.was_stopped = False

    def stop(self) -> None:
        """Stop it, soon; nothing is kept of an unfinished file."""
        self.was_stopped = True

    def report(self, done_bytes: int, total_bytes: int) -> None:
        """Take note of the progress of the download; raise if it was stopped."""
        self.done_bytes, self.total_bytes = done_bytes, total_bytes
        if self.was_stopped:
            raise _StoppedError


_lock = threading.Lock()
_known: dict[tuple[Workspace, str], Obtaining] = {}


def find_obtaining(spec: BackboneSpec, workspace: Workspace) -> Obtaining | None:
    """Return the last attempt to obtain a network, which may be over, or None."""
    return _known.get((workspace, spec.name))


def has_failed(spec: BackboneSpec, workspace: Workspace) -> bool:
    """Return whether the last attempt to obtain a network failed."""
    found = find_obtaining(spec, workspace)
    return found is not None and found.is_over and bool(found.problem)


def forget_obtaining(spec: BackboneSpec, workspace: Workspace) -> None:
    """Forget the last attempt, if it is over."""
    with _lock:
        found = find_obtaining(spec, workspace)
        if found is not None and found.is_over:
            del _known[workspace, spec.name]


def start_download(access: Access, spec: BackboneSpec, workspace: Workspace) -> Obtaining:
    """Start to download and convert a network, unless somebody else did already.

    Parameters
    ----------
    access : Access
    spec : BackboneSpec
        A network with a `weights_file`.
    workspace : Workspace
        The workspace to add to.

    Raises
    ------
    AccessError
        If this server does not let its visitors add networks.
    """

    def work(obtaining: Obtaining) -> None:
        obtaining.phase = Phase.DOWNLOAD
        try:
            path = download_weights(spec, workspace.models, obtaining.report)
        except DownloadError as error:
            raise BackboneError(
                f"The weights of {spec.name} could not be downloaded, because {error}: try again "
                "later, upload a file with the weights, or choose another network.",
                name=spec.name,
            ) from error
        obtaining.phase = Phase.CONVERSION
        try:
            convert_confined(spec, path, workspace, lambda: obtaining.was_stopped)
        except BackboneError as error:
            raise BackboneError(
                str(error).replace(str(path), "The downloaded file"), name=spec.name
            ) from error

    return _start(access, spec, workspace, work)


def start_upload(
    access: Access, spec: BackboneSpec, weights: WeightsFile, workspace: Workspace
) -> Obtaining:
    """Start to check and convert an uploaded weights file; see `add_weights`.

    Raises
    ------
    AccessError
        If this server does not let its visitors add networks.
    """

    def work(obtaining: Obtaining) -> None:
        add_weights(access, spec, weights, workspace, lambda: obtaining.was_stopped)

    return _start(access, spec, workspace, work)


def _start(
    access: Access, spec: BackboneSpec, workspace: Workspace, work: Callable[[Obtaining], None]
) -> Obtaining:
    access.require(Action.ADD_NETWORKS)
    with _lock:
        found = find_obtaining(spec, workspace)
        if found is not None and not found.is_over:
            return found
        obtaining = Obtaining(spec)
        _known[workspace, spec.name] = obtaining
    threading.Thread(
        target=_run, args=(obtaining, work), name=f"obtaining {spec.name}", daemon=True
    ).start()
    return obtaining


def _run(obtaining: Obtaining, work: Callable[[Obtaining], None]) -> None:
    try:
        work(obtaining)
    except _StoppedError:
        pass
    except ClusterError as error:
        obtaining.problem = str(error)
    except OSError as error:
        obtaining.problem = (
            f"{error.filename or 'A file'} could not be written ({error.strerror or error}): make "
            "sure that the disk has room and that you may write there, then try again."
        )
    except Exception:
        _logger.exception("%s could not be obtained", obtaining.spec.name)
        obtaining.problem = (
            f"{obtaining.spec.name} could not be prepared because of an unexpected error, which "
            "is in the log: choose another network."
        )
    if obtaining.was_stopped:
        obtaining.problem = ""
    obtaining.is_over = True
