"""Read the pictures of a request while they arrive, with limits on size, number and time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from cluster_core.api.problems import ApiError
from cluster_core.server.pace import Pace
from cluster_core.storage.saved_values import make_printable

MAX_FILES = 32
MAX_FILE_BYTES = 20_000_000
# Names and boundaries: a few hundred bytes for each file.
_MAX_OVERHEAD_BYTES = 4096 * MAX_FILES
PACE = Pace()
_MAX_NAME_LENGTH = 200
_LARGE_BYTES = 2_000_000
UNNAMED = "The picture"
_RAW_TYPES = ("application/octet-stream", "application/fits")


@dataclass(frozen=True)
class PictureFile:
    """A picture of a request.

    Attributes
    ----------
    name : str or None
        Its file name, for messages only; None if the picture is the whole body.
    data : bytes
        Its content, of any kind.
    """

    name: str | None
    data: bytes


async def receive_pictures(request: Request) -> AsyncIterator[PictureFile]:
    """Yield the pictures of a request, each as soon as it is complete.

    Parameters
    ----------
    request : Request
        Its body is a form with files (multipart/form-data), or one picture.

    Yields
    ------
    PictureFile
        At most `MAX_FILES`, of at most `MAX_FILE_BYTES` each. The next one is only read when it
        is asked for, so that one is in memory at a time.

    Raises
    ------
    ApiError
        400 if the body is malformed, or has no picture or too many, 408 if it takes too long, 413
        if it is too large, and 415 if it is of another type.
    """
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    if request.headers.get("content-encoding", "identity") != "identity":
        raise ApiError(415, "Send the body as it is, without a content encoding such as gzip.")
    kind = content_type.decode("latin-1")
    if kind == "multipart/form-data":
        _check_length(request, MAX_FILES * MAX_FILE_BYTES + _MAX_OVERHEAD_BYTES)
        async for file in _receive_form(request, options.get(b"boundary", b"")):
            yield file
    elif kind.startswith("image/") or kind in _RAW_TYPES:
        _check_length(request, MAX_FILE_BYTES)
        yield await _receive_one(request)
    else:
        raise ApiError(
            415,
            "Send the pictures as files of a form (multipart/form-data), or one picture as the "
            "whole body with its content type, such as image/jpeg.",
        )


def is_large(request: Request) -> bool:
    """Tell whether a body takes much memory, or does not say how much."""
    length = request.headers.get("content-length", "")
    return not length.isdecimal() or int(length) > _LARGE_BYTES


def _check_length(request: Request, max_bytes: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise _make_too_large()


async def _receive_one(request: Request) -> PictureFile:
    body = bytearray()
    async for chunk in _receive_chunks(request):
        body += chunk
        if len(body) > MAX_FILE_BYTES:
            raise _make_too_large()
    if not body:
        raise ApiError(400, "The body is empty: send a picture.")
    return PictureFile(None, bytes(body))


async def _receive_form(request: Request, boundary: bytes) -> AsyncIterator[PictureFile]:
    if not boundary:
        raise ApiError(400, "The content type multipart/form-data lacks its boundary.")
    form = _Form(boundary)
    n_files = n_bytes = 0
    async for chunk in _receive_chunks(request):
        n_bytes += len(chunk)
        for file in form.feed(chunk):
            n_files += 1
            yield file
        if n_bytes > (n_files + 1) * (MAX_FILE_BYTES + _MAX_OVERHEAD_BYTES):
            raise _make_too_large()
    if not form.is_complete:
        raise ApiError(400, "The form ends too early: send it again.")
    if not n_files:
        raise ApiError(400, "The form has no file: add at least one picture.")


async def _receive_chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body in chunks, from a client that does not take too long."""
    chunks = aiter(request.stream())
    clock = asyncio.get_running_loop()
    waited_s, n_bytes = 0.0, 0
    while True:
        since_s = clock.time()
        try:
            async with asyncio.timeout(PACE.get_patience_s(waited_s, n_bytes)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ApiError(
                408,
                "The body of the request did not arrive in time: send fewer or smaller pictures.",
                headers={"Connection": "close"},
            ) from None
        waited_s += clock.time() - since_s  # not the time that labelling takes between
        n_bytes += len(chunk)
        yield chunk


def _make_too_large() -> ApiError:
    megabytes = MAX_FILE_BYTES // 1_000_000
    return ApiError(413, f"A picture may have up to {megabytes} MB: shrink it and send it again.")


class _Form:
    """Takes a form apart, one chunk at a time.

    Attributes
    ----------
    is_complete : bool
        Whether its end has arrived.
    """

    def __init__(self, boundary: bytes) -> None:
        self.is_complete = False
        self._name = ""
        self._data = bytearray()
        self._header_name = b""
        self._header_value = b""
        self._disposition = ""
        self._n_files = 0
        self._finished: deque[PictureFile] = deque()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header_name,
                    "on_header_value": self._take_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_file,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_file,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _make_malformed() from error

    def feed(self, chunk: bytes) -> Iterator[PictureFile]:
        """Yield the files that a chunk completes."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _make_malformed() from error
        while self._finished:
            yield self._finished.popleft()

    def _begin_part(self) -> None:
        self._disposition = ""
        self._data = bytearray()

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value.decode("latin-1")
        self._header_name = self._header_value = b""

    def _begin_file(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename")
        if name is None:
            raise ApiError(400, "Every part of the form must be a file, with a file name.")
        self._n_files += 1
        if self._n_files > MAX_FILES:
            raise ApiError(
                400, f"A request may have up to {MAX_FILES} pictures: send several requests."
            )
        text = make_printable(name.decode("utf-8", "replace"))
        self._name = "".join(filter(str.isprintable, text))[:_MAX_NAME_LENGTH] or UNNAMED

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if len(self._data) + end - start > MAX_FILE_BYTES:
            raise _make_too_large()
        self._data += data[start:end]

    def _end_file(self) -> None:
        self._finished.append(PictureFile(self._name, bytes(self._data)))
        self._data = bytearray()

    def _end(self) -> None:
        self.is_complete = True


def _make_malformed() -> ApiError:
    return ApiError(400, "The form is malformed: send it as multipart/form-data (RFC 7578).")
