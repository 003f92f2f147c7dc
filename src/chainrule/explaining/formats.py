"""What an explanation turns into: text, HTML, Markdown, LaTeX, JSON, a file, a notebook's cell.

Each format is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chainrule.errors import unknown_name
from chainrule.explaining.page import Page


class Formats:
    """The formats of `page`."""

    page: Page

    def to_text(self) -> str:
        """Return the page for a terminal, 80 columns wide."""
        from chainrule.explaining.text import as_text

        return as_text(self.page)

    def to_html(self) -> str:
        """Return one HTML file: MathML, no network, no script."""
        from chainrule.explaining.html import as_html

        return as_html(self.page)

    def to_markdown(self) -> str:
        """Return GitHub-flavoured Markdown with formulas between dollar signs."""
        from chainrule.explaining.markdown import as_markdown

        return as_markdown(self.page)

    def to_latex(self) -> str:
        """Return a complete LaTeX document that needs amsmath alone."""
        from chainrule.explaining.latex import as_latex

        return as_latex(self.page)

    def to_json(self) -> str:
        """Return the page with its arrays as JSON, as `docs/explain-schema.md` describes it."""
        from chainrule.explaining.json_format import as_json

        return as_json(self.page)

    def as_format(self, name: str) -> str:
        """Return the page in the format of that name: "text", "html", "markdown", "latex", "json".

        Raises ConfigurationError for a name that is not known.
        """
        ways: dict[str, Callable[[], str]] = {
            "text": self.to_text,
            "html": self.to_html,
            "markdown": self.to_markdown,
            "latex": self.to_latex,
            "json": self.to_json,
        }
        if name not in ways:
            raise unknown_name("format", name, ways)
        return ways[name]()

    def save(self, path: str | Path) -> None:
        """Write a file; its suffix says the format: .txt .html .md .tex .json.

        Raises ConfigurationError for another suffix.
        """
        path = Path(path)
        Path(path).write_text(self.as_format(format_of(path)), encoding="utf-8")

    def _repr_html_(self) -> str:
        from chainrule.explaining.html import as_fragment

        return as_fragment(self.page)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_latex_(self) -> str:
        from chainrule.explaining.latex import as_formula

        return as_formula(self.page)


SUFFIXES = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".tex": "latex",
    ".json": "json",
}


def format_of(path: str | Path) -> str:
    """Return the format that a file's suffix names.

    >>> format_of("page.tex")
    'latex'
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise unknown_name("suffix", suffix or str(path), SUFFIXES)
    return SUFFIXES[suffix]
