"""A browser for the built site, which is opened from disk: nothing comes from any host."""

import shutil
from pathlib import Path

import pytest

from saeno.book.press import ROOT
from saeno.book.press.site import digest
from tests.site.window import Window

STORED = ROOT / "_build" / "stored" / "_build"
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    """The browser that `make browser` installs, or that of the system."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(args=OPTIONS)
        except Error as error:
            if "Executable doesn't exist" not in error.message:
                raise
            executable = shutil.which("chromium") or shutil.which("google-chrome")
            if executable is None:
                pytest.skip("needs a browser: Debian's package chromium, or make browser")
            launched = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site built from the stored outputs."""
    stamp = STORED / "digest.txt"
    if not stamp.exists() or stamp.read_text() != digest(ROOT, "book", "saeno", "_config.yml", "constraints.txt"):
        pytest.skip("needs the site of the book as it is now: make site-stored")
    return STORED / "html"


@pytest.fixture(scope="module")
def window(browser, site):
    """One window for all pages of a module: it opens the files of the site."""
    opened = Window(browser, site)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def alone(browser):
    """A window that opens no files either, but only pages of our own."""
    opened = Window(browser)
    yield opened
    opened.close()
