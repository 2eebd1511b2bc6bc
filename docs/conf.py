"""The documentation's settings: `make docs` builds it, from the repository alone."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import fracture_widgets
from fracture_widgets.cli import main

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(__file__).resolve().parent
COURSE, COMMANDS, API = HOME / "course", HOME / "reference" / "commands.md", HOME / "reference"
"""What is made of the notebooks, of the commands' own help, and of the docstrings."""

project = "Fracture Widgets"
author = "The Fracture Widgets authors"
release = version = fracture_widgets.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "**/dashboard.ipynb", "**/index.ipynb"]

# The notebooks are committed with their outputs, which CI runs again.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Widgets are shown as they were saved, without a script from elsewhere.
nb_ipywidgets_js: dict[str, Any] = {}
# Outputs that only a page with a kernel can show.
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header"]

# Of a class, what it has of its own, and nothing of scikit-learn's or of widgets'.
templates_path = ["_templates"]
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "Fracture Widgets"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "footer_start": ["notice.html"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}
# Quotes and dots are made nice, but an option keeps its two dashes.
smartquotes_action = "qe"


def _made_pages() -> None:
    COURSE.mkdir(exist_ok=True)
    for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        text = notebook.read_text("utf-8").replace("(index.ipynb)", "(../course.md)")
        (COURSE / notebook.name).write_text(text, encoding="utf-8")
    COMMANDS.write_text(_commands(), encoding="utf-8")
    (API / "api.md").write_text(_api(), encoding="utf-8")
    (API / "schemas.md").write_text(_schemas(), encoding="utf-8")


def _api() -> str:
    """Return the page with every public name."""
    names = "\n".join(sorted(fracture_widgets.__all__))
    return (
        "# Python\n\nAll of this is imported from `fracture_widgets`, each name when it is first "
        "used.\n\n```{eval-rst}\n.. currentmodule:: fracture_widgets\n.. autosummary::\n"
        "   :toctree: generated\n   :nosignatures:\n\n   "
        + names.replace("\n", "\n   ")
        + "\n```\n"
    )


def _schemas() -> str:
    """Return the page with the JSON schemas of files."""
    sys.path.insert(0, str(HOME))
    from json_schemas import as_documents

    about = "The record of an answer is the same in each; its version is the number in `schema`."
    pages = [f"# JSON schemas\n\nOf what is written and read as JSON. {about}"]
    for name, schema in as_documents().items():
        words = json.dumps(schema, indent=2)
        pages.append(f"## {name}\n\n{schema['title']}.\n\n```json\n{words}\n```")
    return "\n\n".join(pages) + "\n"


def _commands() -> str:
    """Return the page with every command's own help."""
    os.environ["COLUMNS"] = "96"
    pages = ["# Commands\n\nWhat `fracture-widgets COMMAND --help` prints."]
    for name in _listed():
        pages.append(f"## {name}\n\n```text\n{_help(name)}\n```")
        pages += [
            f"### {name} {below}\n\n```text\n{_help(name, below)}\n```" for below in _listed(name)
        ]
    return "\n\n".join(pages) + "\n"


def _listed(*words: str) -> list[str]:
    """Return the commands that a command lists."""
    _, found, listed = _help(*words).partition("Commands:\n")
    lines = listed.splitlines() if found else []
    return [line.split()[0] for line in lines if line.startswith("  ") and line[2:3].strip()]


def _help(*words: str) -> str:
    told = io.StringIO()
    with redirect_stdout(told), suppress(SystemExit):
        main([*words, "--help"])
    return told.getvalue().strip()


# Before Sphinx looks for pages.
_made_pages()
