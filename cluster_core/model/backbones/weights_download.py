"""Download the weights of a network from Keras, and check them by their hash."""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import certifi

from cluster_core.errors import DownloadError
from cluster_core.model.backbones.registry import BackboneSpec
from cluster_core.storage.drafts import replacing

CHUNK_BYTES = 1 << 17
TIMEOUT_S = 20.0
# HDF5 adds a little to the weights; anything far larger is another file.
MAX_RATIO = 1.3
_MEGA = 1e6
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5_LENGTH = 32
# None of these opens http://, also not after a redirect.
_HANDLERS = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPErrorProcessor,
    urllib.request.UnknownHandler,
)

ByteProgress = Callable[[int, int], None]


def ignore_progress(done_bytes: int, total_bytes: int) -> None:
    """Take no note of the progress of a download."""


def download_weights(
    spec: BackboneSpec, model_dir: Path, on_progress: ByteProgress = ignore_progress
) -> Path:
    """Download the weights of a network, and check them by their hash.

    Keras publishes hashes for some of its files. For the others, the SHA-256 of the first
    download is kept beside the file, and a later download must match it.

    Parameters
    ----------
    spec : BackboneSpec
        A network with a `weights_file`.
    model_dir : Path
        The folder to write to; created if necessary.
    on_progress : callable, optional
        Called with the bytes received and the total, 0 if unknown. An exception in it stops
        the download, and nothing is kept.

    Returns
    -------
    Path
        The weights file.

    Raises
    ------
    DownloadError
        The server cannot be reached or has no such file, or the file is not the expected one.
        The message is a clause for the middle of a sentence.
    OSError
        The folder cannot be written to.
    """
    target = model_dir / spec.weights_file
    record = model_dir / f"{spec.weights_file}.sha256"
    digests = [hashlib.sha256()]
    if spec.weights_hash and len(spec.weights_hash) == _MD5_LENGTH:
        digests.append(hashlib.md5(usedforsecurity=False))
    with replacing(target) as draft, draft.open("wb") as file:
        for chunk in _fetch(spec, on_progress):
            file.write(chunk)
            for digest in digests:
                digest.update(chunk)
        file.close()
        sha256 = digests[0].hexdigest()
        expected = spec.weights_hash or _read_record(record)
        if expected not in (None, *(digest.hexdigest() for digest in digests)):
            raise _make_error(
                spec, f"{spec.weights_file} arrived with another content than expected"
            )
    with replacing(record) as draft:
        draft.write_text(f"{sha256}  {spec.weights_file}\n")  # `sha256sum --check` reads this
    return target


def open_https(address: str) -> http.client.HTTPResponse:
    """Open an https address, also through the proxy that the environment names.

    Raises
    ------
    OSError, http.client.HTTPException
        The address cannot be opened, or a redirect leaves https.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    opener = urllib.request.OpenerDirector()
    for make_handler in _HANDLERS:
        opener.add_handler(make_handler())
    opener.add_handler(urllib.request.HTTPSHandler(context=context))
    response: http.client.HTTPResponse = opener.open(address, timeout=TIMEOUT_S)
    return response


def _fetch(spec: BackboneSpec, on_progress: ByteProgress) -> Iterator[bytes]:
    """Yield the content of a weights file; raise if it is incomplete or too large."""
    max_bytes = round(MAX_RATIO * spec.download_mb * _MEGA + _MEGA)
    with _explaining_network(spec):
        response = open_https(spec.weights_url)
    with response:
        total = response.length or 0
        n_bytes = 0
        while True:
            if max(total, n_bytes) > max_bytes:
                raise _make_error(spec, f"{spec.weights_file} is larger than it should be")
            with _explaining_network(spec):
                chunk = response.read(CHUNK_BYTES)
            if not chunk:
                break
            n_bytes += len(chunk)
            on_progress(n_bytes, total)
            yield chunk
        if n_bytes < total:
            raise _make_error(spec, f"the connection to {_name_host(spec)} was lost")


@contextmanager
def _explaining_network(spec: BackboneSpec) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        with error:
            reply = f"{error.code} {http.client.responses.get(error.code, '')}".rstrip()
        raise _make_error(
            spec, f"{_name_host(spec)} did not send {spec.weights_file} ({reply})"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise _make_error(spec, _explain(error, _name_host(spec))) from error


def _explain(error: Exception, host: str) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the identity of {host} could not be verified"
    if isinstance(reason, TimeoutError):
        return f"{host} did not answer within {TIMEOUT_S:g} seconds"
    return f"there is no connection to {host}"


def _read_record(path: Path) -> str | None:
    """Return the SHA-256 of an earlier download of the same file, or None."""
    try:
        found = _SHA256.match(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return found and found[0]


def _name_host(spec: BackboneSpec) -> str:
    return urlsplit(spec.weights_url).netloc


def _make_error(spec: BackboneSpec, reason: str) -> DownloadError:
    return DownloadError(reason, address=spec.weights_url)
