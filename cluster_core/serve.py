"""The `serve` command: the REST API and the published pages, without the app."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import click

from cluster_core.console import plain_exits
from cluster_core.errors import RunError
from cluster_core.server.sockets import send_at_once
from cluster_core.workspace import Workspace

if TYPE_CHECKING:
    from starlette.applications import Starlette

DEFAULT_PORT = 8502
_BACKLOG = 2048
_KEEP_ALIVE_S = 30
_SHUTDOWN_S = 20


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Network address to listen on; 0.0.0.0 lets other computers in.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on.",
)
@plain_exits("The requests that had arrived were answered.")
def main(host: str, port: int) -> None:
    """Serve the REST API and the published pages, without the app.

    It starts in about a second and needs little memory. Its description is at
    /api/v1/docs, and the published pages are at /m/.
    """
    import uvicorn

    config = uvicorn.Config(
        make_app(),
        log_config=None,  # errors go to standard error, as those of all commands
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    with _listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Serving at http://{shown}:{port}/ (stop with Ctrl-C)", err=True)
        uvicorn.Server(config).run([listening])


def make_app() -> Starlette:
    """Return the server as an ASGI application.

    Raises
    ------
    ConfigError
        An environment variable has an invalid value.
    """
    from starlette.applications import Starlette
    from starlette.responses import RedirectResponse
    from starlette.routing import Mount, Route

    from cluster_core.api.app import make_api
    from cluster_core.api.rates import read_rate
    from cluster_core.api.routes import PREFIX
    from cluster_core.publishing import routes as published_routes
    from cluster_core.server.stack import make_stack

    # It trains nothing, so there are no runs to count.
    stack = make_stack(has_visitors=True, count_runs=dict)
    home = Route("/", lambda _: RedirectResponse(f".{PREFIX}/docs"))
    api = Mount(PREFIX, make_api(Workspace.default(), read_rate()))
    routes = [home, *stack.routes, *published_routes.list_routes(), api]
    return Starlette(routes=routes, middleware=stack.middleware)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise RunError(
            f"The server cannot listen on {host}, port {port} ({error.strerror}): stop the program "
            "that uses this port, or choose another with --port or --host."
        ) from error
    send_at_once(listening)
    return listening
