"""What names a profile follows its new name, in both stores and both files, or stays on request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keystead.app import App
from keystead.errors import ProfileInvalid
from keystead.model.profile import Profile
from keystead.model.references import references, renamed
from keystead.stores.base import register
from keystead.stores.chain import StoreChain
from keystead.system import System
from keystead.testing import StandInDpapi
from keystead.undo.current import OneGeneration
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.protection import home as environment

KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
ROLE = "arn:aws:iam::123456789012:role/reader"
PAIR = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


def role(source: str) -> str:
    return f"role_arn = {ROLE}\nsource_profile = {source}\n"


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        ("keystead process old", "keystead process new"),
        ("/opt/bin/keystead  process  old", "/opt/bin/keystead  process  new"),
        (r"C:\tools\keystead.exe process old", r"C:\tools\keystead.exe process new"),
        ("keystead process 'old'", "keystead process new"),
        ('"/a b/keystead" process "old"', '"/a b/keystead" process new'),
        ("keystead process --role-session-name x old", "keystead process --role-session-name x new"),
        ("keystead process --duration=900 old", "keystead process --duration=900 new"),
        ("keystead process old --duration 900", "keystead process new --duration 900"),
        ("python3 -m keystead process old", "python3 -m keystead process new"),
        ("aws configure export-credentials --profile old", "aws configure export-credentials --profile new"),
        ("aws --profile=old configure export-credentials", "aws --profile=new configure export-credentials"),
        # None of these names the profile.
        ("keystead process other", None),
        ("keystead process older", None),
        ("keystead process --location /x old", None),
        ("keystead explain old", None),
        ("helper process old", None),
        ("aws sts get-caller-identity --query old", None),
        ("keystead", None),
        ("", None),
    ],
)  # fmt: skip
def test_credential_process_command_line_refers_to_its_profile(
    command: str, changed: str | None
) -> None:
    for setting in ("credential_process", "mfa_process"):
        profile = Profile("a", {setting: command})
        expected = {} if changed is None else {setting: changed}
        assert renamed(profile, {"old"}, "new") == expected


def test_name_with_a_space_is_quoted_only_in_a_command_line() -> None:
    profile = Profile("a", {"source_profile": "old", "credential_process": "keystead process old"})
    assert renamed(profile, {"old"}, "my new") == {
        "source_profile": "my new",
        "credential_process": 'keystead process "my new"',
    }


def test_sections_of_other_types_are_not_references() -> None:
    settings = {"sso_session": "old", "services": "old", "login_session": "old", "region": "old"}
    assert list(references(Profile("a", settings))) == []


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / ".aws"
        self.folder.mkdir()
        self.system = System(environment(folder), dpapi=StandInDpapi(), sleep=lambda _: None)
        self.app = App(self.system)

    @property
    def chain(self) -> StoreChain:
        return self.app.chain()

    def shared(self, credentials: str = "", config: str = "") -> None:
        (self.folder / "credentials").write_text(credentials)
        (self.folder / "config").write_text(config)

    def texts(self) -> tuple[str, str]:
        return (self.folder / "credentials").read_text(), (self.folder / "config").read_text()

    def save(self, name: str, **settings: str) -> None:
        register(self.app.encrypted, Profile(name, settings))

    def source_of(self, name: str) -> str | None:
        return self.app.encrypted.find(name).text("source_profile")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def names(found: list[Profile]) -> list[str]:
    return [profile.name for profile in found]


def test_references_in_both_files_are_renamed(machine: Machine) -> None:
    helper = "[profile d]\ncredential_process = keystead process "
    machine.shared(
        f"[old]\n{PAIR}[a]  # mine\n{role('old')}",
        f"[profile b]\n{role('old')}[profile c]\n{role('a')}{helper}old\n",
    )
    assert names(machine.chain.rename("old", "new")) == ["a", "b", "d"]
    assert machine.texts() == (
        f"[new]\n{PAIR}[a]  # mine\n{role('new')}",
        f"[profile b]\n{role('new')}[profile c]\n{role('a')}{helper}new\n",
    )


def test_references_in_the_other_store_are_renamed(machine: Machine) -> None:
    machine.save("old", **KEYS)
    machine.save("sealed", role_arn=ROLE, source_profile="OLD")
    machine.shared("", f"[profile open]\n{role('Old')}")
    assert names(machine.chain.rename("old", "new")) == ["sealed", "open"]
    assert machine.source_of("sealed") == "new"
    assert machine.texts()[1] == f"[profile open]\n{role('new')}"
    machine.shared(f"[base]\n{PAIR}")
    machine.save("sealed", role_arn=ROLE, source_profile="base")
    machine.chain.rename("base", "foundation")
    assert machine.source_of("sealed") == "foundation"


def test_reference_resolves_to_the_same_store_first(machine: Machine) -> None:
    machine.save("old", **KEYS)
    machine.save("sealed", role_arn=ROLE, source_profile="old")
    text = f"[old]\n{PAIR}[open]\n{role('old')}"
    machine.shared(text)
    assert names(machine.chain.rename("old", "new")) == ["sealed"]
    assert machine.source_of("sealed") == "new"
    assert machine.texts()[0] == text


def test_names_of_the_shared_files_keep_their_case(machine: Machine) -> None:
    text = f"[old]\n{PAIR}[a]\n{role('Old')}"
    machine.shared(text)
    assert machine.chain.rename("old", "new") == []
    assert machine.texts()[0] == text.replace("[old]", "[new]")


@pytest.mark.parametrize("keep", [False, True])
def test_self_reference_is_renamed(machine: Machine, keep: bool) -> None:
    machine.shared(f"[old]\n{PAIR}{role('old')}")
    machine.chain.rename("old", "new", keep_references=keep)
    assert machine.texts()[0] == f"[new]\n{PAIR}{role('new')}"


def test_references_are_left_unchanged_on_request(machine: Machine) -> None:
    machine.shared(f"[old]\n{PAIR}[a]\n{role('old')}")
    assert names(machine.chain.rename("old", "new", keep_references=True)) == ["a"]
    assert machine.texts()[0] == f"[new]\n{PAIR}[a]\n{role('old')}"


def test_reference_in_an_invalid_profile_is_renamed(machine: Machine) -> None:
    # Keys next to a role are not a profile that could be saved; they stay as they are.
    machine.shared(f"[old]\n{PAIR}[a]\n{PAIR}{role('old')}")
    machine.chain.rename("old", "new")
    assert machine.texts()[0] == f"[new]\n{PAIR}[a]\n{PAIR}{role('new')}"


def test_a_refused_rename_changes_no_reference(machine: Machine) -> None:
    text = f"[old]\n{PAIR}[new]\n{PAIR}[a]\n{role('old')}"
    machine.shared(text)
    with pytest.raises(ProfileInvalid, match="a profile `new` exists already"):
        machine.chain.rename("old", "new")
    assert machine.texts()[0] == text


def test_one_undo_restores_references_in_both_stores(machine: Machine) -> None:
    machine.save("old", **KEYS)
    machine.save("sealed", role_arn=ROLE, source_profile="old")
    text = f"[profile open]\n{role('old')}"
    machine.shared("", text)
    with OneGeneration(lambda: "keystead rename old new"):
        machine.chain.rename("old", "new")
    undo = machine.app.undo_history
    found = undo.find(None, None)
    assert set(found.profiles) == {"old", "new", "sealed", "open"}
    undo.restore(found, machine.system.clock(), force=False)
    assert machine.texts()[1] == text
    assert machine.source_of("sealed") == "old"
    assert machine.app.encrypted.find("old").has_keys


@pytest.mark.parametrize(
    ("prepare", "dependents"),
    [
        (lambda m: m.shared(f"[old]\n{PAIR}[a]\n{role('old')}", f"[profile b]\n{role('old')}"), ["a", "b"]),
        (lambda m: m.shared(f"[old]\n{PAIR}[a]\n{role('b')}"), []),
        (lambda m: m.shared(f"[old]\n{PAIR}{role('old')}"), ["old"]),
    ],
)  # fmt: skip
def test_dependents_are_found(
    machine: Machine, prepare: Callable[[Machine], None], dependents: list[str]
) -> None:
    prepare(machine)
    chain = machine.chain
    assert names(chain.dependents(*chain.locate("old"))) == dependents
