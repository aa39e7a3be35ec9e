"""The search for a program is that of `shutil`."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.system.executable import which

pytestmark = pytest.mark.posix("shutil is called there")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("programs")
    (top / "b" / "program").mkdir(parents=True)
    for place, mode in (("a", 0o644), ("c", 0o755), ("d", 0o700)):
        (top / place).mkdir()
        (top / place / "program").touch()
        (top / place / "program").chmod(mode)
    return top


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", ""])),
    st.sampled_from(["program", "./program", "c/program", "a/program", "other", "b"]),
)
def test_a_program_is_found_as_by_shutil(folder: Path, places: list[str], program: str) -> None:
    path = os.pathsep.join(str(folder / place) if place else "" for place in places)
    program = str(folder / program) if program[1:2] == "/" else program
    assert which(program, path) == shutil.which(program, path=path)
