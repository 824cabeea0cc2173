"""Label the pictures of requests in a bounded pool of threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.requests import Request

from cluster_core.api.bodies import UNNAMED, PictureFile, is_large, receive_pictures
from cluster_core.api.problems import ApiError
from cluster_core.errors import ImageError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.loaded import obtain_predictor
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.server.slots import RETRY_S, BusyError, SlotLimits, Slots
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.workspace import Workspace

T = TypeVar("T")

# Pictures of one request that are in memory at once, besides the one that arrives.
_AHEAD = 2


class Labeller:
    """Labels pictures outside the event loop, which also serves the pages.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the models.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        # Threads start with the first request.
        self._labelling = ThreadPoolExecutor(count_usable_cpus(), "api-labelling")
        self._reading = ThreadPoolExecutor(2, "api-reading")
        # Apart, because a network that must be prepared first can take a minute.
        self._loading = ThreadPoolExecutor(2, "api-loading")
        self._slots = Slots(SlotLimits())

    async def look_up(self, function: Callable[[], T]) -> T:
        """Call a function that reads from disk."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, function)

    async def load(self, model: ModelSummary) -> Predictor:
        """Return a model that is ready to label.

        Raises
        ------
        ApiError
            503 if this computer lacks its network, which a request must not make it download.
        BundleError, BackboneError
            It is damaged, or its network cannot be prepared.
        """
        if model.lacks_network:
            raise ApiError(
                503,
                f"{model.title} cannot be used yet, because this server lacks its network "
                f"{model.architecture}: its owner can add it on the page Models.",
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._loading, obtain_predictor, self._workspace, model)

    async def label(
        self, predictor: Predictor, request: Request, client: str | None
    ) -> list[dict[str, Any]]:
        """Label the pictures of a request while they arrive.

        Parameters
        ----------
        predictor : Predictor
        request : Request
            See `receive_pictures`.
        client : str or None
            Whose place it takes, see `Slots`.

        Returns
        -------
        list of dict
            The fields of `documents.Answer` for each picture, in order.

        Raises
        ------
        ApiError
            The body cannot be used, or there is no place for it.
        """
        try:
            async with self._slots.hold(client, is_large=is_large(request)):
                return await self._label(predictor, receive_pictures(request))
        except BusyError:
            raise ApiError(
                503,
                f"The server has too many requests at once: try again in {RETRY_S} s.",
                headers={"Retry-After": str(RETRY_S), "Connection": "close"},
            ) from None

    async def _label(
        self, predictor: Predictor, files: AsyncIterator[PictureFile]
    ) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        room = asyncio.Semaphore(_AHEAD)
        answers: list[asyncio.Future[dict[str, Any]]] = []
        try:
            async for file in files:
                await room.acquire()
                answer = loop.run_in_executor(self._labelling, _label_one, predictor, file)
                answer.add_done_callback(lambda _: room.release())
                answers.append(answer)
            return await asyncio.gather(*answers)
        finally:
            for answer in answers:
                answer.cancel()


def _label_one(predictor: Predictor, file: PictureFile) -> dict[str, Any]:
    started_s = time.perf_counter()
    try:
        found = predictor.predict_file(file.data, file.name or UNNAMED)
    except ImageError as error:
        return _describe(file, None, None) | {"problem": str(error)}
    return _describe(file, found, 1000 * (time.perf_counter() - started_s))


def _describe(
    file: PictureFile, found: Prediction | None, milliseconds: float | None
) -> dict[str, Any]:
    return {
        "file": file.name,
        "label": found and found.label,
        "score": found and found.score,
        "verdict": found and found.verdict.value,
        "novelty": found and found.novelty,
        "scores": found and dict(found.scores),
        "milliseconds": None if milliseconds is None else round(milliseconds, 2),
        "warning": (found.warning or None) if found else None,
        "problem": None,
    }
