"""A browser for the built site: what pages take from a CDN comes from npm packages, and nothing else comes at all."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest

from saeno.book import vendor
from saeno.book.site import ROOT, digest
from tests.site.window import Window

STORED = ROOT / "_build" / "stored" / "_build"
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("needs the browser chromium (Debian's package of that name), which is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of the npm packages."""
    if vendor.missing():
        pytest.skip(f"needs {', '.join(map(str, vendor.missing()))}: make npm (which needs Debian's package npm)")
    return vendor.folder()


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site built from the stored outputs."""
    stamp = STORED / "digest.txt"
    if not stamp.exists() or stamp.read_text() != digest(ROOT, "book", "saeno", "_config.yml", "constraints.txt"):
        pytest.skip("needs the site of the book as it is now: make site-stored")
    return STORED / "html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def served(site):
    """The address of the site, on this machine."""
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def window(browser, packages, served):
    """One window for all pages of a module: it opens those of the site, and gives scripts of the CDN to them."""
    opened = Window(browser, served, packages)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def alone(browser):
    """A window with no network at all."""
    opened = Window(browser)
    yield opened
    opened.close()
