"""Opens pages in a real browser: Debian's chromium, driven by playwright, which brings no browser of its own here."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no browser here; get one with: apt-get install --no-install-recommends chromium"

Scheme = Literal["light", "dark"]


@dataclass
class Opened:
    """A page in the browser, with what it complained about and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Console messages of warnings and errors, exceptions, and dialogs."""
    requests: list[str] = field(default_factory=list)
    """Addresses that the page loaded, the page itself included."""

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def find() -> str:
    """Return the browser's path; skips the test if there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(MISSING)
    return found


@contextmanager
def started(executable: str) -> Iterator[Browser]:
    """A running browser; it has no network."""
    # chromium's own sandbox refuses to run as root; the pages are made by the tests themselves
    flags = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, file: Path, width: int = 1280, scheme: Scheme = "light", *, script: bool = True
) -> Iterator[Opened]:
    """A file in a window of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script, offline=True
    )
    made = Opened(context.new_page())

    def complain(sort: str, text: str) -> None:
        if sort in ("warning", "error"):
            made.complaints.append(text)

    def refuse(dialog: Dialog) -> None:
        made.complaints.append(dialog.message)
        dialog.dismiss()

    made.page.on("console", lambda message: complain(message.type, message.text))
    made.page.on("pageerror", lambda error: complain("error", str(error)))
    made.page.on("dialog", refuse)
    made.page.on("request", lambda request: made.requests.append(request.url))
    made.page.goto(file.as_uri())
    yield made
    context.close()
