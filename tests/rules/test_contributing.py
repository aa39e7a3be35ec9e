"""CONTRIBUTING is true: its tree, the files its table names, and two changes made as it says."""

from __future__ import annotations

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
    table = TEXT.split("## Where does my change go?")[1].split("\n\n")[1]
    return dict(line.strip("| ").split(" | ") for line in table.splitlines()[2:])


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
    subprocess.run(["git", "apply", "-C1", patch], cwd=tmp_path, check=True)
    return tmp_path


def run(tree: Path, *command: str, status: int = 0) -> str:
    """What Python puts out with that tree in place of the installed one."""
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
    cases = "tests/unit/test_linting_cases.py"
    run(changed, "-m", "pytest", "-q", "-p", "no:cacheprovider", cases, "-k", "root or every_rule")
