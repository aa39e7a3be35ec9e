r"""What `keystead plan --json` says: the cases in tests/cases/planning.

Parts: ``environment``, lines of ``NAME=value``; ``config`` and ``credentials``, the files; ``file
PATH``, a file that a profile names, which exists when integration/test_planned_cases.py executes
the plan (credentials in it have the access key id ASIAOFTHEBASEEXAMPLE); ``ask``, the name that is
asked for, without it none. Then ``expect``, the whole document, or ``error``: a line with the class
of the error and its file and line, a line with its message and, where it has one, a line with its
hint.

The clock is fixed, so all generated session names are equal.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keystead.app import App
from keystead.errors import KeysteadError, ProfileInvalid, ProfileNotFound
from keystead.model.plan_json import as_json
from keystead.model.sources import SOURCES
from keystead.system import System
from keystead.text.dialect import FileKind
from tests.canaries import SECRETS, leaks
from tests.casefile import Case, cases

CASES = cases("planning")
PLANS = [case for case in CASES if "expect" in case.parts]
REFUSED = [case for case in CASES if "error" in case.parts]
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def ids(case: Case) -> str:
    return f"{case.place} {case.purpose}"


def app_of(case: Case, folder: Path) -> App:
    """keystead over the files and the environment of a case."""
    environ = {"AWS_EC2_METADATA_DISABLED": "true", "KEYSTEAD_HOME": str(folder / "keystead")}
    for kind, variable in (
        (FileKind.CONFIG, "AWS_CONFIG_FILE"),
        (FileKind.CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE"),
    ):
        environ[variable] = str(folder / kind.value)
        if kind.value in case.parts:
            (folder / kind.value).touch(mode=0o600)
            (folder / kind.value).write_bytes(case.parts[kind.value])
    given = case.parts.get("environment", b"").decode().splitlines()
    environ |= dict(line.split("=", 1) for line in given)
    return App(System(environ=environ, clock=lambda: NOW, sleep=lambda _: None))


def asked(case: Case) -> str | None:
    return case.text("ask") if "ask" in case.parts else None


def planned(app: App, name: str | None) -> dict[str, object]:
    """The document of `keystead plan --json`, as a reader of JSON has it."""
    selected = app.select(name)
    plan = selected.plan
    shown = as_json(plan, selected.cached, selected.calls, app.system.clock())
    found: dict[str, object] = json.loads(json.dumps(shown))
    return found


def error_text(error: KeysteadError, folder: Path) -> str:
    """An error as a case has it."""
    here = f"{folder}{os.sep}"
    place = str(error.where).replace(here, "") if error.where else "-"
    lines = [f"{type(error).__name__} {place}", error.message]
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(lines).replace(here, "")


@pytest.mark.parametrize("case", PLANS, ids=ids)
def test_plan_matches_the_case(case: Case, tmp_path: Path) -> None:
    shown = planned(app_of(case, tmp_path), asked(case))
    assert json.loads(case.text("expect")) == shown
    assert leaks(json.dumps(shown)) == []


@pytest.mark.parametrize("case", REFUSED, ids=ids)
def test_refusal_matches_the_case(case: Case, tmp_path: Path) -> None:
    with pytest.raises(KeysteadError) as caught:
        planned(app_of(case, tmp_path), asked(case))
    assert case.text("error") == error_text(caught.value, tmp_path)


@pytest.mark.parametrize("case", REFUSED, ids=ids)
def test_an_error_of_a_profile_names_profile_setting_and_line(case: Case, tmp_path: Path) -> None:
    app = app_of(case, tmp_path)
    with pytest.raises(KeysteadError) as caught:
        planned(app, asked(case))
    error = caught.value
    if not isinstance(error, ProfileInvalid) or error.message.startswith("the environment has "):
        return
    assert error.where is not None
    assert error.where.line is not None
    lines = Path(error.where.file).read_text().splitlines()
    setting = lines[error.where.line - 1].partition("=")[0].strip().lower()
    named = f"`{setting}`" in error.message + (error.hint or "")
    spoken = {
        "source_profile": ("source profile", "names itself as its source"),
        "sso_session": ("sso-session",),
    }
    unset = "no setting that gives credentials" in error.message
    assert named or unset or any(word in error.message for word in spoken.get(setting, ()))
    profiles = [header.split()[-1].strip("[]") for header in lines if header.startswith("[")]
    assert any(f"`{name}`" in error.message or f" {name}" in error.message for name in profiles)


def test_each_case_says_what_is_expected() -> None:
    assert all(len({"expect", "error"} & case.parts.keys()) == 1 for case in CASES)


def test_every_source_type_and_chain_depth_has_a_case() -> None:
    shown = [json.loads(case.text("expect")) for case in PLANS]
    assert {plan["base"]["kind"] for plan in shown} == {source.kind for source in SOURCES}
    assert {len(plan["steps"]) for plan in shown} >= set(range(7))
    assert any("mfa_session" in plan for plan in shown)
    assert {plan["cache"]["state"] for plan in shown} == {"none"}


def test_missing_profile_error_suggests_similar_names(tmp_path: Path) -> None:
    (case,) = (c for c in REFUSED if c.purpose == "a profile that does not exist")
    with pytest.raises(ProfileNotFound) as caught:
        _ = app_of(case, tmp_path).select(asked(case)).plan
    assert "`prod`" in (caught.value.hint or "")
    assert SECRETS  # the cases contain the canaries, and `leaks` looks for them
