r"""Which plan a profile comes to: the cases in tests/cases/planning.

Parts: ``config`` and ``credentials``, the files; ``environment``, lines of ``NAME=value``; ``ask``,
the profile, else the default search. ``plan`` has the base, the MFA session if there is one, and
each step: ``base KIND PROFILE``, ``mfa PROFILE``, ``step PROFILE``, then what stands in
``plan --json`` besides. ``error`` has its kind, its place and `` | `` its whole message.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from keystead.app import App
from keystead.errors import KeysteadError
from keystead.model.planview import as_json
from keystead.system import System
from tests.canaries import SECRET_KEY
from tests.casefile import Case, cases
from tests.conftest import Keystead

CASES = cases("planning")


def planned(case: Case, home: Path) -> list[str]:
    """The lines that the case has, made anew from its files."""
    folder = home / ".aws"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("config", "credentials"):
        path = folder / name
        path.touch(mode=0o600)
        text = case.parts.get(name, b"").decode().replace("SECRET", SECRET_KEY)
        path.write_text(text)
    given = case.parts.get("environment", b"").decode().replace("SECRET", SECRET_KEY)
    environ = dict(line.split("=", 1) for line in given.splitlines())
    unset = {k: v for k, v in os.environ.items() if k != "AWS_EC2_METADATA_DISABLED"}
    app = App(System({**unset, **environ}))
    try:
        plan = app.plan(case.text("ask") if "ask" in case.parts else None)
    except KeysteadError as error:
        where = f"{Path(error.where.file).name}:{error.where.line} " if error.where else ""
        return [f"{type(error).__name__} {where}| {error.message}"]
    shown = as_json(plan, (), (), app.system.clock())
    return list(_lines(shown))


def _lines(shown: Mapping[str, object]) -> Iterator[str]:
    base = dict(shown["base"])
    yield _line("base", base.pop("kind"), base)
    if "mfa_session" in shown:
        session = dict(shown["mfa_session"])
        del session["cache"]
        yield _line("mfa", "", session)
    for step in map(dict, shown["steps"]):
        assert step.pop("kind") == "assume-role"
        if step["role_session_name"].startswith("keystead-"):
            del step["role_session_name"]
        step["role_arn"] = step["role_arn"].removeprefix("arn:aws:iam::123456789012:role/")
        yield _line("step", "", step)


def _line(word: str, kind: str, rest: dict[str, object]) -> str:
    name = rest.pop("profile", "")
    if str(rest.get("role_session_name", "")).startswith("keystead-"):
        del rest["role_session_name"]
    shown = {key: ",".join(map(str, v)) if isinstance(v, tuple) else v for key, v in rest.items()}
    parts = [word, kind, name, *(f"{key}={value}" for key, value in shown.items())]
    return " ".join(str(part) for part in parts if part)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.place} {case.purpose}")
def test_plan(case: Case, home: Path, isolation: Keystead) -> None:
    isolation.plain.add(home / ".aws" / "config")
    expected = case.text("plan" if "plan" in case.parts else "error").splitlines()
    assert planned(case, home) == expected


def test_there_are_many() -> None:
    assert len(CASES) > 100
