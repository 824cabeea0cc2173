"""Cluster Lab in the browser: `streamlit run app.py`."""

import streamlit as st
from starlette.routing import BaseRoute

from cluster_core.api.routes import list_routes
from cluster_core.publishing import routes as published_routes
from pages.components import sign_in_routes, workspace_routes
from pages.components.base_path import get_base_path
from pages.components.classify import answer_files
from pages.components.error_boundary import show_error
from pages.components.home import project_files
from pages.components.lifespan import check_environment, lifespan
from pages.components.server_stack import make_app_stack

check_environment()

stack = make_app_stack()
routes: list[BaseRoute] = [
    *sign_in_routes.list_routes(),
    *workspace_routes.list_routes(),
    *answer_files.list_routes(),
    *published_routes.list_routes(get_base_path()),
]
routes += [*project_files.list_routes(), *list_routes(get_base_path())]
app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    on_script_error=show_error,
    routes=[*stack.routes, *routes],
    middleware=stack.middleware,
)
