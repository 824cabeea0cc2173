"""Sphinx configuration: `python -m sphinx -W --keep-going -b html docs build/docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cluster_core import __version__

project = "Cluster Lab"
author = "The Cluster Lab developers"
project_copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx_click",
]
myst_heading_anchors = 3
default_role = "code"
add_module_names = False

# TensorFlow takes seconds to load, and no signature depends on it.
autodoc_mock_imports = ["keras", "tensorflow"]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
numpydoc_show_class_members = False  # autodoc lists them

# One page per package, written before each build; git ignores them.
apidoc_modules = [
    {
        "path": "../cluster_core",
        "destination": "generated",
        # Names that a package re-exports are described where they are defined.
        "automodule_options": ["members", "show-inheritance", "ignore-module-all"],
        "module_first": True,
        "max_depth": 2,
    }
]
exclude_patterns = ["generated/modules.rst"]

html_theme = "furo"
html_title = project
html_favicon = "../pages/components/icon.svg"
html_show_sourcelink = False
html_copy_source = False
