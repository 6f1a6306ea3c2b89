"""The workflows, which run elsewhere: they keep to the schema, and call nothing but make, with targets that exist.

Tried, each failing here: a key that no workflow has; a target that is gone; a Python left out; a step with a command of
its own; an action by its tag; a job that may write without need, or run for ever.
"""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from saeno.book.press import ROOT, address
from saeno.book.press.published import release

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
FLOWS = {path.stem: yaml.load(path.read_text(), yaml.BaseLoader) for path in FILES}  # "on" stays a word
JOBS = [(flow, name, job) for flow, said in FLOWS.items() for name, job in said["jobs"].items()]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# What a step may run besides make: a script of .ci, and what makes room on machines that come full.
ROOM = "sudo rm -rf /usr/local/lib/android /usr/share/dotnet"
WRITES = {"report": {"issues"}, "deploy": {"pages", "id-token"}, "publish": {"id-token"}}


def runs(job):
    return [step["run"].strip() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize(
    ("schema", "files"),
    [("github-workflows", FILES), ("citation-file-format", [ROOT / "CITATION.cff"])],
    ids=["workflows", "citation"],
)
def test_files_keep_to_their_schema(schema, files, tmp_path):
    def checked(paths):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *paths]
        return subprocess.run(command, capture_output=True, text=True)

    assert files and checked(files).returncode == 0, checked(files).stdout
    for path in files:
        (tmp_path / path.name).write_text(path.read_text() + "\nno-such-key: 1\n")
        assert "no-such-key" in checked([tmp_path / path.name]).stdout


@pytest.mark.parametrize(("flow", "name", "job"), JOBS, ids=[f"{flow}-{name}" for flow, name, _ in JOBS])
def test_a_job_runs_make_and_nothing_hidden(flow, name, job):
    for line in runs(job):
        program, *words = line.split()
        if program == "make":
            named = [word for word in words if "=" not in word]
            assert len(named) == 1 and set(named) <= TARGETS, line
            assert [word for word in words if "=" in word] in ([], ["NEWEST=1"]), line
        else:
            assert line == ROOM or (ROOT / line).stat().st_mode & 0o111, line
    allowed = FLOWS[flow]["permissions"] if "permissions" not in job else job["permissions"]
    assert {what for what, how in allowed.items() if how == "write"} == WRITES.get(name, set())
    assert 0 < int(job["timeout-minutes"]) <= 300
    for step in job["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), "an action by its hash, which cannot move"


def test_every_action_says_its_version_and_has_one():
    lines = [line for path in FILES for line in path.read_text().splitlines() if "uses:" in line]
    found = [re.fullmatch(r"[- ]+uses: (\S+)@(\w+) # (v\d+\.\d+\.\d+)", line) for line in lines]
    assert len(lines) > 8 and all(found), lines
    assert len({match[1] for match in found}) == len({match.groups() for match in found})


def test_each_has_one_run_at_a_time():
    assert {"tests", "pages", "release"} == set(FLOWS)
    for name, flow in FLOWS.items():
        assert flow["concurrency"]["group"].startswith(name) and "cancel-in-progress" in flow["concurrency"]
        assert "pull_request_target" not in flow["on"], "which runs what strangers wrote with what we may"


def test_tests_run_on_every_machine_and_python():
    flow = FLOWS["tests"]
    assert {"push", "pull_request", "schedule"} <= set(flow["on"]) and flow["on"]["push"]["branches"] == ["main"]
    matrix = flow["jobs"]["test"]["strategy"]["matrix"]
    assert [machine.split("-")[0] for machine in matrix["machine"]] == ["ubuntu", "ubuntu", "macos"]
    assert matrix["machine"][1].endswith("-arm") and flow["jobs"]["test"]["strategy"]["fail-fast"] == "false"
    assert matrix["python"] == PYTHONS and "make test" in runs(flow["jobs"]["test"])
    assert f">={PYTHONS[0]}" == PROJECT["requires-python"]
    minor = [int(python.split(".")[1]) for python in PYTHONS]
    assert minor == list(range(minor[0], minor[-1] + 1))


def test_the_newest_versions_are_tried_once_a_week_and_a_failure_is_told():
    jobs = FLOWS["tests"]["jobs"]
    assert "make test NEWEST=1" in runs(jobs["newest"]) and "schedule" in jobs["newest"]["if"]
    assert jobs["report"]["needs"] == ["test", "newest"] and runs(jobs["report"]) == [".ci/report"]
    assert "failure()" in jobs["report"]["if"] and "schedule" in jobs["report"]["if"]


def test_pages_publishes_what_make_book_builds():
    jobs = FLOWS["pages"]["jobs"]
    assert runs(jobs["build"]) == ["make book"] and jobs["deploy"]["needs"] == "build"
    (upload,) = [step for step in jobs["build"]["steps"] if "upload-pages-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == "_build/html" and "main" in jobs["deploy"]["if"]


def test_a_release_is_tested_and_its_wheel_is_the_one_that_was_built():
    flow = FLOWS["release"]
    assert flow["on"]["push"] == {"tags": ["v*"]} and flow["jobs"]["publish"]["needs"] == "build"
    assert {"make wheel", "make test"} <= set(runs(flow["jobs"]["build"]))
    (wheel,) = [step for step in flow["jobs"]["build"]["steps"] if step.get("run") == "make wheel"]
    assert wheel["env"] == {"TAG": "${{ github.ref_name }}"}
    assert runs(flow["jobs"]["publish"]) == [], "it may publish, and so runs nothing of ours"


def test_they_name_no_address():
    """Neither another one nor ours, which `make address` would have to change: GitHub knows where it runs."""
    texts = [path.read_text() for path in [*FILES, ROOT / ".ci" / "report"]]
    assert [web for text in texts for web in address.WEB.findall(text)] == []


@pytest.mark.parametrize(("open_issues", "opened"), [("", 1), ("Another\n", 1), ("The weekly tests fail\n", 0)])
def test_an_issue_is_opened_once(tmp_path, open_issues, opened):
    """With a program in place of GitHub's `gh`, that writes down what it was asked."""
    (tmp_path / "open").write_text(open_issues)
    (tmp_path / "gh").write_text(
        f'#!/bin/sh\nif [ "$2" = list ]; then cat {tmp_path}/open; else echo "$@" >> {tmp_path}/asked; fi\n'
    )
    (tmp_path / "gh").chmod(0o755)
    there = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RUN": "the-run"}
    subprocess.run([ROOT / ".ci" / "report"], env=there, check=True, capture_output=True)
    asked = (tmp_path / "asked").read_text() if opened else ""
    assert asked.count("issue create --title The weekly tests fail --body the-run") == opened
    assert not opened or "`make test NEWEST=1`" in asked
    assert opened or not (tmp_path / "asked").exists()


def test_a_tag_of_another_version_releases_nothing(tmp_path, capsys):
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.10.0 (2027-01-02)\n\n## 1.2.0 (unreleased)\n")
    assert release.faults("v1.10.0", "1.10.0", tmp_path) == []
    (wrong,) = release.faults("v1.1.0", "1.10.0", tmp_path)
    assert "tag = 'v1.1.0': should be 'v1.10.0'" in wrong
    (early,) = release.faults("v1.2.0", "1.2.0", tmp_path)
    assert "'## 1.2.0 (unreleased)' for 1.2.0" in early
    assert len(release.faults("1.1.0", "1.1.0", tmp_path)) == 2
    assert release.main(["no-tag"]) == 1 and "no-tag" in capsys.readouterr().err
