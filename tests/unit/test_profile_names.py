"""Names that some reader of the shared files takes for something else are not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import botocore.configloader
import pytest

from keystead.errors import ProfileInvalid
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.shared import SharedStore
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
REFUSED = (
    "DEFAULT",
    "__proto__",
    "a\\b",
    "x\ufeff",
    "\u200bx",
    "profile x",
    "profile default",
    "profile\tx",
    "sso-session x",
    "services x",
    "a]b",
    "[a",
    " a",
    "a ",
    "a\u00a0",
    "a\nb",
    "a\x00b",
    "a\u2028b",
    "",
)
WRITTEN = (
    "my profile",
    "O'Brien",
    "größe",
    "default",
    "Default",
    "profile",
    "profilex",
    "plugins",
    "preview",
    "a.b",
    "x@y",
    "-",
)


class Files:
    def __init__(self, home: Path) -> None:
        self.folder = home / ".aws"
        self.folder.mkdir()
        (self.folder / "credentials").write_text("[a]\nregion = eu-west-1\n")
        (self.folder / "config").write_text("[profile a]\noutput = json\n")
        environ = {"HOME": str(home), "KEYSTEAD_HOME": str(home / "keystead")}
        self.store = SharedStore.open(System(environ=environ, sleep=lambda _: None))

    def texts(self) -> list[str]:
        return [(self.folder / name).read_text() for name in ("credentials", "config")]


@pytest.fixture
def files(home: Path) -> Files:
    return Files(home)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize(
    "act",
    [
        lambda s, name: register(s, Profile(name, KEYS)),
        lambda s, name: s.change(name, lambda _: {"region": "eu-west-1"}),
        lambda s, name: s.rename("a", name),
        lambda s, name: s.rename("a", name, force=True),
        lambda s, name: s.copy("a", name),
    ],
    ids=["register", "set", "rename", "rename --force", "copy"],
)
def test_no_writer_accepts_the_name(
    files: Files, name: str, act: Callable[[SharedStore, str], None]
) -> None:
    before = files.texts()
    with pytest.raises(ProfileInvalid):
        act(files.store, name)
    assert files.texts() == before


@pytest.mark.parametrize("name", ["DEFAULT", "__proto__"])
def test_existing_profile_accepts_only_removals_and_a_rename(files: Files, name: str) -> None:
    text = f"[{name}]\nregion = eu-west-1\noutput = json\n"
    (files.folder / "credentials").write_text(text)
    with pytest.raises(ProfileInvalid, match="cannot be the name of a profile"):
        files.store.change(name, lambda _: {**KEYS})
    assert files.texts()[0] == text
    files.store.change(name, lambda _: {"region": None})
    files.store.rename(name, "fixed")
    assert files.texts()[0] == "[fixed]\noutput = json\n"


@pytest.mark.parametrize("name", WRITTEN)
def test_botocore_reads_the_written_profile_under_its_name(files: Files, name: str) -> None:
    files.store.change(name, lambda _: {**KEYS})
    files.store.copy("a", f"{name}2")
    (files.folder / "config").write_text("")
    keys = botocore.configloader.raw_config_parse(str(files.folder / "credentials"))
    assert keys[name] == KEYS
    assert set(keys) == {"a", name, f"{name}2"}
