"""Export a model as a static web page that answers in the visitor's browser."""

from cluster_core.model.export.web.folder import export_web
from cluster_core.model.export.web.page_text import PageText

__all__ = ["PageText", "export_web"]
