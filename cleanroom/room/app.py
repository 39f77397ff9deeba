"""The room as an ASGI application: routes, errors as problem documents, and the gate in front."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from cleanroom.room import routes_logs, routes_messages, routes_parties, routes_shares
from cleanroom.room.callers import PROBLEMS
from cleanroom.room.gate import Gate
from cleanroom.room.house import OpenRoom
from cleanroom.room.metrics import Metrics
from cleanroom.room.problem import PROBLEM_TYPE, Problem, document_of, problem_of
from overlap.errors import MalformedFile, OverlapError, UsageError

_log = logging.getLogger("overlap.room")

#: Seconds between two looks at what nobody fetched.
SWEEP_SECONDS = 60


def make_app(room: OpenRoom, url: str) -> Gate:
    """The application of `room`; `url` is its address as clients write it, such as https://room.example."""
    metrics = Metrics()
    app = FastAPI(
        title="Overlap room",
        version="1",
        description="Neutral ground between parties. Every request but four is signed (RFC 9421).",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        responses=PROBLEMS,
        redirect_slashes=False,
    )
    app.state.room = room
    for router in (routes_parties.router, routes_parties.metrics_route(metrics)):
        app.include_router(router)
    for router in (routes_messages.router, routes_shares.router, routes_logs.router):
        app.include_router(router)
    app.add_exception_handler(OverlapError, _answer)
    app.add_exception_handler(Problem, _answer)
    app.add_exception_handler(HTTPException, _answer)
    app.add_exception_handler(RequestValidationError, _answer)
    return Gate(app, room, url, metrics)


async def _answer(request: Request, error: Exception) -> Response:
    problem = _problem(error)
    if problem.status == 405:
        problem.fields["Allow"] = _methods_of(request)
    body = json.dumps(document_of(problem, request.app.state.room.now()), ensure_ascii=False)
    return Response(body, problem.status, problem.fields, PROBLEM_TYPE)


def _methods_of(request: Request) -> str:
    """What the address takes; one route knows only its own method."""
    paths = request.app.openapi()["paths"].items()
    found = {
        method.upper()
        for template, methods in paths
        for method in methods
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), request.url.path)
    }
    return ", ".join(sorted(found))


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, OverlapError):
        return problem_of(error)
    if isinstance(error, HTTPException):
        what = {404: "there is no such address", 405: "this address does not take this method"}
        text = what.get(error.status_code, "the request has another form than it should")
        usage = UsageError(text, "see the room's OpenAPI document")
        return Problem(error.status_code, usage, dict(error.headers or {}))
    assert isinstance(error, RequestValidationError)
    # Where it is wrong, never what was there.
    places = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
    shown = ", ".join(place for place in places if place.isascii() and place.isprintable())[:200]
    return Problem(422, MalformedFile(f"not as described: {shown}", "see the room's OpenAPI document"))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    room: OpenRoom = app.state.room
    tasks = [
        asyncio.create_task(_every(1, room.tick)),
        asyncio.create_task(_every(SWEEP_SECONDS, room.sweep)),
        asyncio.create_task(_prune(room)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _every(seconds: int, work: Callable[[], None]) -> None:
    """Do `work` in a thread again and again. What fails is said, and tried again the next time."""
    while True:
        try:
            await asyncio.to_thread(work)
        except OverlapError as error:
            _log.error("%s; %s", error.what, error.hint)
        except Exception as error:
            _log.error("a bug in the room's background work: %s", type(error).__name__)
        await asyncio.sleep(seconds)


async def _prune(room: OpenRoom) -> None:
    """Nonces belong to the thread of the gate."""
    while True:
        room.nonces.prune(room.now())
        await asyncio.sleep(SWEEP_SECONDS)
