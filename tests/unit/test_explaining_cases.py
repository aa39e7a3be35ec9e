r"""What `keystead explain` says: the cases in tests/cases/explaining, compared with botocore.

Parts: ``environment``, lines of ``NAME=value``; ``config`` and ``credentials``, the files;
``encrypted``, profiles of the encrypted store, written like a credentials file; ``ask``, the name
that is asked for. ``windows`` is there when the encrypted store is the .NET SDK's own.

``explains`` has a line for each row that is not absent, ``SECTION OUTCOME SOURCE`` and then, where
wanted, ``@`` with the places and `` | `` with a part of the reason; and for each other choice
``SECTION TOOL, TOOL > CHOICE``, where wanted with `` | `` again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, CredentialRetrievalError

from keystead.app import App
from keystead.errors import KeysteadError, Origin, ProfileNotFound
from keystead.model.explain import explain
from keystead.model.explain.answer import Answer, Explanation, Outcome, as_json
from keystead.model.explain.reading import Reading
from keystead.model.explain.search import Facts, StoreFacts, chosen, comes_to, names
from keystead.model.explain.tools import KEYSTEAD, TOOLS
from keystead.model.profile import Profile
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.canaries import leaks
from tests.casefile import Case, cases

CASES = cases("explaining")
SECTIONS = ("credentials", "settings", "region")
SEALED = "RegisteredAccounts.json"

BOTOCORE = TOOLS[0]
METHODS = {
    "env": "environment",
    "assume-role": "role",
    "assume-role-with-web-identity": "web-identity",
    "sso": "sso",
    "shared-credentials-file": "keys",
    "login": "login",
    "custom-process": "process",
    "config-file": "config-keys",
    "container-role": "container",
}
"""The words of `explain` for botocore's."""


def ids(case: Case) -> str:
    return f"{case.place} {case.purpose}"


class Stored:
    """The profiles of a case, in the search order of the stores."""

    def __init__(self, encrypted: Mapping[str, Profile], shared: SharedStore) -> None:
        self.encrypted = encrypted
        self.shared = shared
        snapshot = shared.snapshot()
        self.sso_session = snapshot.sso_session
        self.services = snapshot.services

    def find(self, name: str) -> Profile:
        return self.encrypted.get(name) or self.shared.find(name)


def environment(case: Case) -> dict[str, str]:
    text = case.parts.get("environment", b"").decode()
    return dict(line.split("=", 1) for line in text.splitlines())


def write(case: Case, folder: Path) -> None:
    for kind in FileKind:
        (folder / kind.value).touch(mode=0o600)
        (folder / kind.value).write_bytes(case.parts.get(kind.value, b""))


def encrypted(case: Case) -> dict[str, Profile]:
    reading = interpret(Document(case.parts.get("encrypted", b""), SEALED), FileKind.CREDENTIALS)
    return {
        name: Profile(
            name,
            {key: entry.value for key, entry in settings.items()},
            origins=dict.fromkeys(settings, Origin(SEALED)),
        )
        for name, settings in reading.profiles.items()
    }


def gathered(case: Case, folder: Path) -> tuple[Facts, Stored]:
    write(case, folder)
    shared = SharedStore(
        System(environ={}, sleep=lambda _: None), folder / "credentials", folder / "config"
    )
    asked = case.text("ask") if "ask" in case.parts else None
    environ = environment(case)
    found = {}
    for name in names(environ, asked):
        try:
            found[name] = shared.find(name)
        except ProfileNotFound:
            continue
    sealed = encrypted(case)
    stores = [
        StoreFacts("encrypted store", sealed, read_by_dotnet="windows" in case.parts),
        StoreFacts("shared files", found, read_by_sdks=True, read_by_dotnet=True),
    ]
    facts = Facts(environ, stores, asked)
    return facts, Stored(sealed, shared)


def explained(case: Case, folder: Path) -> Explanation:
    return explain(*gathered(case, folder))


def lines(explanation: Explanation, folder: Path) -> list[tuple[str, str]]:
    """Each row that is not absent and each other choice, with its reason."""
    here = f"{folder}{os.sep}"
    found = []
    for section in SECTIONS:
        answer: Answer | None = getattr(explanation, section)
        for row in answer.rows if answer else ():
            if row.outcome is not Outcome.ABSENT:
                where = ", ".join(place.replace(here, "") for place in row.where)
                found.append((f"{section} {row.outcome.value} {row.source} @ {where}", row.why))
        for other in answer.others if answer else ():
            found.append((f"{section} {', '.join(other.tools)} > {other.chooses}", other.why))
    return found


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_explanation_matches_the_case(case: Case, tmp_path: Path) -> None:
    explanation = explained(case, tmp_path)
    found = lines(explanation, tmp_path)
    expected = [line.partition(" | ") for line in case.text("explains").splitlines()]
    shown = [
        line if " @ " in want or " > " in want else line.partition(" @ ")[0]
        for (line, _), (want, _, _) in zip(found, expected, strict=False)
    ] + [line for line, _ in found[len(expected) :]]
    assert [want for want, _, _ in expected] == shown
    reasons = [why for _, why in found]
    assert [r for (_, _, r), why in zip(expected, reasons, strict=True) if r not in why] == []
    assert leaks(json.dumps(as_json(explanation))) == []


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_winning_source_is_the_planned_source(case: Case, tmp_path: Path) -> None:
    """The explanation and the plan are computed separately and agree."""
    facts, _ = gathered(case, tmp_path)
    if "encrypted" in case.parts:
        return
    files = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "KEYSTEAD_HOME": str(tmp_path / "none"),
    }
    app = App(System(environ={**facts.environ, **files}, sleep=lambda _: None))
    explanation = app.select(facts.asked).explanation
    outcomes = {row.source: row.outcome for row in explanation.credentials.rows}
    if explanation.settings is None:
        winner = next((source for source, what in outcomes.items() if what is Outcome.WON), None)
        try:
            assert app.select(None).plan.base.kind == winner
        except KeysteadError:
            assert winner is None
        return
    row = explanation.settings.winner
    try:
        plan = app.select(facts.asked).plan
    except KeysteadError:
        assert row is None
        return
    assert row is not None
    planned = "role" if plan.steps else plan.base.kind
    assert row.source.replace("config-keys", "keys").replace("keys", "static") == planned


def by_botocore(facts: Facts, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """The source that botocore finds, ``error`` or ``none``; nothing is called or run."""
    for name, value in facts.environ.items():
        patch.setenv(name, value)
    patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    try:
        session = botocore.session.Session(profile=facts.asked)
        credentials = session.get_credentials()
    except CredentialRetrievalError as error:
        return METHODS[error.kwargs["provider"]]
    except OSError:  # a program that is not there, as on Windows
        return "process"
    except BotoCoreError:
        return "error"
    return METHODS[credentials.method] if credentials else "none"


@pytest.mark.parametrize("case", [c for c in CASES if "encrypted" not in c.parts], ids=ids)
def test_botocore_chooses_what_its_row_says(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts, stored = gathered(case, tmp_path)
    said = chosen(facts, BOTOCORE)
    profile = comes_to(facts, BOTOCORE)
    key = said.key
    if key.startswith("profile ") and profile:
        choice = BOTOCORE.pick(Reading(profile))
        assert choice is not None
        key = choice.key
    if key == "ec2" or (key == "none" and facts.metadata):
        key = "none"  # the metadata service is switched off in tests
    settings = explain(facts, stored).settings
    if settings and any(row.why.endswith("does not exist") for row in settings.rows):
        key = "error"
    assert by_botocore(facts, tmp_path, monkeypatch) == key


def test_every_outcome_and_tool_has_a_case(tmp_path: Path) -> None:
    seen: set[str] = set()
    for number, case in enumerate(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        explanation = explained(case, folder)
        for section in SECTIONS:
            answer = getattr(explanation, section)
            if answer:
                seen |= {row.outcome.value for row in answer.rows}
                seen |= {f"{section} {tool}" for other in answer.others for tool in other.tools}
    wanted = {f"{section} {tool.name}" for section in SECTIONS for tool in TOOLS}
    assert {o.value for o in Outcome} <= seen
    # It reads regions as keystead does.
    assert wanted - seen <= {"region AWS CLI v2", "region Go v2"}


def test_keystead_is_one_of_the_tools_that_are_compared() -> None:
    assert KEYSTEAD not in TOOLS
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
