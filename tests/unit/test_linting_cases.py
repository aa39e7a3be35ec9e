"""What `keystead lint` finds: the cases in tests/cases/linting, compared with botocore.

Parts: ``config`` and ``credentials``, the files; ``findings``, a line each: ``FILE:LINE RULE``,
where wanted with `` | `` and a part of the message or the fix. ``elsewhere`` names profiles of
another store, ``open`` the files that others may read, ``missing`` those that were asked for and
are not there, ``folder`` those that are folders.

``fixed config`` and ``fixed credentials`` are the files after the fix; then nothing is found and
all read alike. ``botocore`` is what botocore's loader reads, JSON by profile or ``"refused"``, and
``resolves`` a profile with the access key that botocore gets for it or the error that it raises.

``posix`` says what of a case Windows does not have, ``posix botocore`` what botocore has otherwise
there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore.configloader
import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, ConfigParseError

from keystead.errors import DocumentError
from keystead.lint import rules
from keystead.lint.finding import Finding, Severity, as_json
from keystead.lint.rules import RULES
from keystead.lint.runner import lint_files
from keystead.lint.subject import OtherStore
from keystead.model.profile import Profile
from keystead.stores.shared import SharedStore
from keystead.stores.shared_snapshot import SharedSnapshot
from keystead.system import System
from keystead.text.dialect import FileKind
from tests.canaries import leaks
from tests.casefile import Case, cases

CASES = cases("linting")
FILES = [kind.value for kind in FileKind]


def given(cases: Iterable[Case], *parts: str) -> pytest.MarkDecorator:
    """The test takes each of these cases, on Windows only those without any of ``parts``."""
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                case,
                id=f"{case.place} {case.purpose}",
                marks=[pytest.mark.posix(case.text(part)) for part in parts if part in case.parts],
            )
            for case in cases
        ],
    )


def words(case: Case, part: str) -> list[str]:
    return case.text(part).split() if part in case.parts else []


def write(case: Case, folder: Path, prefix: str = "") -> None:
    for name in FILES:
        if prefix + name in case.parts:
            path = folder / name
            path.touch(mode=0o600)
            path.write_bytes(case.parts[prefix + name])
            path.chmod(0o644 if name in words(case, "open") else 0o600)
        if name in words(case, "folder"):
            (folder / name).mkdir()


def lint(case: Case, folder: Path) -> list[Finding]:
    for name in words(case, "old"):
        then = (datetime.now(UTC) - timedelta(days=100)).timestamp()
        os.utime(folder / name, (then, then))
    environ = dict(line.split("=", 1) for line in words(case, "environment"))
    system = System(environ=environ, sleep=lambda _: None)
    others = [Profile(name, {}) for name in words(case, "elsewhere")]
    report = lint_files(
        system,
        SharedSnapshot(system, (folder / "credentials", folder / "config")),
        named={FileKind(name) for name in words(case, "missing")},
        elsewhere=lambda: [OtherStore("encrypted store", others, ignores_case=True)],
    )
    return report.findings


def by_botocore(folder: Path) -> object:
    """The profiles as botocore's loader has them, or that it refuses a file."""
    try:
        config, keys = {}, {}
        if (folder / "config").exists():
            config = botocore.configloader.load_config(str(folder / "config"))["profiles"]
        if (folder / "credentials").exists():
            keys = botocore.configloader.raw_config_parse(str(folder / "credentials"))
    except ConfigParseError:
        return "refused"
    return {name: {**config.get(name, {}), **keys.get(name, {})} for name in {**config, **keys}}


def by_the_rules(folder: Path) -> object:
    """The profiles as keystead has them, or that it refuses a file."""
    try:
        found = (
            SharedStore(System(environ={}), folder / "credentials", folder / "config")
            .snapshot()
            .reading()
        )
    except DocumentError:
        return "refused"
    return {
        name: {
            key: dict(entry.value) if isinstance(entry.value, Mapping) else entry.value
            for key, entry in settings.items()
        }
        for name, settings in found.profiles.items()
    }


@given(CASES, "posix")
def test_findings_match_the_case(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path)
    found = lint(case, tmp_path)
    here = f"{tmp_path}{os.sep}"
    places = [f"{str(f.where).removeprefix(here)} {f.rule.id}" for f in found]
    expected = [line.partition(" | ") for line in case.text("findings").splitlines()]
    assert [place for place, _, _ in expected] == places
    texts = [f"{f.message} {f.fix}".replace(here, "") for f in found]
    wanted = [fragment for _, _, fragment in expected]
    assert [w for w, text in zip(wanted, texts, strict=True) if w not in text] == []
    assert leaks(json.dumps([as_json(f) for f in found])) == []


@given([c for c in CASES if any(p.startswith("fixed") for p in c.parts)])
def test_fixed_file_is_read_alike_by_all_readers(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path, "fixed ")
    assert [f for f in lint(case, tmp_path) if f.severity is not Severity.INFO] == []
    assert by_the_rules(tmp_path) == by_botocore(tmp_path)


@given([c for c in CASES if "botocore" in c.parts], "posix botocore")
def test_botocore_reads_what_the_rule_says(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path)
    assert json.loads(case.text("botocore")) == by_botocore(tmp_path)
    broken = {"syntax", "not-utf8"} & rules_of(case)
    assert broken or by_the_rules(tmp_path) != by_botocore(tmp_path)


@given([c for c in CASES if "resolves" in c.parts], "posix botocore")
def test_botocore_gives_the_credentials_that_the_rule_says(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(case, tmp_path)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for line in case.text("resolves").splitlines():
        profile, expected = line.split()
        session = botocore.session.Session(profile=profile)
        try:
            credentials = session.get_credentials()
            outcome = credentials.access_key if credentials else "none"
        except BotoCoreError as error:
            outcome = type(error).__name__
        assert expected == outcome


def rules_of(case: Case) -> set[str]:
    return {line.split()[1] for line in case.text("findings").splitlines()}


def test_every_rule_has_a_case() -> None:
    assert set().union(*map(rules_of, CASES)) == set(RULES)


def test_every_difference_of_botocore_is_shown_by_botocore() -> None:
    proven = set().union(
        *(rules_of(case) for case in CASES if {"botocore", "resolves"} & case.parts.keys())
    )
    differing = {
        rule.id
        for rule in RULES.values()
        if rule.readers.botocore and rule.readers.botocore != rule.readers.sdks
    }
    assert differing - proven == set()


def test_botocore_refuses_the_files_that_the_table_says_it_refuses() -> None:
    for case in CASES:
        if "botocore" in case.parts:
            readers = [RULES[rule].readers.botocore for rule in rules_of(case)]
            refused = any("whole file refused" in text for text in readers)
            assert refused or json.loads(case.text("botocore")) != "refused", case.place


def test_every_file_of_rules_is_in_the_order_of_the_page() -> None:
    files = {path.stem for path in Path(rules.__file__).parent.glob("*.py")}
    assert files - {"__init__"} == set(rules.FAMILIES)
