"""Where files live when HOME says little."""

import os
import pwd
from pathlib import Path

import pytest

from keystead.errors import FileProblem
from keystead.system.files import Files
from keystead.system.folders import Folders

pytestmark = pytest.mark.posix("the accounts of the system")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}])
def test_without_home_variable_the_account_home_is_used(environ: dict[str, str]) -> None:
    expected = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".aws" / "credentials"
    assert Folders(environ).credentials_file == expected


def test_without_home_variable_and_account_there_is_no_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    monkeypatch.delenv("HOME")
    folders = Folders({})
    for name in ("home", "credentials_file", "config_file", "data", "state", "sessions"):
        path = getattr(folders, name)
        assert Files().read(path).data is None
        with pytest.raises(FileProblem, match="no home folder"), Files().lock(path):
            pass
    assert Folders({"KEYSTEAD_HOME": "/k"}).data == Path("/k")
