"""The REST API as an ASGI application."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cluster_core.api import description, docs_page
from cluster_core.api.callers import Caller, identify
from cluster_core.api.documents import Answers, Health, Model, Models
from cluster_core.api.keys import Scope
from cluster_core.api.labelling import Labeller
from cluster_core.api.problems import ApiError, handle_problems
from cluster_core.api.visible_models import find_visible, list_visible
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.server.rates import RateLimit
from cluster_core.training.insight.model_accuracy import complete_accuracies
from cluster_core.version import __version__
from cluster_core.workspace import Workspace

T = TypeVar("T")

# Sites whose pages may use the API, such as https://lab.example, separated by commas.
ORIGINS_VARIABLE = "CLUSTER_LAB_API_ORIGINS"
_PROGRAM = f"cluster-lab {__version__}"
# Only for the description: `identify` reads the header, and says in a sentence what is wrong.
_KEY = Depends(HTTPBearer(scheme_name=description.KEY_SCHEME, auto_error=False))


def make_api(workspace: Workspace, per_minute: int) -> FastAPI:
    """Return the API for the models of a workspace.

    Parameters
    ----------
    workspace : Workspace
    per_minute : int
        Requests and pictures a minute for each key or client; 0 for no limit.
    """
    api = FastAPI(
        title="Cluster Lab",
        version=__version__,
        description=description.INTRODUCTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # see docs_page.py
        generate_unique_id_function=lambda route: route.name,
    )
    handle_problems(api)
    if origins := os.environ.get(ORIGINS_VARIABLE, ""):
        api.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.strip() for origin in origins.split(",")],
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
        )
    _add_endpoints(api, _Gate(workspace, Labeller(workspace), RateLimit(per_minute)))
    docs_page.add_docs(api)
    return api


class _Gate:
    """What every request passes: who calls, how often, and which model."""

    def __init__(self, workspace: Workspace, labeller: Labeller, limit: RateLimit) -> None:
        self.workspace = workspace
        self.labeller = labeller
        self._limit = limit

    async def enter(
        self, request: Request, scope: Scope, look_up: Callable[[Caller], T]
    ) -> tuple[Caller, T]:
        """Return the caller and what they ask for; raise an ApiError if they may not have it."""

        def find() -> tuple[Caller, T]:
            caller = identify(request, self.workspace, scope)
            self._admit(caller)
            return caller, look_up(caller)

        return await self.labeller.look_up(find)

    def count_more(self, caller: Caller, n_pictures: int) -> None:
        """Count the pictures of a request after the first."""
        if caller.counted_as is not None:
            self._limit.spend(caller.counted_as, n_pictures - 1)

    def _admit(self, caller: Caller) -> None:
        wait_s = 0 if caller.counted_as is None else self._limit.admit(caller.counted_as)
        if wait_s:
            raise ApiError(
                429,
                f"Too many pictures in a short time: try again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )


def _add_endpoints(api: FastAPI, gate: _Gate) -> None:
    workspace, labeller = gate.workspace, gate.labeller
    problems = description.document_problems

    @api.get(
        "/health",
        summary="Ask whether the server answers",
        response_model=Health,
        responses=problems(500),
    )
    async def health() -> Response:
        """Needs no API key."""
        return JSONResponse({"status": "ok", "program": _PROGRAM})

    @api.get(
        "/models",
        summary="List the models",
        response_model=Models,
        responses=problems(401, 403, 429, 500, 503),
    )
    async def get_models(request: Request, _: Annotated[Any, _KEY]) -> Response:
        """List those that you may use, the default first."""
        _, models = await gate.enter(
            request,
            Scope.READ,
            lambda caller: complete_accuracies(workspace, list_visible(workspace, caller)),
        )
        return _send({"models": [Model.of(model).model_dump() for model in models]})

    @api.get(
        "/models/{id}",
        summary="Describe a model",
        response_model=Model,
        responses=problems(401, 403, 404, 429, 500, 503),
    )
    async def get_model(request: Request, id: str, _: Annotated[Any, _KEY]) -> Response:
        """Get what the list says of one model."""
        _, (model,) = await gate.enter(
            request,
            Scope.READ,
            lambda caller: complete_accuracies(workspace, [find_visible(workspace, caller, id)]),
        )
        return _send(Model.of(model).model_dump())

    @api.post(
        "/models/{id}/classify",
        summary="Label pictures",
        response_model=Answers,
        responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 503),
        openapi_extra={"requestBody": description.PICTURES},
    )
    async def classify(request: Request, id: str, _: Annotated[Any, _KEY]) -> Response:
        """Send one picture as the whole body, or up to 32 as the files of a form.

        A picture that cannot be read has a `problem` instead of an answer. If that is so
        for all of them, the status is 422.
        """
        caller, model = await gate.enter(
            request, Scope.CLASSIFY, lambda caller: find_visible(workspace, caller, id)
        )
        predictor = await labeller.load(model)
        answers = await labeller.label(predictor, request, caller.counted_as)
        gate.count_more(caller, len(answers))
        if all(answer["problem"] for answer in answers):
            raise ApiError(422, answers[0]["problem"], more={"answers": answers})
        return _send({**AnswerSource.of(model).describe(), "answers": answers})


def _send(content: Any) -> Response:
    return JSONResponse(content, headers={"Cache-Control": "no-store"})
