"""What is installed is what is pinned. `make test NEWEST=1` leaves this file out: there nothing is pinned."""

import importlib.metadata
import re

from packaging.specifiers import SpecifierSet

from tests.project.test_environment import PINS, PROJECT, canonical


def test_every_pin_is_for_the_oldest_python_that_we_promise():
    """The first release of it, too: Debian 12 has Python 3.11.2."""
    (oldest,) = re.findall(r">=(\d\.\d+)", PROJECT["requires-python"])
    named = {pin.split("==")[0] for pin in PINS} & {found.name for found in importlib.metadata.distributions()}
    wanted = {name: importlib.metadata.metadata(name).get("Requires-Python", "") for name in named}
    assert len(named) > 100 and [name for name in named if f"{oldest}.0" not in SpecifierSet(wanted[name])] == []


def test_what_is_installed_is_what_is_pinned():
    pinned = {canonical(pin): pin.split("==")[1] for pin in PINS}
    installed = {canonical(found.name): found.version.split("+")[0] for found in importlib.metadata.distributions()}
    differing = {name: (installed[name], pin) for name, pin in pinned.items() if installed.get(name, pin) != pin}
    assert differing == {}, "installed and pinned versions differ: run make again"
