"""Names of routes for logs and metrics, which have nothing in them that a visitor chose."""

from __future__ import annotations

from starlette.routing import Mount
from starlette.types import Scope

UNKNOWN = "unknown"


def name_route(scope: Scope) -> str:
    """Return the route that answered, such as `/api/v1/models/{id}`.

    A path has ids of rooms and names of files in it; the pattern of its route does not.

    Parameters
    ----------
    scope : dict
        The ASGI scope, after Starlette has found the route.

    Returns
    -------
    str
        `unknown` if no route matches.
    """
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is None:
        return UNKNOWN
    if isinstance(route, Mount):
        return f"{path}/*"
    # Below a mount, such as that of the API, a route knows only the rest of its path.
    return f"{scope.get('root_path', '').rstrip('/')}{path}"
