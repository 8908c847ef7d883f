"""Fills in a template. Every text is cleaned and escaped here, so that no caller can forget it.

A page is one file: it loads nothing, and its content security policy forbids a browser to load or to run anything but
the page's own style and script.
"""

from __future__ import annotations

import base64
import hashlib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.report import number
from grader.text import clean_text

TEMPLATES = Path(__file__).resolve().parent / "templates"
TEXT_CHARS = 100_000
"""The most characters of one text; a longer one is cut."""


def render(template: str, **values: Any) -> str:
    """Return the page that a template of this package makes of some values; a missing value raises UndefinedError."""
    return _environment().get_template(template).render(values)


def policy(script: str) -> str:
    """Return the content security policy of a page with one script, which may be empty."""
    rules = [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        rules.append(f"script-src 'sha256-{digest}'")
    return "; ".join(rules)


def href(path: str) -> str:
    """Return a relative path as a link's target; nothing in the path can become a scheme, a host or a query."""
    return "./" + quote(path.lstrip("/"))


def points(value: Fraction | float) -> str:
    """Return points with at most two decimals."""
    exact = number(value) if isinstance(value, Fraction) else value
    text = f"{exact:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(share: float) -> str:
    """Return a share as a whole percentage; only exactly nothing is 0 % and only exactly all is 100 %."""
    rounded = round(share * 100)
    if rounded == 0 and share > 0:
        return "<1 %"
    if rounded == 100 and share < 1:
        return ">99 %"
    return f"{rounded} %"


def duration(seconds: float) -> str:
    """Return a time with its unit."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} days"


def _clean(value: Any) -> Any:
    """Remove from plain texts what could disturb a reader, such as a change of the writing direction."""
    return clean_text(value, TEXT_CHARS) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"points": points, "percent": percent, "duration": duration, "href": href}
    made.globals |= {
        "style": Markup((TEMPLATES / "style.css").read_text("utf-8")),
        "sort_script": Markup((TEMPLATES / "sort.js").read_text("utf-8")),
        "policy": policy,
    }
    return made
