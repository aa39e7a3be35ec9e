"""CONTRIBUTING is true: its tree, the files its table names, and changes made as it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.docs import contributing

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "keystead"
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
CHANGES = sorted((ROOT / "tests/rules/changes").glob("*.patch"))
_PATH = re.compile(r"`([\w./-]+(?:/|\.[a-z][a-z0-9]*))`")


def rows() -> dict[str, str]:
    """Where each change goes, by what is added."""
    table = TEXT.split("| to add | touch |\n")[1].split("\n\n")[0]
    return dict(line.strip("| ").split(" | ") for line in table.splitlines()[1:])


def places(row: str) -> list[Path]:
    """The files and folders that a row names, below the source or below the root."""
    return [
        SOURCE / name if (SOURCE / name).exists() else ROOT / name for name in _PATH.findall(row)
    ]


def test_the_tree_is_up_to_date() -> None:
    assert contributing() == TEXT, "run `make docs`"


@pytest.mark.parametrize("what", rows())
def test_files_that_a_row_names_exist(what: str) -> None:
    assert [str(place) for place in places(rows()[what]) if not place.exists()] == []


@pytest.fixture
def changed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the tree with the patch of that name applied."""
    for name in ("src", "devtools", "docs", "tests"):
        unwanted = shutil.ignore_patterns("__pycache__", "fixtures", "changes")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    patch = ROOT / "tests/rules/changes" / request.param
    done = subprocess.run(["git", "apply", "-C1", patch], cwd=tmp_path, stderr=subprocess.PIPE)
    assert done.returncode == 0, f"record it again, see changes/README.md: {done.stderr.decode()}"
    return tmp_path


def run(tree: Path, *command: str, status: int = 0) -> str:
    """What Python prints with that tree in place of the installed one."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tree), "PYTHONPATH": f"{tree}/src:{tree}"}
    done = subprocess.run(
        [sys.executable, *command], cwd=tree, env=environ, capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("patch", CHANGES, ids=lambda path: path.stem)
def test_a_change_touches_the_files_that_its_row_names(patch: Path) -> None:
    head, *_ = (text := patch.read_text()).splitlines()
    touched = [ROOT / name for name in re.findall(r"^\+\+\+ b/(.+)$", text, re.MULTILINE)]
    row = places(rows()[head.removeprefix("Row: ")])
    outside = [file for file in touched if not any(file.is_relative_to(place) for place in row)]
    assert outside == []
    assert len(touched) == len(row)


@pytest.mark.parametrize("changed", ["new-lint-rule.patch"], indirect=True)
def test_a_new_lint_rule_is_one_function_and_its_case(changed: Path) -> None:
    aws = changed / ".aws"
    aws.mkdir()
    (aws / "config").write_text(
        "[profile a]\nmfa_serial = arn:aws:iam::1:mfa/root-account-mfa-device\n"
    )
    found = run(changed, "-m", "keystead", "lint", status=1)
    assert "config:2: warning: profile `a` names the root user's MFA device" in found
    assert "fix: name the device of an IAM user" in found
    page = run(changed, "-c", "from devtools.docs import pages; print(pages()['readers.md'])")
    assert "| `mfa-device-of-root` | warning | an MFA device is the root user's" in page
    run_tests(changed, "root or every_rule", "tests/unit/test_linting_cases.py")


def run_tests(tree: Path, names: str, *files: str) -> None:
    """Runs the tests of these files whose names match, with that tree."""
    run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", names)


PLANNING = ("tests/unit/test_planning_cases.py", "tests/integration/test_planned_cases.py")
"""All that runs the cases of tests/cases/planning."""

KEYS = """[k]
aws_access_key_id = AKIAIOSFODNN8EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
"""


def commands(tree: Path, *lines: list[str]) -> list[str]:
    """What each of these command lines of keystead prints, all run by one process."""
    code = (
        "import json, sys\n"
        "from keystead.cli.main import main\n"
        "for line in json.loads(sys.argv[1]):\n"
        "    main(line)\n"
        "    print('\\f', end='')\n"
    )
    return run(tree, "-c", code, json.dumps(lines)).split("\f")[:-1]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


@pytest.mark.parametrize("changed", ["ninth-kind.patch"], indirect=True)
def test_a_ninth_kind_of_source_is_two_files_and_every_command_knows_it(changed: Path) -> None:
    named = changed / "credentials.json"
    keys = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "example"}
    write(named, json.dumps(keys))
    write(
        changed / ".aws" / "config",
        f"[profile f]\ncredentials_json_file = {named}\n[profile r]\nsource_profile = f\n"
        "role_arn = arn:aws:iam::123456789012:role/demo\n"
        f"[profile c]\ncredentials_json_file = {named}\n{KEYS.partition(chr(10))[2]}"
        f"[profile k]\ncredentials_json_file = {named}\n",
    )
    write(changed / ".aws" / "credentials", KEYS)

    (
        listed,
        plan,
        of_role,
        explained,
        linted,
        shown,
        given,
        types,
        of_cmdlet,
        with_config_keys,
        with_keys,
    ) = commands(
        changed,
        ["list", "--json"],
        ["plan", "f"],
        ["plan", "r"],
        ["explain", "f"],
        ["lint"],
        ["show", "f"],
        ["process", "f"],
        ["help", "types"],
        ["shell", "-c", "Get-AWSCredential -ProfileName f"],
        ["process", "c"],
        ["process", "k"],
    )
    types_of = {row["name"]: row["type"] for row in json.loads(listed)}
    assert types_of == {"f": "JsonFile", "r": "AssumeRole", "c": "JsonFile", "k": "Basic"}
    assert plan == "f\n  the JSON file of profile f\n"
    assert of_role.splitlines()[1] == "  the JSON file of profile f"
    assert "won  credentials in a JSON file" in explained
    for name in ("c", "k"):
        assert f"profile `{name}` has keys and `credentials_json_file`" in linted
    assert "profile `r`" not in linted
    assert shown.startswith("f (JsonFile, SharedCredentialsFile)\n")
    assert json.loads(given) == {"Version": 1, **keys}
    assert json.loads(with_config_keys) == json.loads(given)
    assert json.loads(with_keys)["AccessKeyId"] == "AKIAIOSFODNN8EXAMPLE"
    assert "JsonFile\n  credentials in a JSON file\n" in types
    assert "AKIAIOSFODNN7EXAMPLE" in of_cmdlet
    run_tests(changed, "JSON or every_source", *PLANNING)


@pytest.mark.parametrize("changed", ["ninth-kind.patch"], indirect=True)
def test_the_type_checker_names_a_kind_without_a_provider(changed: Path) -> None:
    path = changed / "src/keystead/resolve/providers/__init__.py"
    kept, _, rest = path.read_text().partition("        case JsonFile():\n")
    path.write_text(kept + rest[rest.index("        case ") :])
    found = run(changed, "-m", "mypy", "--follow-imports=silent", str(path), status=1)
    assert 'incompatible type "JsonFile"; expected "Never"' in found


@pytest.mark.parametrize("changed", ["new-role-parameter.patch"], indirect=True)
def test_a_new_parameter_of_assume_role_is_one_row(changed: Path) -> None:
    role = "role_arn = arn:aws:iam::123456789012:role/demo\nsource_profile = k\n"
    write(
        changed / ".aws" / "config",
        f"[profile r]\n{role}session_contexts = arn:a=1\n[profile s]\nsession_contexts = arn:a=1\n",
    )
    write(changed / ".aws" / "credentials", KEYS)

    plan, asked, linted = commands(
        changed, ["plan", "r"], ["plan", "r", "--provided-context", "arn:b=2", "--json"], ["lint"]
    )
    assert "contexts of arn:a)" in plan
    assert json.loads(asked)["steps"][0]["provided_contexts"] == {"arn:b": "2"}
    assert "profile `s` has `session_contexts` and no role" in linted
    code = (
        "from keystead.model.role_options import RoleOptions, request_members\n"
        "print(request_members(RoleOptions(provided_contexts=(('a', 'b'),))))"
    )
    sent = run(changed, "-c", code)
    assert sent == "{'ProvidedContexts': [{'ProviderArn': 'a', 'ContextAssertion': 'b'}]}\n"
    page = run(changed, "-c", "from devtools.docs import pages; print(pages()['commands.md'])")
    assert "* `--provided-context`: a context of the session; may be repeated" in page
    run_tests(changed, "context", *PLANNING)
