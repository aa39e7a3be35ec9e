"""The PowerShell module's requests on Windows, where the store is the .NET SDK's own file."""

import json
from pathlib import Path

import pytest

from keystead.powershell.module.answer import PROTOCOL, answer
from keystead.powershell.module.files import MANIFEST, SCRIPT, VIEWS
from keystead.powershell.module.install import install, module_folders
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY


def ask(**request: object) -> list[object]:
    lines: list[str] = []
    code = answer(json.dumps({"protocol": PROTOCOL, **request}).encode(), lines.append, System())
    assert code == 0, lines
    made = [json.loads(line) for line in lines]
    return [line["value"] for line in made if line["kind"] == "output"]


def test_keys_are_stored_and_read_back() -> None:
    given = {"StoreAs": "dev", "AccessKey": ACCESS_KEY_ID, "SecretKey": SECRET_KEY}
    assert ask(cmdlet="Set-AWSCredential", parameters=given) == []
    (shown,) = ask(cmdlet="Get-AWSCredential", parameters={"ProfileName": "dev"})
    assert f"*{SECRET_KEY}" in shown  # which PowerShell makes a secure string of
    (keys,) = ask(retrieve={"handle": shown[-1][1:]})
    assert f"*{SECRET_KEY}" in keys


def test_module_is_installed_where_both_powershells_look(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = module_folders(System())
    assert [folder.parts[-2:] for folder in folders[:2]] == [
        ("PowerShell", "Modules"),
        ("WindowsPowerShell", "Modules"),
    ]
    program = home / "Scripts" / "keystead.exe"
    program.parent.mkdir()
    program.write_bytes(b"MZ")
    monkeypatch.setenv("PATH", str(program.parent))
    place, changed = install(System(), home / "Modules", ["sts"])
    assert changed
    assert sorted(path.name for path in place.iterdir()) == sorted([MANIFEST, SCRIPT, VIEWS])
    assert install(System(), home / "Modules", ["sts"]) == (place, False)
    assert str(program) in (place / SCRIPT).read_text(encoding="ascii")
