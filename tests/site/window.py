"""A browser window, and what went wrong in it."""

import re
from pathlib import Path

PHONE, DESK = {"width": 390, "height": 800}, {"width": 1200, "height": 800}
# The theme's own errors: it declares a name twice on every page.
THEIRS = re.compile("THEBE_JS_URL.* has already been declared")


class Window:
    """A page of the browser that is used again and again, since to open one takes long.

    site: the folder whose files it may open. There is no network: what a page asks of a host is one of its faults.
    .page is Playwright's; .faults() gives what went wrong since the last page was opened.
    """

    def __init__(self, browser, site: Path | None = None):
        self.site = f"{site.resolve().as_uri()}/" if site else None
        # Without motion: a colour on its way from light to dark is neither.
        self.context = browser.new_context(viewport=DESK, reduced_motion="reduce", offline=True)
        self.context.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => document.head.insertAdjacentHTML('beforeend',"
            " '<style>*, *::before, *::after { transition: none !important; animation: none !important }</style>'))"
        )
        self.context.route(lambda address: self.site is None or not address.startswith(self.site), self._elsewhere)
        self.page = self.context.new_page()
        self.page.on("console", lambda said: said.type == "error" and self._errors.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self._errors.append(f"error: {error}"))
        self._errors: list[str] = []

    def open(self, address: str, viewport=DESK, scheme: str = "light"):
        """Open a page (a file of `site`, or any address), wait until its formulas are typeset, and return it."""
        self._begin(viewport, scheme)
        self.page.goto(address if ":" in address else self.site + address)
        self.page.evaluate("async () => { await window.MathJax?.startup?.promise }")
        return self.page

    def show(self, body: str, viewport=DESK, scheme: str = "light", head: str = ""):
        """Show a page of our own."""
        self._begin(viewport, scheme)
        self.page.set_content(f'<!doctype html><html lang="en"><title>Page</title>{head}<body>{body}</body></html>')
        return self.page

    def darken(self):
        """Make the reader's system dark, and wait until the theme has followed."""
        self.page.emulate_media(color_scheme="dark")
        self.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")

    def faults(self) -> list[str]:
        return [error for error in self._errors if not THEIRS.search(error)]

    def close(self):
        self.context.close()

    def _begin(self, viewport, scheme):
        self._errors.clear()
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size(viewport)

    def _elsewhere(self, route):
        self._errors.append(f"asks for {route.request.url.partition('?')[0]}")
        route.abort()
