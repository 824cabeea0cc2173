"""A simulated visitor of a Streamlit page, with a browser's websocket messages and uploads."""

from __future__ import annotations

import asyncio
import http.client
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLs, UploadedFileInfo
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.streamlit_server import HOST

RERUN_TIMEOUT_S = 30.0
REQUEST_TIMEOUT_S = 30.0
_XSRF_COOKIE = "_streamlit_xsrf"


@dataclass
class Drawn:
    """What one run of a page's script drew.

    Attributes
    ----------
    texts : list of str
        Markdown texts and captions.
    images : list of str
        Paths of the pictures that a browser fetches.
    """

    texts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)


class StreamlitSession:
    """One visitor's session on one page; open it with `visit`.

    Parameters
    ----------
    port : int
        Port of the local server.
    page : str
        The page's path, empty for the first page.
    websocket : ClientConnection
        Connection to the server.
    token : str
        The visitor's XSRF token.
    cookies : str
        All cookies of the visitor, as a browser sends them.
    """

    def __init__(
        self, port: int, page: str, websocket: ClientConnection, token: str, cookies: str
    ) -> None:
        self._port = port
        self._page = page
        self._websocket = websocket
        self._token = token
        self._cookies = cookies
        self._session_id = ""
        self._script_hash = ""
        self._query = ""
        self._uploader_id = ""
        # The files in each uploader; an uploader that was replaced is forgotten.
        self._uploaded: dict[str, UploadedFileInfo] = {}
        self._drawn = Drawn()
        self._fetched: set[str] = set()
        self._finished = asyncio.Event()
        self._file_urls: asyncio.Queue[FileURLs] = asyncio.Queue()
        self._repetitions: dict[str, asyncio.Task[None]] = {}

    async def rerun(self) -> Drawn:
        """Request a run of the page's script, and wait until it has finished.

        Returns
        -------
        Drawn

        Raises
        ------
        TimeoutError
            If it does not finish successfully in `RERUN_TIMEOUT_S`.
        ConnectionClosed
            If the server has closed the connection.
        """
        self._finished.clear()
        self._drawn = Drawn()
        await self._send(BackMsg(rerun_script=self._describe_state()))
        await asyncio.wait_for(self._finished.wait(), RERUN_TIMEOUT_S)
        return self._drawn

    async def upload(self, name: str, data: bytes) -> None:
        """Upload a picture, which replaces the previous one in the page's uploader.

        Parameters
        ----------
        name : str
            Its file name.
        data : bytes
            A JPEG.

        Raises
        ------
        TimeoutError
            If the server does not answer.
        OSError
            If it rejects the upload.
        ConnectionClosed
            If the server has closed the connection.
        """
        while not self._file_urls.empty():  # the answer to a request that timed out
            self._file_urls.get_nowait()
        request = BackMsg()
        request.file_urls_request.request_id = uuid.uuid4().hex
        request.file_urls_request.file_names.append(name)
        request.file_urls_request.session_id = self._session_id
        await self._send(request)
        urls = await asyncio.wait_for(self._file_urls.get(), REQUEST_TIMEOUT_S)
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        await self._request("PUT", urls.upload_url, body, {"Content-Type": kind})
        before = self._uploaded.get(self._uploader_id)
        self._uploaded = {
            self._uploader_id: UploadedFileInfo(
                name=name, size=len(data), file_id=urls.file_id, file_urls=urls
            )
        }
        if before is not None:
            await self._request("DELETE", before.file_urls.delete_url)

    async def fetch_images(self) -> None:
        """Fetch the new pictures of the last run, as a browser does.

        Raises
        ------
        OSError
            If the server does not deliver one of them.
        """
        for path in self._drawn.images:
            if path not in self._fetched:
                self._fetched.add(path)
                await self._request("GET", path)

    async def receive(self) -> None:
        """Process the server's messages until the connection closes."""
        async for data in self._websocket:
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            self._handle(message)

    def end(self) -> None:
        """Stop repeating fragments."""
        self._stop_repeating(*self._repetitions)

    def _handle(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._session_id = message.new_session.initialize.session_id or self._session_id
                if not message.metadata.run.fragment_ids:  # a run of the whole page
                    self._stop_repeating(*self._repetitions)
            case "navigation":  # the page that the script switched to
                self._script_hash = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "delta":
                self._record(message.delta)
            case "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    self._finished.set()
            case "file_urls_response":
                self._file_urls.put_nowait(message.file_urls_response.file_urls[0])
            case "auto_rerun" | "stop_auto_rerun":
                self._time_fragments(message)

    def _time_fragments(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "stop_auto_rerun":
            self._stop_repeating(*message.stop_auto_rerun.fragment_ids)
        else:
            self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)

    def _record(self, delta: Delta) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        match element.WhichOneof("type"):
            case "file_uploader":
                self._uploader_id = element.file_uploader.id
            case "markdown":
                self._drawn.texts.append(element.markdown.body)
            case "imgs":
                self._drawn.images += [image.url for image in element.imgs.imgs]

    def _repeat(self, fragment_id: str, interval_s: float) -> None:
        async def ask_again() -> None:
            while True:
                await asyncio.sleep(interval_s)
                state = self._describe_state()
                state.fragment_id, state.is_auto_rerun = fragment_id, True
                await self._send(BackMsg(rerun_script=state))

        if fragment_id not in self._repetitions:
            self._repetitions[fragment_id] = asyncio.create_task(ask_again())

    def _stop_repeating(self, *fragment_ids: str) -> None:
        for fragment_id in self._repetitions.keys() & set(fragment_ids):
            self._repetitions.pop(fragment_id).cancel()

    def _describe_state(self) -> ClientState:
        state = ClientState(
            page_script_hash=self._script_hash, page_name=self._page, query_string=self._query
        )
        state.context_info.url = f"http://{HOST}:{self._port}/{self._page}"
        if file := self._uploaded.get(self._uploader_id):
            widget = state.widget_states.widgets.add(id=self._uploader_id)
            widget.file_uploader_state_value.uploaded_file_info.append(file)
        return state

    async def _send(self, message: BackMsg) -> None:
        await self._websocket.send(message.SerializeToString())

    async def _request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        tokens = {"X-Xsrftoken": self._token, "Cookie": self._cookies}
        await asyncio.to_thread(
            request_once, self._port, method, path, body, (headers or {}) | tokens
        )


@asynccontextmanager
async def visit(port: int, page: str) -> AsyncIterator[StreamlitSession]:
    """Open a page for the duration of the block.

    Parameters
    ----------
    port : int
        Port of the local server.
    page : str
        The page's path, empty for the first page.

    Yields
    ------
    StreamlitSession
        Its page has been drawn once.
    """
    response = await asyncio.to_thread(request_once, port, "GET", "/_stcore/health")
    # Also the one by which a proxy keeps a visitor with one replica.
    given = response.headers.get_all("Set-Cookie", [])
    cookies = "; ".join(cookie.partition(";")[0] for cookie in given)
    token = cookies.partition(f"{_XSRF_COOKIE}=")[2].partition(";")[0]
    async with connect(
        f"ws://{HOST}:{port}/_stcore/stream",
        additional_headers={"Cookie": cookies},
        origin=Origin(f"http://{HOST}:{port}"),
        subprotocols=[Subprotocol("streamlit"), Subprotocol(token)],
        max_size=None,
        proxy=None,
    ) as websocket:
        session = StreamlitSession(port, page, websocket, token, cookies)
        receiving = asyncio.create_task(session.receive())
        try:
            await session.rerun()
            yield session
        finally:
            session.end()
            receiving.cancel()
            with suppress(asyncio.CancelledError):
                await receiving


def request_once(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    """Send a request to the local server and read the complete response.

    Parameters
    ----------
    port : int
    method, path : str
        HTTP method, and path with query.
    body : bytes
    headers : dict, optional

    Returns
    -------
    http.client.HTTPResponse
        Its status and headers; the body is consumed.

    Raises
    ------
    OSError
        If the server cannot be reached, or answers with an error.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=REQUEST_TIMEOUT_S)
    try:
        connection.request(method, path, body or None, headers or {})
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        raise OSError(f"{method} {path} failed with status {response.status}")
    return response
