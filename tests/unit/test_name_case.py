"""Names of the encrypted store are compared without letter case, as the AWS SDK for .NET does it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.console.console import Console
from keystead.console.removal import warn_of_remains
from keystead.errors import (
    ProfileCycle,
    ProfileInvalid,
    ProfileNotFound,
)
from keystead.model.ordinal_case import NameSet, folded
from keystead.model.profile import Profile, SettingValue
from keystead.stores.base import register
from keystead.system import System
from keystead.testing import StandInDpapi, contents
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.protection import home as environment

DPAPI = StandInDpapi()
KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
ROLE = "arn:aws:iam::123456789012:role/reader"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Prod", "prod", True),
        ("GRÖSSE", "grösse", True),
        ("straße", "STRASSE", False),
        ("ﬁ", "FI", False),
        ("\N{LATIN SMALL LETTER DOTLESS I}", "I", False),
        ("\N{LATIN SMALL LETTER LONG S}", "S", False),
        ("İ", "i", False),
        ("ς", "Σ", True),
        ("ᾳ", "ᾼ", True),
        ("ǆ", "ǅ", True),
        ("\N{KELVIN SIGN}", "k", False),
        ("\N{MICRO SIGN}", "\N{GREEK CAPITAL LETTER MU}", True),
        ("𐐨", "𐐀", True),
        ("a", "b", False),
    ],
)
def test_names_that_dotnet_considers_equal(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same
    assert (other in NameSet([one])) is same


RELATED = r"""
$found = [System.Text.StringBuilder]::new()
foreach ($line in [IO.File]::ReadAllLines($args[0])) {
    $one, $other = $line.Split(' ') | ForEach-Object {
        [char]::ConvertFromUtf32([Convert]::ToInt32($_, 16))
    }
    [void]$found.AppendLine([string]::Equals($one, $other, 'OrdinalIgnoreCase').ToString())
}
$found.ToString()
"""


@pytest.mark.needs("pwsh")
def test_equal_names_are_those_of_real_powershell(tmp_path: Path) -> None:
    alike = defaultdict(set)
    for char in map(chr, [*range(0xD800), *range(0xE000, 0x20000)]):
        for form in {char.upper(), char.lower(), char.title(), char.casefold(), folded(char)}:
            alike[form].add(char)
    pairs = {(a, b) for group in alike.values() for a in group for b in group if a < b}
    asked = sorted(pairs)
    file, script = tmp_path / "pairs", tmp_path / "related.ps1"
    file.write_text("".join(f"{ord(a):X} {ord(b):X}\n" for a, b in asked))
    script.write_text(RELATED)
    done = subprocess.run(
        ["pwsh", "-NoProfile", "-File", script, file], capture_output=True, text=True, check=True
    )
    said = [line == "True" for line in done.stdout.split()]
    assert len(said) == len(asked) > 1000
    assert [pair for pair, same in zip(asked, said, strict=True) if same is not _same(*pair)] == []


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


COMPLETE = "import sys; from keystead.cli.completing.answer import main; main(sys.argv[1:])"


class Machine:
    """A home with the .NET SDK's file, with a stand-in for data protection."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.environ = environment(folder)
        self.app = self.at()
        self.path = self.app.encrypted.path

    def at(self, **variables: str) -> App:
        system = System({**self.environ, **variables}, dpapi=DPAPI, sleep=lambda _: None)
        return App(system)

    def save(self, name: str, settings: Mapping[str, SettingValue] = KEYS) -> None:
        register(self.app.encrypted, Profile(name, settings))

    def rename_in_file(self, old: str, new: str) -> None:
        """As the SDK, or an older keystead, could leave it."""
        members = json.loads(self.path.read_bytes())
        for entry in members.values():
            if entry["DisplayName"] == old:
                entry["DisplayName"] = new
        self.path.write_text(json.dumps(members))

    def clash(self) -> None:
        """Two profiles that differ only by case, with different keys."""
        self.save("Prod")
        self.save("other", {**KEYS, "aws_access_key_id": "AKIAOTHEREXAMPLE"})
        self.rename_in_file("other", "prod")

    def shared(self, text: str) -> None:
        path = self.home / ".aws" / "credentials"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def names(self) -> list[str]:
        return [profile.name for profile in self.app.encrypted.profiles()]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_profile_is_found_in_any_letter_case(machine: Machine) -> None:
    machine.save("Prod")
    assert machine.app.chain().find("pROD").name == "Prod"
    assert machine.app.select("PROD").credentials(Grantee("test")).access_key_id == ACCESS_KEY_ID
    with pytest.raises(ProfileNotFound):
        machine.app.chain().find("prod2")


def test_a_name_that_differs_by_case_updates_the_profile(machine: Machine) -> None:
    machine.save("Prod")
    machine.save("prod", {**KEYS, "aws_access_key_id": "AKIAOTHEREXAMPLE"})
    machine.app.encrypted.change("PROD", lambda _: {"region": "eu-west-1"})
    assert machine.names() == ["Prod"]
    assert contents(machine.app.encrypted)["Prod"] == {
        **KEYS,
        "aws_access_key_id": "AKIAOTHEREXAMPLE",
        "region": "eu-west-1",
    }


def test_default_of_the_sdk_store_takes_precedence_over_the_shared_file(machine: Machine) -> None:
    machine.save("Default")
    machine.shared("[default]\naws_access_key_id = AKIASHAREDEXAMPLE\naws_secret_access_key = s\n")
    assert machine.app.select().credentials(Grantee("test")).access_key_id == ACCESS_KEY_ID
    assert machine.app.select("default").credentials(Grantee("test")).access_key_id == ACCESS_KEY_ID


def test_names_of_the_shared_file_keep_their_case(machine: Machine) -> None:
    machine.shared("[Prod]\naws_access_key_id = AKIASHAREDEXAMPLE\naws_secret_access_key = s\n")
    with pytest.raises(ProfileNotFound):
        machine.app.chain().find("prod")


def test_a_source_profile_is_found_in_any_letter_case(machine: Machine) -> None:
    machine.save("Base")
    machine.shared(f"[role]\nrole_arn = {ROLE}\nsource_profile = BASE\n")
    assert machine.app.select("role").plan.base.profile == "Base"


def test_cycle_of_source_profiles_is_found_in_any_letter_case(machine: Machine) -> None:
    machine.save("Base")
    machine.save("One", {"role_arn": ROLE, "source_profile": "base"})
    machine.app.encrypted.change("Two", lambda _: {"role_arn": ROLE, "source_profile": "ONE"})
    machine.app.encrypted.change("one", lambda _: {"source_profile": "TWO"})
    with pytest.raises(ProfileCycle, match="One > Two > One"):
        _ = machine.app.select("One").plan


def test_a_profile_names_itself_in_any_letter_case(machine: Machine) -> None:
    machine.save("Base")
    machine.shared(f"[own]\nrole_arn = {ROLE}\nsource_profile = Own\n")
    machine.save("Own", {"role_arn": ROLE, "source_profile": "base"})
    plan = machine.app.select("OWN").plan
    assert plan.base.profile == "Base"


@pytest.mark.parametrize("name", ["Prod", "prod", "PROD"])
def test_two_profiles_that_differ_by_case_give_no_credentials(machine: Machine, name: str) -> None:
    machine.clash()
    with pytest.raises(ProfileInvalid, match="`Prod` and `prod` differ by letter case alone"):
        machine.app.select(name).credentials(Grantee("test"))
    with pytest.raises(ProfileInvalid, match="`Prod` and `prod`"):
        machine.app.encrypted.change(name, lambda _: {"region": "eu-west-1"})
    with pytest.raises(ProfileInvalid, match="`Prod` and `prod`"):
        machine.app.encrypted.copy(name, "third")
    assert ProfileInvalid.exit_code == 4


def test_neither_can_be_a_source_profile_or_the_default(machine: Machine) -> None:
    machine.clash()
    machine.shared(f"[role]\nrole_arn = {ROLE}\nsource_profile = prod\n")
    with pytest.raises(ProfileInvalid, match="`Prod` and `prod`"):
        _ = machine.app.select("role").plan
    for variable in ("Prod", "prod"):
        with pytest.raises(ProfileInvalid, match="`Prod` and `prod`"):
            machine.at(AWS_PROFILE=variable).select().credentials(Grantee("test"))


def test_both_are_listed_with_the_reason(machine: Machine) -> None:
    machine.clash()
    assert [(p.name, p.type) for p in machine.app.encrypted.profiles()] == [
        ("Prod", None),
        ("prod", None),
    ]
    assert all("letter case" in (p.problem() or "") for p in machine.app.encrypted.profiles())


def test_lint_names_both(machine: Machine) -> None:
    machine.clash()
    [found] = [f for f in machine.app.lint().findings if f.rule.id == "case-clash"]
    assert "`Prod` and `prod`" in found.message
    assert found.where.file == str(machine.path)


def test_lint_finds_source_profiles_in_any_letter_case(machine: Machine) -> None:
    machine.save("Base")
    machine.shared(f"[role]\nrole_arn = {ROLE}\nsource_profile = BASE\n")
    assert "source-profile-missing" not in {f.rule.id for f in machine.app.lint().findings}


def test_rename_resolves_the_ambiguity(machine: Machine) -> None:
    machine.clash()
    machine.app.encrypted.rename("prod", "other")
    assert machine.names() == ["Prod", "other"]
    assert machine.app.select("prod").credentials(Grantee("test")).access_key_id == ACCESS_KEY_ID
    assert (
        machine.app.select("other").credentials(Grantee("test")).access_key_id == "AKIAOTHEREXAMPLE"
    )


@pytest.mark.parametrize(("name", "left"), [("Prod", "prod"), ("prod", "Prod")])
def test_removal_resolves_the_ambiguity_and_removes_only_that_spelling(
    machine: Machine, name: str, left: str
) -> None:
    machine.clash()
    machine.app.encrypted.unregister(name)
    assert machine.names() == [left]


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.unregister("PROD"),
        lambda s: s.rename("PROD", "x"),
        lambda s: s.copy("prod", "x"),
    ],
)
def test_third_spelling_matches_neither(machine: Machine, act: object) -> None:
    machine.clash()
    before = machine.path.read_bytes()
    with pytest.raises(ProfileInvalid, match="`Prod` and `prod`"):
        act(machine.app.encrypted)  # type: ignore[operator]  # one of the three above
    assert machine.path.read_bytes() == before


def test_rename_that_changes_only_case_preserves_the_profile(machine: Machine) -> None:
    machine.save("Prod")
    machine.app.encrypted.rename("Prod", "prod")
    assert machine.names() == ["prod"]
    machine.app.encrypted.rename("PROD", "Prod")
    assert machine.names() == ["Prod"]
    assert contents(machine.app.encrypted)["Prod"] == KEYS


def test_rename_that_changes_only_case_leaves_no_old_section(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.save("prod")
    warn_of_remains(machine.app, Console(), machine.app.chain(), "Prod", "prod")
    assert not capsys.readouterr().err
    warn_of_remains(machine.app, Console(), machine.app.chain(), "Prod", "other")
    assert "another profile `prod`" in capsys.readouterr().err


def test_a_name_is_taken_in_any_letter_case(machine: Machine) -> None:
    machine.save("Prod")
    machine.save("dev")
    for act in (machine.app.encrypted.rename, machine.app.encrypted.copy):
        with pytest.raises(ProfileInvalid, match="a profile `prod` exists already"):
            act("dev", "prod")
    machine.app.encrypted.rename("dev", "prod", force=True)
    assert machine.names() == ["prod"]


def test_profile_cannot_be_copied_over_itself(machine: Machine) -> None:
    machine.save("Prod")
    with pytest.raises(ProfileInvalid, match="a profile `Prod` exists already"):
        machine.app.encrypted.copy("prod", "PROD", force=True)
    assert contents(machine.app.encrypted) == {"Prod": KEYS}


def test_completion_ignores_letter_case(machine: Machine) -> None:
    machine.shared("[Prod]\naws_access_key_id = AKIASHAREDEXAMPLE\naws_secret_access_key = s\n")
    done = subprocess.run(
        [sys.executable, "-c", COMPLETE, "show", "pr"],
        env=machine.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["Prod"]
