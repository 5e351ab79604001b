"""How the pages look, in light and in dark."""

import re

from pygments.formatters import HtmlFormatter

from explorer.export import STYLE

from .lesson import HERE

LIGHT, DARK = "default", "github-dark"  # of pygments: every colour stands out enough to be read


def style():
    """The style sheet: of the pages, of the explorer, and of code in light and dark."""
    own = (HERE / "style.css").read_text("utf-8")
    dark = f"@media (prefers-color-scheme: dark) {{\n{code_style(DARK)}}}\n"
    return "\n".join([own, STYLE.read_text("utf-8"), code_style(LIGHT), dark])


def code_style(name):
    """Rules of one of pygments' styles for words in code, without those for what is around it."""
    rules = HtmlFormatter(style=name).get_style_defs(".highlight").splitlines(keepends=True)
    return "".join(rule for rule in rules if re.match(r"\.highlight \.\w+ ", rule))
