"""What axe finds on a page, without what is the theme's own."""

from importlib.resources import files
from typing import NamedTuple


class Allowed(NamedTuple):
    """A violation that is not ours. rule: axe's; where: a CSS selector of the elements; why: whose it is, and what."""

    rule: str
    where: str
    why: str


ALLOWED = [
    Allowed("region", ".sidebar-primary-item", "theme: the logo of the sidebar stands outside its landmarks"),
    Allowed("aria-allowed-role", "div.citation", "docutils: the role of an entry of a bibliography, on a div"),
    Allowed("aria-deprecated-role", "div.citation", "docutils: the same role was dropped from the newest ARIA"),
    Allowed("definition-list", "dt.sig > dl", "Sphinx: a long signature has a line for each parameter"),
    Allowed("aria-required-children", "div.citation-list", "docutils: a bibliography is a list of such entries"),
]

_RUN = """
async ([options, allowed]) => {
  // No preload: axe would ask for style sheets as data, which a browser refuses to a file.
  const found = await axe.run(document, {resultTypes: ['violations'], preload: false, ...options});
  const wrong = [], used = [];
  for (const {id, help, nodes} of found.violations) for (const {target, html} of nodes) {
    const element = document.querySelector(target[0]);
    const own = allowed.findIndex(([rule, where]) => rule === id && element?.matches(where));
    if (own >= 0) used.push(own);
    else wrong.push(`${id} (${help}): ${target[0]}: ${html.slice(0, 120)}`);
  }
  return [wrong, used];
}
"""


def violations(page, rules: tuple[str, ...] = ()) -> tuple[list[str], list[Allowed]]:
    """What is wrong on the page by the `rules` of axe (default: all), and which allowances it took."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    options = {"runOnly": list(rules)} if rules else {}
    wrong, used = page.evaluate(_RUN, [options, [[rule, where] for rule, where, _ in ALLOWED]])
    return wrong, [ALLOWED[number] for number in used]
