"""Data flows one way: who may import whom, checked on the source of every module."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import keystead

ROOT = Path(keystead.__file__).parent

# Lower layers first. A package may import those in lower layers and nothing else of keystead;
# packages on one line do not know each other.
LAYERS = [
    {
        "_version",
        "caller",
        "digest",
        "display_width",
        "near",
        "outside",
        "plain_json",
        "printable",
        "secret",
        "value",
    },
    {"errors"},
    {"error_guide"},
    {"prompts"},
    {"system", "model", "crypto"},
    {"botocore_session", "text"},
    {"audit", "undo", "http"},
    {"stores", "resolve", "delivery", "browser"},
    {"agent", "identity_center", "lint", "login"},
    {"app"},
    {"doctor", "serve", "console", "federation"},
    {"pick"},
    {"powershell"},
    {"cli"},
    {"library"},
    {"warm"},
    {"__init__", "__main__", "testing", "hot"},
]
# `text` reads names by the rules in `model`; that is the only other edge between equals.
PURE = [
    "text",
    "model",
    "errors.py",
    "near.py",
    "outside.py",
    "plain_json.py",
    "printable.py",
    "secret.py",
    "crypto.py",
]
OUTSIDE = {
    "os",
    "time",
    "socket",
    "subprocess",
    "tempfile",
    "shutil",
    "botocore",
    "boto3",
    "urllib",
}
HEAVY = {
    "aiobotocore",
    "botocore",
    "boto3",
    "cryptography",
    "httptools",
    "platformdirs",
    "prompt_toolkit",
    "segno",
    "zxcvbn",
}

# What is itself imported when it is due: the interactive prompt and the server of endpoints.
NEEDED = {
    "powershell/shell/prompt.py": {"prompt_toolkit"},
    "http/server.py": {"httptools"},
    "login/qr.py": {"segno"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rank(package: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if package in layer)


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = package_of(path)
    targets = {
        name.split(".")[1] for name in imports(path) if name.startswith("keystead.") and "." in name
    }
    upward = {t for t in targets if t != own and rank(t) >= rank(own)}
    assert upward == set()


def test_only_the_command_line_imports_powershell_and_only_where_it_runs() -> None:
    for path in modules():
        found = imports(path, top_level_only=package_of(path) == "cli")
        known = any(name.startswith("keystead.powershell") for name in found)
        assert package_of(path) == "powershell" or not known, path


def test_what_runs_in_the_background_opens_no_browser() -> None:
    opens = ("keystead.browser", "keystead.login", "keystead.app.sign_in", "keystead.app.automatic")
    for path in modules():
        if package_of(path) in {"resolve", "delivery", "agent", "serve", "warm", "library"}:
            assert not [name for name in imports(path) if name.startswith(opens)], path


# The same within the PowerShell part.
POWERSHELL = [
    {"objects", "unsupported"},
    {"cmdlet", "language"},
    {"engine"},
    {"pipeline", "services"},
    {"cmdlets"},
    {"table"},
    {"runner"},
    {"shell"},
    {"module"},
]


def test_imports_within_powershell_point_down() -> None:
    rank = {name: number for number, layer in enumerate(POWERSHELL) for name in layer}
    for path in sorted((ROOT / "powershell").rglob("*.py")):
        own = path.relative_to(ROOT / "powershell").parts[0].removesuffix(".py")
        names = (name.split(".") for name in imports(path))
        targets = {name[2] for name in names if name[:2] == ["keystead", "powershell"]}
        assert {t for t in targets - {own} if rank[t] >= rank[own]} == set(), path


PLAIN = [
    ["list"],
    ["list", "--all", "--json"],
    ["show", "a"],
    ["set", "a", "region=eu-west-1"],
    ["copy", "a", "b"],
    ["rename", "b", "c", "--force"],
    ["remove", "c", "--force"],
    ["undo", "--list"],
    ["undo"],
    ["audit"],
    ["plan", "a"],
    ["explain", "a"],
    ["lint"],
    ["process", "a"],
    ["env", "a"],
    ["cache", "list"],
    ["store", "status"],
    ["dump"],
    ["help"],
    ["help", "set"],
]


def test_plain_commands_load_nothing_of_powershell(home: Path) -> None:
    profile = "[a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(profile)
    code = (
        "import json, sys; from keystead.cli.main import main; "
        "[print(w, main(w), file=sys.stderr) for w in json.loads(sys.argv[1])]; "
        "sys.exit(str([name for name in sys.modules if name.startswith('keystead.powershell')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(PLAIN)], capture_output=True, text=True, check=False
    )
    *ran, loaded = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert [line for line in ran if not line.endswith(" 0")] == []
    assert len(ran) == len(PLAIN)
    assert loaded == "[]"


@pytest.mark.parametrize("pure", PURE)
def test_pure_modules_have_no_outside_world(pure: str) -> None:
    place = ROOT / pure
    paths = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert paths
    for path in paths:
        roots = {name.split(".")[0] for name in imports(path)}
        assert roots & OUTSIDE == set(), path
        assert not any(name.startswith("keystead.system") for name in imports(path)), path


def test_heavy_libraries_are_imported_where_they_are_needed() -> None:
    for path in modules():
        roots = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        roots -= NEEDED.get(str(path.relative_to(ROOT)), set())
        assert roots & HEAVY == set(), path
