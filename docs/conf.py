"""Sphinx configuration: `python -m sphinx -W --keep-going -b html docs build/docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
PACKAGE = DOCS.parent / "cluster_core"
sys.path.insert(0, str(DOCS.parent))

from cluster_core import __version__  # noqa: E402 (found by the path above)

project = "Cluster Lab"
author = "The Cluster Lab developers"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx_click"]
myst_heading_anchors = 3
default_role = "code"

# TensorFlow takes seconds to load, and no signature depends on it.
autodoc_mock_imports = ["keras", "tensorflow"]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_default_options = {
    "members": True,
    # Names that a package re-exports are described where they are defined.
    "ignore-module-all": True,
}
add_module_names = False
python_use_unqualified_type_names = True
numpydoc_show_class_members = False  # autodoc lists them

html_theme = "furo"
html_title = project
html_favicon = "../pages/components/icon.svg"
html_show_sourcelink = False
html_copy_source = False


def write_module_pages(app: Sphinx) -> None:
    """Write one page per package into `docs/modules`, which git ignores.

    sphinx.ext.apidoc would do the same, but ignores the options that it is given for packages.
    """
    folder = Path(app.srcdir) / "modules"
    folder.mkdir(exist_ok=True)
    pages = {}
    for init in PACKAGE.rglob("__init__.py"):
        name = ".".join(init.parent.relative_to(PACKAGE.parent).parts)
        pages[folder / f"{name}.rst"] = "\n".join(describe_package(init.parent, name))
    for path in folder.iterdir():
        if path not in pages:
            path.unlink()
    for path, text in pages.items():
        if not path.exists() or path.read_text("utf-8") != text:  # an old date saves a new build
            path.write_text(text, "utf-8")


def describe_package(folder: Path, name: str) -> Iterator[str]:
    """Yield the lines of a package's page: the package, then its modules."""
    for full_name in (name, *(f"{name}.{path.stem}" for path in sorted(folder.glob("[a-z]*.py")))):
        title = full_name.removeprefix(f"{PACKAGE.name}.")
        underline = ("=" if full_name == name else "-") * len(title)
        # Listing the members of the package itself would load them all, and TensorFlow.
        directive = "py:module" if full_name == PACKAGE.name else "automodule"
        yield from (title, underline, "", f".. {directive}:: {full_name}", "")


def setup(app: Sphinx) -> None:
    """Connect to Sphinx's events."""
    app.connect("builder-inited", write_module_pages, priority=100)
