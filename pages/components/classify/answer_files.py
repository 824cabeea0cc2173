"""Files that the server sends outside Streamlit: thumbnails, and a .zip of sorted pictures.

Streamlit would hold a whole .zip in memory, and send all thumbnails again after every click.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from cluster_core.answers.choices import find_choice, keep_choice
from cluster_core.answers.picture_files import name_thumbnail
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.rooms import find_room, find_room_folder
from cluster_core.answers.sorting import sort_pictures, stream_zip
from cluster_core.answers.tables import RoomTable
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.formats import TableFormat
from cluster_core.workspace import Workspace
from pages.components.base_path import get_base_path
from pages.components.signed_in import find_request_access

# Far above the numbers of a room: a longer one would be too long for a file name.
_MAX_NUMBER = 10**7
_MAX_RANGES_LENGTH = 1_000
_RANGES = re.compile(r"\d{1,7}(-\d{1,7})?(,\d{1,7}(-\d{1,7})?)*")
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def list_routes() -> list[Route]:
    """Return the routes, below the path that the app is served at."""
    prefix = f"{get_base_path()}/answers"
    return [
        Route(f"{prefix}/{{room}}/sorted.zip", send_zip),
        Route(f"{prefix}/{{room}}/{{number:int}}.jpg", send_thumbnail),
    ]


def make_zip_address(model: ModelSummary, room: AnswerRoom, numbers: Iterable[int]) -> str:
    """Return the address of a .zip of pictures, relative to the page."""
    ranges = format_ranges(numbers)
    if len(ranges) > _MAX_RANGES_LENGTH:  # servers and proxies cut longer addresses
        ranges = keep_choice(room, ranges)
    query = urlencode({"model": model.manifest_sha256, "pictures": ranges})
    return f"answers/{room.id}/sorted.zip?{query}"


def format_ranges(numbers: Iterable[int]) -> str:
    """Return numbers as ranges, such as `1-3,7`."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def find_in_ranges(text: str, numbers: Iterable[int]) -> list[int]:
    """Return those of the numbers that are in the ranges, which may come from anyone."""
    if not _RANGES.fullmatch(text):
        return []
    wanted: set[int] = set()
    present = sorted(numbers)
    for part in text.split(","):
        ends = [int(end) for end in part.split("-")]
        wanted.update(present[bisect_left(present, ends[0]) : bisect_right(present, ends[-1])])
    return sorted(wanted)


def send_thumbnail(request: Request) -> Response:
    """Answer with the thumbnail of a picture."""
    # The room is not read: a table asks for dozens of thumbnails at once.
    access = find_request_access(request)
    folder = find_room_folder(Workspace.default(), request.path_params["room"], access)
    number: int = request.path_params["number"]
    path = name_thumbnail(folder, number) if folder and number < _MAX_NUMBER else None
    if path is None or not path.is_file():
        return PlainTextResponse("There is no such picture.", 404, headers=_HEADERS)
    headers = {**_HEADERS, "Cache-Control": "private, max-age=3600"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)


def send_zip(request: Request) -> Response:
    """Answer with a .zip of pictures in folders, while it is made."""
    workspace = Workspace.default()
    room = find_room(workspace, request.path_params["room"], find_request_access(request))
    model = request.query_params.get("model", "")
    try:
        source = _find_source(workspace, room, model)
    except ClusterError as error:
        return PlainTextResponse(str(error), 500, headers=_HEADERS)
    if room is None or source is None:
        return PlainTextResponse(
            "These pictures are no longer kept: add them again on Classify.", 404, headers=_HEADERS
        )
    chosen = request.query_params.get("pictures", "")
    numbers = find_in_ranges(find_choice(room, chosen) or chosen, room.pictures)
    pictures = sort_pictures(room, numbers, model, source.labels)
    places = {picture.number: picture.path for picture in pictures}
    table = RoomTable(room, model, source).encode(TableFormat.CSV, places)
    headers = {
        **_HEADERS,
        "Content-Disposition": 'attachment; filename="sorted pictures.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(
        stream_zip(pictures, table), media_type="application/zip", headers=headers
    )


def _find_source(workspace: Workspace, room: AnswerRoom | None, model: str) -> AnswerSource | None:
    """Return the model with this hash of its manifest if it answered in the room."""
    if room is None or model in room.sources:
        return room.sources[model] if room else None
    # A room of an earlier version has no note of it.
    found = (one for one in list_models(workspace) if one.manifest_sha256 == model)
    summary = next(found, None)
    if summary is None or not len(room.tabulate(model, summary.labels)):
        return None
    return AnswerSource.of(summary)
