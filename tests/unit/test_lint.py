"""The capability `App.lint`: which files it looks at, and how it reads them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keystead.app import App
from keystead.errors import FileProblem
from keystead.lint.finding import Severity
from keystead.lint.rules import RULES
from keystead.lint.runner import Report
from keystead.system import System

WHOLE = b"[a]\nregion = eu-west-1\n"


def rules(report: Report) -> list[str]:
    return [finding.rule.id for finding in report.findings]


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_files_named_by_the_environment_are_checked(tmp_path: Path) -> None:
    config = write(tmp_path / "c", b"[profile a]\nx = 1 # y\n")
    credentials = write(tmp_path / "k", b"[a]\nX = 1\n")
    environ = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    report = App(System(environ={**environ, "KEYSTEAD_HOME": str(tmp_path)})).lint()
    assert rules(report) == ["inline-comment", "upper-case-key"]
    assert sorted(report.files) == [str(config), str(credentials)]


def test_location_includes_the_config_in_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "config", b"[profile a]\nx = 1 # y\n")
    report = App(System(environ={})).lint(tmp_path / "credentials")
    assert rules(report) == ["inline-comment", "missing-file"]


def test_a_location_that_is_a_config_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem):
        App(System(environ={})).lint(tmp_path / "config")


def test_named_file_replaces_the_usual_one(tmp_path: Path) -> None:
    home = tmp_path / ".aws"
    write(home / "config", b"nothing\n")
    write(home / "credentials", b"[a]\nX = 1\n")
    other = write(tmp_path / "other", b"[default]\nregion = eu-west-1\n")
    report = App(System(environ={"HOME": str(tmp_path)})).lint(config=str(other))
    assert rules(report) == ["upper-case-key"]
    assert report.findings[0].profile == "a"


def test_file_that_is_being_written_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "credentials", b"[a]\nregion")
    pauses: list[float] = []

    def finish(seconds: float) -> None:
        pauses.append(seconds)
        write(path, WHOLE)

    report = App(System(environ={}, sleep=finish)).lint(path)
    assert (rules(report), len(pauses)) == ([], 1)


def test_file_that_stays_broken_is_reported_and_an_old_one_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "credentials", b"[a]\nregion")
    pauses: list[float] = []
    system = System(environ={}, sleep=pauses.append)
    assert rules(App(system).lint(path)) == ["syntax"]
    assert len(pauses) > 1
    os.utime(path, (0, 0))
    pauses.clear()
    later = System(environ={}, sleep=pauses.append, clock=lambda: datetime.now(UTC))
    assert (rules(App(later).lint(path)), pauses) == (["syntax"], [])


def test_a_damaged_encrypted_store_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path / ".aws" / "credentials", b"[a]\nX = 1\n")
    store = write(tmp_path / "keystead" / "RegisteredAccounts.json", b"{")
    environ = {"HOME": str(tmp_path), "KEYSTEAD_HOME": str(store.parent)}
    report = App(System(environ=environ)).lint()
    assert sorted(rules(report)) == ["unreadable-file", "upper-case-key"]
    assert str(store) in {finding.where.file for finding in report.findings}


def test_thousands_of_profiles_with_long_chains_are_checked_quickly(tmp_path: Path) -> None:
    role = "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = p{}\n"
    sections = [f"[p{i}]\n{role.format(i + 1)}" for i in range(3000)]
    path = write(tmp_path / "credentials", "".join([*sections, "[p3000]\nX = 1\n"]).encode())
    report = App(System(environ={})).lint(path)
    assert rules(report) == ["source-without-credentials", "upper-case-key"]


def test_the_rules_are_in_one_style() -> None:
    for rule in RULES.values():
        assert rule.id == rule.id.lower().replace("_", "-")
        texts = [rule.meaning, *rule.readers]
        assert not [t for t in texts if t.endswith(".") or "|" in t or "\n" in t or ";" in t]
        assert rule.meaning[0].islower() or rule.meaning[0] == "`"
    assert {rule.severity for rule in RULES.values()} == set(Severity)
