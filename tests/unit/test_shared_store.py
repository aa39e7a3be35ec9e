"""The shared store: which file a setting goes to, paths, refusals, foreign writers in between."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from keystead.errors import DocumentError, FileProblem, KeysteadError, Origin, ProfileInvalid
from keystead.model.profile import Profile, SettingValue
from keystead.secret import reveal
from keystead.stores import shared
from keystead.stores.base import register
from keystead.stores.shared import SharedStore
from keystead.system import Files, System
from tests.faults import Fault

KEYS = {"aws_access_key_id": "AKIDSHARED", "aws_secret_access_key": "shared/secret"}
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/r", "source_profile": "base"}


class Aws:
    """The two files of a home, and the store on them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / ".aws" / "config"
        self.credentials = home / ".aws" / "credentials"
        self.environ = {"HOME": str(home), "KEYSTEAD_HOME": str(home / "keystead")}

    def store(self, calls: object = os) -> SharedStore:
        system = System(environ=self.environ, files=Files(calls), sleep=lambda _: None)
        return SharedStore.open(system)

    def write(self, credentials: str | None = None, config: str | None = None) -> None:
        self.config.parent.mkdir(exist_ok=True)
        for path, text in ((self.credentials, credentials), (self.config, config)):
            if text is not None:
                path.write_text(text)

    def texts(self) -> tuple[str | None, str | None]:
        paths = (self.credentials, self.config)
        return tuple(p.read_text() if p.exists() else None for p in paths)


@pytest.fixture
def aws(home: Path) -> Aws:
    return Aws(home)


def put(store: SharedStore, name: str, **settings: SettingValue | None) -> None:
    store.change(name, lambda _: {k.replace("__", "."): v for k, v in settings.items()})


def plain(profile: Profile) -> dict[str, object]:
    return {
        k: dict(v) if isinstance(v, Mapping) else reveal(v) for k, v in profile.settings.items()
    }


@pytest.mark.parametrize(
    ("credentials", "config", "settings", "expected"),
    [
        # Nothing yet: all in the credentials file, and no config file is made.
        (None, None, KEYS, ("[p]\naws_access_key_id = AKIDSHARED\naws_secret_access_key = shared/secret\n", None)),
        # Without keys it goes to the config file, as by the AWS CLI.
        (None, None, {"region": "eu-west-1"}, (None, "[profile p]\nregion = eu-west-1\n")),
        ("[q]\n", "[default]\n", ROLE, ("[q]\n", "[default]\n\n[profile p]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n")),
        (None, None, {**KEYS, "region": "x"}, ("[p]\naws_access_key_id = AKIDSHARED\naws_secret_access_key = shared/secret\nregion = x\n", None)),
        # A profile of the config file: its keys go to credentials, the rest stays with it.
        (None, "[profile p]\n", {"region": "eu-west-1"}, (None, "[profile p]\nregion = eu-west-1\n")),
        (
            "",
            "[profile p]\n",
            {"region": "eu-west-1", **KEYS},
            (
                "[p]\naws_access_key_id = AKIDSHARED\naws_secret_access_key = shared/secret\n",
                "[profile p]\nregion = eu-west-1\n",
            ),
        ),
        # A profile of both: the config file gets the settings that are not keys.
        ("[p]\n", "[profile p]\n", {"region": "x"}, ("[p]\n", "[profile p]\nregion = x\n")),
        # An existing setting stays in its file; if it is in both, the one in use is changed.
        ("[p]\nregion = a\n", "[profile p]\n", {"region": "b"}, ("[p]\nregion = b\n", "[profile p]\n")),
        ("[p]\nregion=a\n", "[profile p]\nregion=a\n", {"region": "b"}, ("[p]\nregion=b\n", "[profile p]\nregion=a\n")),
        ("[p]\n", "[profile p]\nRegion=a\n", {"region": "b"}, ("[p]\n", "[profile p]\nRegion=b\n")),
        # Nested lines go where their block is.
        ("[p]\n", "[profile p]\ns3 =\n  x = 1\n", {"s3__y": "2"}, ("[p]\n", "[profile p]\ns3 =\n  x = 1\n  y = 2\n")),
        # None takes a setting away from both.
        ("[p]\nregion = a\n", "[profile p]\nregion = a\nx = 1\n", {"region": None}, ("[p]\n", "[profile p]\nx = 1\n")),
        # A profile that only an ignored header names is a new one.
        ("", "[p]\nx = 1\n", {"x": "2"}, ("", "[p]\nx = 1\n\n[profile p]\nx = 2\n")),
    ],
)  # fmt: skip
def test_each_setting_goes_to_its_file(
    aws: Aws,
    credentials: str | None,
    config: str | None,
    settings: dict[str, str | None],
    expected: tuple[str | None, str | None],
) -> None:
    aws.write(credentials, config)
    put(aws.store(), "p", **settings)
    assert expected == aws.texts()


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda s: s.unregister("a"), ("# k\n[b]\nx = 1\n", "[profile b]\ny = 1\n")),
        (
            lambda s: s.rename("a", "c"),
            ("[c]\nx = 1\n\n# k\n[b]\nx = 1\n", "[profile c]\ny = 1\n\n[profile b]\ny = 1\n"),
        ),
        (
            lambda s: s.rename("a", "b", force=True),
            ("[b]\nx = 1\n", "[profile b]\ny = 1\n"),
        ),
        (
            lambda s: s.copy("a", "c"),
            (
                "[a]\nx = 1\n\n# k\n[b]\nx = 1\n\n[c]\nx = 1\n",
                "[profile a]\ny = 1\n\n[profile b]\ny = 1\n\n[profile c]\ny = 1\n",
            ),
        ),
    ],
)
def test_both_sections_of_a_profile_change_together(
    aws: Aws, act: Callable[[SharedStore], None], expected: tuple[str, str]
) -> None:
    aws.write("[a]\nx = 1\n\n# k\n[b]\nx = 1\n", "[profile a]\ny = 1\n\n[profile b]\ny = 1\n")
    act(aws.store())
    assert expected == aws.texts()


def test_origins_name_file_and_line(aws: Aws) -> None:
    aws.write("[p]\nx = 1\n", "# c\n[profile p]\ny = 1\nx = 0\n")
    found = aws.store().find("p")
    assert {key: str(where) for key, where in found.origins.items()} == {
        "x": f"{aws.credentials}:2",
        "y": f"{aws.config}:3",
    }


def test_the_environment_names_the_files(aws: Aws, tmp_path: Path) -> None:
    aws.environ |= {
        "AWS_SHARED_CREDENTIALS_FILE": "~/keys",
        "AWS_CONFIG_FILE": str(tmp_path / "other"),
    }
    (tmp_path / "other").write_text("[profile p]\nregion = eu-west-1\n")
    store = aws.store()
    register(store, Profile("p", KEYS))
    assert store.location == str(aws.home / "keys")
    assert plain(store.find("p")) == {**KEYS, "region": "eu-west-1"}
    assert (aws.home / "keys").exists()
    assert not aws.credentials.exists()


def test_location_includes_the_config_in_its_folder(aws: Aws, tmp_path: Path) -> None:
    aws.environ["AWS_CONFIG_FILE"] = str(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("[profile p]\noutput = json\n")
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "config").write_text("[profile p]\nregion = eu-west-1\n")
    store = SharedStore.at(System(environ=aws.environ), str(folder / "keys"))
    register(store, Profile("p", KEYS))
    assert plain(store.find("p")) == {**KEYS, "region": "eu-west-1"}
    assert [profile.location for profile in store.profiles()] == [str(folder / "keys")]


@pytest.mark.parametrize("location", ["", "a\0b", ".", "..", "/", "some/config", "~/.aws/config"])
def test_location_must_be_a_credentials_file(aws: Aws, location: str) -> None:
    with pytest.raises(FileProblem):
        SharedStore.at(System(environ=aws.environ), location)


def test_both_names_for_one_file_are_one_file(aws: Aws) -> None:
    aws.environ["AWS_CONFIG_FILE"] = str(aws.credentials)
    aws.write("[default]\nx = 1\n\n[a]\ny = 1\n")
    store = aws.store()
    put(store, "default", x="2")
    store.rename("a", "b")
    store.unregister("default")
    assert aws.texts()[0] == "[b]\ny = 1\n"


@pytest.mark.parametrize(
    "act",
    [
        lambda s: put(s, "new", region="a\nb"),
        lambda s: put(s, "new", region="eu-west-1", x="1 # 2"),
        lambda s: put(s, "new", x="\u00a01"),
        lambda s: put(s, "new", s3={"x": "1", "y": "a\rb"}),
        lambda s: put(s, "new", s3={"x\ny": "1"}),
        lambda s: put(s, "new", **{"a=b": "1"}),
        lambda s: put(s, "new", **{"[x]": "1"}),
        lambda s: put(s, "profile b", x="1"),
        lambda s: put(s, "a\u2028b", x="1"),
        lambda s: put(s, "profile\ta", x="1"),
        lambda s: register(s, Profile("new", {"aws_access_key_id": "AKID"})),
        lambda s: register(s, Profile("new", {**KEYS, **ROLE})),
        lambda s: s.unregister("nobody"),
        lambda s: s.rename("nobody", "new"),
        lambda s: s.copy("nobody", "new"),
    ],
)
@pytest.mark.parametrize("files", ["none", "some"])
def test_refused_change_leaves_no_trace(
    aws: Aws, act: Callable[[SharedStore], None], files: str
) -> None:
    if files == "some":
        aws.write("[a]\r\nx=1", "[default]\n")
    before = {path: path.read_bytes() for path in aws.home.rglob("*") if path.is_file()}
    with pytest.raises(KeysteadError) as caught:
        act(aws.store())
    assert caught.value.exit_code in (3, 4)
    assert before == {path: path.read_bytes() for path in aws.home.rglob("*") if path.is_file()}
    assert aws.config.parent.exists() == (files == "some")


@pytest.mark.parametrize("broken", ["[a\n", "[a]\nx\n", "[b]\n[a]\ny = 1\n= 2\n"])
def test_a_profile_with_a_broken_line_is_neither_read_nor_written(aws: Aws, broken: str) -> None:
    aws.write(broken, "[profile a]\nx = 1\n")
    fault = {profile.name: profile.problem() for profile in aws.store().profiles()}["a"]
    assert str(aws.credentials) in (fault or "")
    for act in (
        lambda s: s.find("a"),
        lambda s: put(s, "a", x="2"),
        lambda s: s.unregister("a"),
    ):
        with pytest.raises(DocumentError) as caught:
            act(aws.store())
        assert caught.value.where is not None
        assert caught.value.where.file == str(aws.credentials)
    assert aws.texts() == (broken, "[profile a]\nx = 1\n")
    assert sorted(p.name for p in aws.config.parent.iterdir()) == ["config", "credentials"]


@pytest.mark.parametrize("broken", ["[b]\nx\n", "x = 1\n", "[b\n", "nothing\n\n", "[b\xff]\n"])
def test_broken_line_does_not_affect_other_profiles(aws: Aws, broken: str) -> None:
    text = f"{broken}[a]\nx = 1\n"
    aws.write("", "[profile c]\nx = 1\n")
    aws.credentials.write_bytes(text.encode("latin-1"))
    store = aws.store()
    assert store.find("a").text("x") == "1"
    assert [p.name for p in store.profiles() if p.refused is None] == ["a", "c"]
    put(store, "a", x="2", y="3")
    assert aws.credentials.read_bytes() == f"{broken}[a]\nx = 2\ny = 3\n".encode("latin-1")
    store.unregister("c")
    store.unregister("a")
    assert aws.credentials.read_bytes().rstrip() == broken.encode("latin-1").rstrip()


@pytest.mark.parametrize("broken", ["x = 1\n", "[\n", "[c\n"])
def test_profile_with_a_possibly_broken_header_is_not_reported_missing(
    aws: Aws, broken: str
) -> None:
    aws.write(f"{broken}[a]\nx = 1\n")
    with pytest.raises(DocumentError) as caught:
        aws.store().find("b")
    assert (caught.value.where or Origin("")).line == 1


def test_indented_header_below_a_setting_makes_both_profiles_unreadable(aws: Aws) -> None:
    text = "[a]\nx = 1\n  [b]\nx = 2\n[c]\nx = 3\n"
    aws.write(text)
    for act in (lambda s: s.find("a"), lambda s: s.find("b"), lambda s: put(s, "a", x="4")):
        with pytest.raises(DocumentError) as caught:
            act(aws.store())
        assert (caught.value.where or Origin("")).line == 3
    put(aws.store(), "c", x="5")
    assert aws.credentials.read_text() == text.replace("x = 3", "x = 5")


def test_dotted_key_does_not_turn_text_into_a_block(aws: Aws) -> None:
    aws.write("[a]\nregion = eu-west-1\n")
    with pytest.raises(ProfileInvalid, match=r"`region\.x` cannot be set"):
        put(aws.store(), "a", region__x="1")
    put(aws.store(), "a", s3={"x": "1"})
    put(aws.store(), "a", s3__y="2")
    assert plain(aws.store().find("a"))["s3"] == {"x": "1", "y": "2"}


def test_a_quoted_name_is_edited_and_is_made_without_quotes_where_all_read_it(aws: Aws) -> None:
    aws.write("", "[profile 'my name']\nx = 1\n")
    put(aws.store(), "my name", y="2")
    put(aws.store(), "my name", aws_access_key_id="AKID", aws_secret_access_key="s")
    keys = "aws_access_key_id = AKID\naws_secret_access_key = s\n"
    assert aws.texts() == (f"[my name]\n{keys}", "[profile 'my name']\nx = 1\ny = 2\n")


class Meddler(Fault):
    """Calls of `os` during which another program writes, once, just before the call ``at``."""

    def __init__(self, name: str, times: int, meddle: Callable[[], None]) -> None:
        super().__init__(-1, OSError())
        self.name = name
        self.times = times
        self.meddle = meddle

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if self.times and path.endswith(".tmp") and f".{self.name}." in path:
            self.times -= 1
            self.meddle()
        return os.open(path, flags, mode)


def foreign(path: Path, old: str, new: str) -> None:
    """Another program's write: a new file in place of the old one."""
    other = path.with_name("foreign")
    other.write_text(path.read_text().replace(old, new))
    other.replace(path)


@pytest.mark.parametrize("name", ["credentials", "config"])
@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.rename("a", "c"),
        lambda s: s.rename("a", "c", force=True),
        lambda s: s.copy("a", "c"),
        lambda s: s.copy("a", "c", force=True),
        lambda s: s.unregister("a"),
        lambda s: put(s, "a", x="7", y="8"),
    ],
)
def test_concurrent_change_of_another_program_is_merged(
    aws: Aws, name: str, act: Callable[[SharedStore], None]
) -> None:
    # The same outcome as if the other program had been first, whichever file it wrote.
    aws.write("[a]\nx = 1\n[b]\nz = 1\n", "[profile a]\ny = 1\n[profile b]\nw = 1\n")
    path = aws.credentials if name == "credentials" else aws.config
    inserted = ("z = 1", "z = 1\nforeign = 1") if name == "credentials" else ("w = 1", "w = 2")
    first = aws.texts()
    foreign(path, *inserted)
    act(aws.store())
    expected = aws.texts()
    aws.write(*first)
    calls = Meddler(name, 1, lambda: foreign(path, *inserted))
    act(aws.store(calls))
    assert calls.times == 0
    assert expected == aws.texts()


def test_program_that_never_stops_writing_is_reported(aws: Aws) -> None:
    aws.write("[a]\nx = 1\n")
    calls = Meddler("credentials", 99, lambda: foreign(aws.credentials, "[a]", "# more\n[a]"))
    with pytest.raises(FileProblem, match=f"during each of {shared.TRIES} tries"):
        put(aws.store(calls), "a", x="2")
    assert calls.times == 99 - shared.TRIES
    assert aws.texts()[0] == "# more\n" * shared.TRIES + "[a]\nx = 1\n"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_change_that_fails_at_any_call_leaves_whole_files(aws: Aws, code: int) -> None:
    before = ("[a]\nx = 1\n\n[b]\n", "[profile a]\ny = 1\n\n[profile b]\n")
    after = ("[b]\n", "[profile b]\n")
    failed = 0
    while True:
        aws.write(*before)
        try:
            aws.store(Fault(failed, OSError(code, os.strerror(code)))).unregister("a")
        except FileProblem as error:
            assert os.strerror(code).lower() in error.message
        else:
            break
        failed += 1
        assert all(text in pair for text, *pair in zip(aws.texts(), before, after, strict=True))
        assert list(aws.home.rglob("*.tmp")) == []
    assert failed >= 10  # five calls for each of the two files, more where folders are flushed
    assert aws.texts() == after


def test_unknown_content_is_preserved(aws: Aws) -> None:
    text = "\ufeff# café\r\n\r\n[a]\r\nRegion  =eu-west-1 # n\r\ns3=\r\n\tX = 1\r\n\r\n;[b]\r\n[b!]\r\nx=\r\n"
    aws.write(config="[sso-session s]\n")
    aws.credentials.write_bytes(text.encode())
    put(aws.store(), "a", region="eu-west-2", s3__y="2")
    wanted = text.replace("eu-west-1", "eu-west-2").replace("X = 1\r\n", "X = 1\r\n\ty = 2\r\n")
    assert wanted.encode() == aws.credentials.read_bytes()
    assert aws.texts()[1] == "[sso-session s]\n"
