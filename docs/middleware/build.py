"""Builds the middleware's reference as a static site: ``python docs/middleware/build.py``, into build/docs/middleware.

Each public module is a page, made by pdoc of its docstrings, with the notifications of its classes from the catalogue and the page's
example (examples/, run by the tests). What the manual's generator makes of tables (notifications, settings, states) is there as well. The
HTML is not kept in git: nothing of it is written by hand.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.doc
import pdoc.render
from diagram import draw
from markupsafe import Markup
from pdoc.render_helpers import to_html

import blinkq.sipsimple.notifications  # noqa: F401 - declares what the pages tell
from blinkq.base.catalogue import CATALOGUE, Declaration

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parents[1] / "build" / "docs" / "middleware"

#: the pages, in the order of the index: the modules that applications import
MODULES = (
    "blinkq.sipsimple.application",
    "blinkq.sipsimple.storage",
    "blinkq.sipsimple.account",
    "blinkq.sipsimple.addressbook",
    "blinkq.sipsimple.session",
    "blinkq.sipsimple.streams",
    "blinkq.sipsimple.streams.rtp",
    "blinkq.sipsimple.streams.msrp",
    "blinkq.sipsimple.messaging",
    "blinkq.sipsimple.audio",
    "blinkq.sipsimple.conference",
    "blinkq.sipsimple.lookup",
    "blinkq.sipsimple.configuration",
    "blinkq.sipsimple.configuration.settings",
    "blinkq.sipsimple.configuration.datatypes",
    "blinkq.sipsimple.core",
    "blinkq.sipsimple.engine",
    "blinkq.sipsimple.util",
    "blinkq.sipsimple.explain",
    "blinkq.payloads.pidf",
    "blinkq.base.notification",
)

#: the manual's generated pages that belong here too: name, title
TABLES = {"notifications": "Every notification", "settings": "Every setting", "state-machines": "State machines"}


def main(arguments: list[str] | None = None) -> int:
    """Build the site; returns 0. Raises whatever makes that impossible: a page is never left out."""
    parser = argparse.ArgumentParser(description="Build the middleware's reference.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the site")
    options = parser.parse_args(arguments)
    pages = build(options.output)
    print(f"{len(pages)} pages in {options.output}")
    return 0


def build(output: Path) -> list[Path]:
    """Write the site into ``output``; the files written."""
    pdoc.render.configure(docformat="restructuredtext", show_source=False, template_directory=HERE / "templates", search=True)
    # pdoc cannot see where a metaclass keeps its attributes, nor resolve a type that contains itself
    warnings.filterwarnings("ignore", message="Cannot determine where|Error parsing type annotation", category=UserWarning)
    modules = {name: pdoc.doc.Module(importlib.import_module(name)) for name in MODULES}
    environment = pdoc.render.env
    environment.globals.update(example=example, notifications_of=notifications_of, tables=TABLES, summary=summary)
    written = []
    for name, module in modules.items():
        written.append(_write(output / f"{name.replace('.', '/')}.html", pdoc.render.html_module(module, modules)))
    for name, title in TABLES.items():
        text = (HERE.parent / f"{name}.md").read_text("utf-8")
        body = _with_diagrams(_without_links(text))
        page = environment.get_template("table.html.jinja2").render(title=title, body=Markup(body), all_modules=modules)
        written.append(_write(output / f"{name}.html", page))
    written.append(_write(output / "index.html", environment.get_template("index.html.jinja2").render(all_modules=modules)))
    written.append(_write(output / "search.js", pdoc.render.search_index(modules)))
    return written


def example(module: pdoc.doc.Module) -> str:
    """The text of a page's example; FileNotFoundError when it has none."""
    if module.modulename not in MODULES:  # the search index asks for a page of nothing
        return ""
    return (HERE / "examples" / f"{example_name(module.modulename)}.py").read_text("utf-8")


def example_name(modulename: str) -> str:
    """The name of the example of a page."""
    return modulename.removeprefix("blinkq.").removeprefix("sipsimple.").replace(".", "_")


def notifications_of(module: pdoc.doc.Module) -> list[Declaration]:
    """The notifications that the page's classes post."""
    return [each for each in CATALOGUE.values() if not set(each.sender.split(", ")).isdisjoint(module.members)]


def summary(module: pdoc.doc.Module) -> str:
    """The first sentence of a module's docstring."""
    return re.split(r"\n\s*\n", module.docstring.strip())[0].replace("``", "")


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _without_links(text: str) -> str:
    """Links of the manual's pages lead to files that are not part of the site."""
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", re.sub(r"<!--.*?-->\n*", "", text, flags=re.DOTALL))


def _with_diagrams(text: str) -> str:
    """The page as HTML; its diagrams, which Mermaid would draw with a script from elsewhere, as pictures."""
    diagrams: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        diagrams.append(draw(match[1]))
        return f"DIAGRAM{len(diagrams) - 1}END"

    body = str(to_html(re.sub(r"```mermaid\n(.*?)```", put_aside, text, flags=re.DOTALL)))
    return re.sub(r"DIAGRAM(\d+)END", lambda match: diagrams[int(match[1])], body)


if __name__ == "__main__":
    sys.exit(main())
