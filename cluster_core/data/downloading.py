"""Download pictures from a list of addresses into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Action, require
from cluster_core.data.dataset import Progress


@dataclass(frozen=True)
class FailedAddress:
    """An address from which no picture could be had.

    Attributes
    ----------
    address : str
        As it was given.
    reason : str
        Why, in a sentence.
    """

    address: str
    reason: str


@dataclass(frozen=True)
class DownloadReport:
    """What became of a list of addresses.

    Attributes
    ----------
    added : tuple of Path
        The new pictures.
    skipped : tuple of str
        Addresses whose picture was in the folder already.
    failed : tuple of FailedAddress
        Addresses from which no picture could be had.
    """

    added: tuple[Path, ...]
    skipped: tuple[str, ...]
    failed: tuple[FailedAddress, ...]


def download_pictures(
    addresses: Sequence[str], folder: Path, on_progress: Progress | None = None
) -> DownloadReport:
    """Download the picture at each address, a few at a time.

    Parameters
    ----------
    addresses : sequence of str
        Where the pictures are; see `cluster_core.data.addresses.parse_addresses`.
    folder : Path
        Where they go, for example a class of a dataset. Made when missing.
    on_progress : callable, optional
        Told (addresses done, addresses in all) now and then. It may raise to stop; what was
        added until then stays, and is skipped the next time.

    Raises
    ------
    DatasetError
        The folder cannot be written, or another download into it is going on.
    AccessError
        This server does not allow it.
    """
    require(Action.DOWNLOAD)
    raise NotImplementedError
