"""The npm packages are fetched once, checked, and laid out as the CDN has them; npm itself is played by a script."""

import base64
import hashlib
import io
import tarfile

import pytest

from saeno.book import vendor

FILES = {
    "package/dist/a.js": b"a",
    "package/dist/more/b.js": b"b",
    "package/other.js": b"other",
    "package/LICENSE": b"free",
}


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that packs one package, @scope/thing@1.0, and writes down how it was called."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    (tmp_path / "scope-thing-1.0.tgz").write_bytes(packed.getvalue())
    script = tmp_path / "npm"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ -e {tmp_path}/down ] && {{ echo no network >&2; exit 7; }}\n'
        f'for last; do true; done\n[ "$last" = @scope/thing@1.0 ] && cp {tmp_path}/scope-thing-1.0.tgz .\n'
    )
    script.chmod(0o755)
    monkeypatch.setattr(vendor.shutil, "which", lambda name: str(script))
    sha512 = base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
    monkeypatch.setattr(vendor, "ON_PAGES", (vendor.Package("@scope/thing", "1.0", ("dist/",), sha512),))
    monkeypatch.setattr(vendor, "FOR_TESTS", ())
    return tmp_path


def test_a_package_is_fetched_once(npm):
    root = npm / "root"
    for _ in range(2):
        assert vendor.fetch(root) == vendor.folder(root) and vendor.missing(root) == []
    assert len((npm / "calls").read_text().splitlines()) == 1
    found = {path.relative_to(vendor.folder(root)).as_posix() for path in vendor.folder(root).rglob("*.*")}
    assert found >= {"@scope/thing@1.0/dist/a.js", "@scope/thing@1.0/dist/more/b.js"}
    assert not any("other" in name or name.endswith("tgz") for name in found)
    assert (vendor.folder(root) / "@scope/thing@1.0" / "LICENSE").read_bytes() == b"free"


def test_what_goes_wrong_is_said_and_leaves_nothing(npm, monkeypatch):
    root = npm / "root"
    (npm / "down").touch()
    with pytest.raises(RuntimeError, match=r"status 7(.|\n)*no network"):
        vendor.fetch(root)
    (npm / "down").unlink()
    (thing,) = vendor.ON_PAGES
    monkeypatch.setattr(vendor, "ON_PAGES", (thing._replace(sha512="another"),))
    with pytest.raises(RuntimeError, match="should have another"):
        vendor.fetch(root)
    monkeypatch.setattr(vendor.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match=r"npm is needed for @scope/thing@1\.0"):
        vendor.fetch(root)
    assert [path for path in vendor.folder(root).rglob("*") if path.is_file()] == []


def test_the_command_line_says_what_happened(npm, monkeypatch, capsys):
    monkeypatch.setattr(vendor, "fetch", lambda: vendor.folder())
    assert vendor.main() == 0 and "_build/npm" in capsys.readouterr().out

    def fails():
        raise RuntimeError("npm ended")

    monkeypatch.setattr(vendor, "fetch", fails)
    assert vendor.main() == 1 and "npm ended" in capsys.readouterr().err
