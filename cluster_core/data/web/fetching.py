"""Fetch the picture at a web address into memory."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from cluster_core.data.web.addresses import read_address
from cluster_core.data.web.client import WebClient
from cluster_core.errors import DownloadError, ImageError, ImageProblem
from cluster_core.images import read_bytes


def fetch_picture(address: str) -> bytes:
    """Download the file at an address, from a public server and within limits.

    Parameters
    ----------
    address : str
        An http or https address.

    Returns
    -------
    bytes
        Content of the file, not checked to be a picture.

    Raises
    ------
    ImageError
        The address is not valid, its server is not public, cannot be reached or refuses, or the
        file is too large.
    DatasetError
        The disk is full.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "download"
        try:
            parsed = read_address(address)
            _get_client().fetch(parsed, draft)
        except DownloadError as error:
            raise ImageError(str(error), path=address, reason=ImageProblem.UNREADABLE) from error
        return read_bytes(draft, name=parsed.file_name or address)


@functools.cache
def _get_client() -> WebClient:
    return WebClient()
