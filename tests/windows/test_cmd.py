"""`env --shell cmd` in cmd itself: a batch file of it must give back the very characters."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keystead.delivery import shells

AWKWARD = {
    "PLAIN": "wJalrXUtnFEMI/K7MDENG+bPxRfiCY==",
    "SINGLE": "it's `ticked`",
    "DOLLARS": "$HOME ${HOME} $(id) %PATH% 100% %% !! !PATH! ~",
    "SLASHES": "back\\slash \\' \\n end\\",
    "BLANKS": "  leading, trailing  ",
    "OPERATORS": "a;b|c&d>e<f(g)h{i}j[k]l*m?n#o^p^^q",
}


def given_back(text: str, folder: Path) -> dict[str, str]:
    """The environment of a program that a batch file of ``text`` starts."""
    batch = folder / "it.cmd"
    show = folder / "show.py"
    show.write_text("import json, os\nprint(json.dumps(dict(os.environ)))\n")
    batch.write_text(f'@echo off\n{text}\n"{sys.executable}" "{show}"\n')
    done = subprocess.run(
        ["cmd.exe", "/d", "/c", str(batch)],
        capture_output=True,
        check=True,
        env={**os.environ, "STALE": "old"},
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", AWKWARD)
def test_cmd_returns_the_exact_value(name: str, tmp_path: Path) -> None:
    text = shells.render("cmd", {name: AWKWARD[name]}, ["STALE"])
    found = given_back(text, tmp_path)
    assert found.get(name) == AWKWARD[name]
    assert "STALE" not in found


def test_cmd_sets_all_variables(tmp_path: Path) -> None:
    found = given_back(shells.render("cmd", AWKWARD, []), tmp_path)
    assert {name: found.get(name) for name in AWKWARD} == AWKWARD
