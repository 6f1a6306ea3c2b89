"""A Sphinx extension: the page `404.html`, which GitHub Pages shows for whatever is not there.

It may be shown at any depth, so where the book is online its links begin at the book's own address. A page on a disk
is only where it is, and there they stay as they are.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from saeno.book.press.address import address

PAGE = "404"
BODY = """\
<section id="page-not-found">
<h1>Page not found</h1>
<p>There is no page at this address, or it has another one now. The book begins at
<a class="reference internal" href="intro.html">its introduction</a>, and can be searched for what you were after.</p>
<p>If a link led you here, please <a class="reference external" href="{issues}">tell us which</a>.</p>
</section>
"""
# In the head, before anything that is looked for.
BASE = """
    <script>if (location.protocol !== "file:") document.write('<base href="{path}">')</script>"""


def _pages(app):
    yield PAGE, {"title": "Page not found", "body": BODY.format(issues=f"{address()}/issues/new")}, "page.html"


def _begin(app, page, template, context, doctree):
    if page == PAGE and app.config.html_baseurl:
        path = urlsplit(app.config.html_baseurl).path
        context["metatags"] = context.get("metatags", "") + BASE.format(path=path)


def setup(app):
    """Sphinx calls this."""
    app.connect("html-collect-pages", _pages)
    app.connect("html-page-context", _begin)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
