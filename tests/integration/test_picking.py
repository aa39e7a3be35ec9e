"""Choosing a profile on a real pseudo-terminal: `keystead pick`, and commands without a NAME."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from keystead.identity_center.account import Account
from keystead.identity_center.listing import Listing
from keystead.identity_center.listing_cache import ListingCache
from keystead.system import System
from tests.agents import Agent
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY, leaks
from tests.conftest import Keystead
from tests.job_control import PROMPT, interactive_bash

pytestmark = pytest.mark.posix("a pseudo-terminal")

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/team/admin\nsource_profile = dev\n"
PROFILES = (
    f"[dev]\n{KEYS}[prod-admin]\n{ROLE}[prod-reader]\n{ROLE}[東京]\n{KEYS}[half]\nregion = x\n"
)

_FRAME = "\x1b[?25l"
_PLACED = re.compile(r"\x1b\[(\d+)H(.*?)\x1b\[K", re.DOTALL)
_STYLE = re.compile(r"\x1b\[[\d;]*m")


class Screen:
    """A command on a terminal of which the last whole drawing is read."""

    def __init__(self, child: pexpect.spawn) -> None:
        self.child = child
        self.output = ""

    def lines(self) -> list[str]:
        """The lines of the last whole drawing, without styles."""
        frames = [part for part in self.output.split(_FRAME) if "\x1b[?25h" in part]
        drawn = _PLACED.findall(frames[-1]) if frames else []
        return [_STYLE.sub("", line).rstrip() for _, line in drawn]

    def until(self, condition: Callable[[list[str]], bool]) -> list[str]:
        """Read until the lines fit; they are returned."""
        end = time.monotonic() + 30
        while not condition(self.lines()):
            assert time.monotonic() < end, self.lines()
            try:
                self.output += self.child.read_nonblocking(65536, timeout=1)
            except pexpect.TIMEOUT:
                continue
        return self.lines()

    def until_query(self, query: str, note: str) -> list[str]:
        """Read until a query is shown with its number of results."""
        return self.until(
            lambda lines: bool(lines) and lines[0].split() == ["\x3e", *query.split(), note]
        )

    def type(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def end(self) -> tuple[int, str]:
        """The exit code, and what was printed after the last drawing."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        rest = (self.output + self.child.before).rpartition("\x1b[?1049l")[2]
        code = self.child.exitstatus
        return (code if code is not None else 128 + self.child.signalstatus), rest


@contextlib.contextmanager
def on_terminal(
    line: str, *, lines: int = 24, columns: int = 100, **environ: str
) -> Iterator[Screen]:
    """A line of sh on a terminal of that size."""
    path = f"{Path(KEYSTEAD).parent}:{os.environ['PATH']}"
    child = pexpect.spawn(
        "/bin/sh",
        ["-c", line],
        env={**os.environ, "PATH": path, "TERM": "xterm", **environ},  # type: ignore[arg-type]
        encoding="utf-8",
        codec_errors="replace",
        timeout=30,
        dimensions=(lines, columns),
    )
    screen = Screen(child)
    yield screen
    child.close(force=True)
    assert leaks(screen.output) == []


@pytest.fixture(autouse=True)
def profiles(home: Path, monkeypatch: pytest.MonkeyPatch, write_credentials: object) -> None:
    monkeypatch.chdir(home)
    assert callable(write_credentials)
    write_credentials(PROFILES)


def test_letters_find_and_enter_prints_the_name() -> None:
    with on_terminal('name=$(keystead pick); echo "<$name>"') as screen:
        lines = screen.until_query("", "4/4")
        assert lines[1].split() == ["Name", "Account", "Role", "Type"]
        assert lines[2].split() == [">", "dev", "Basic"]
        screen.type("rea")
        lines = screen.until_query("rea", "1/4")
        assert lines[2].split() == [
            *(">", "prod-reader", "123456789012", "team/admin", "AssumeRole")
        ]
        screen.type("\r")
        assert screen.end() == (0, "<prod-reader>\r\n")


def test_the_preview_shows_the_plan() -> None:
    with on_terminal("keystead pick prod-a") as screen:
        lines = screen.until(lambda lines: any("> assume" in line for line in lines))
        assert "  keys of profile dev" in lines
        screen.type("\t")
        screen.until(lambda lines: not any("> assume" in line for line in lines))


def test_the_preview_opens_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keystead: Keystead
) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(PASSPHRASE)
    settings = ["mfa_serial=arn:aws:iam::123456789012:mfa/me", "source_profile=dev"]
    role = "role_arn=arn:aws:iam::123456789012:role/sealed"
    variables = {"KEYSTEAD_PASSPHRASE_FILE": str(passphrase)}
    assert keystead("set", "sealed", role, *settings, env=variables).code == 0
    with on_terminal("keystead pick sealed") as screen:
        lines = screen.until(lambda lines: any("asks for a code of ****" in line for line in lines))
        assert "  keys of profile dev" in lines


def test_the_last_choice_is_offered_first() -> None:
    for _ in range(2):
        with on_terminal("keystead pick") as screen:
            lines = screen.until_query("", "4/4")
            screen.type("reader")
            screen.until_query("reader", "1/4")
            screen.type("\r")
            assert screen.end() == (0, "prod-reader\r\n")
    assert lines[2].split()[:2] == [">", "prod-reader"]


EDITS = {
    "backspace": ("prodx\x7f", "prod", "2/4"),
    "a word back": ("prod xx\x17", "prod", "2/4"),
    "all back": ("xx\x15", "", "4/4"),
    "the cursor": ("rod\x01p\x05-r", "prod-r", "1/4"),
    "the arrows": ("pod\x1b[D\x1b[Dr", "prod", "2/4"),
    "delete": ("xprod\x1b[H\x1b[3~", "prod", "2/4"),
    "a paste with a line break": ("\x1b[200~prod\r\nrea\x1b[201~", "prod rea", "1/4"),
    "wide letters": ("東", "東", "1/4"),
    "nothing that fits": ("zz", "zz", "0/4"),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_query_is_edited(name: str) -> None:
    keys, query, note = EDITS[name]
    with on_terminal("keystead pick") as screen:
        screen.until_query("", "4/4")
        screen.type(keys)
        screen.until_query(query, note)


def test_the_selection_moves_and_stays_in_the_list() -> None:
    with on_terminal("keystead pick") as screen:
        screen.until_query("", "4/4")
        for keys, row in (("\x1b[B", 1), ("\x0e\x0e\x0e\x0e", 3), ("\x10", 2), ("\x1b[5~", 0)):
            screen.type(keys)
            screen.until(lambda lines, row=row: lines[2 + row].startswith(">"))
        screen.type("\x1b[6~\r")
        assert screen.end() == (0, "東京\r\n")


@pytest.mark.parametrize("keys", ["\x03", "\x1b", "\x07", "\x04"])
def test_leaving_is_interrupted(keys: str) -> None:
    with on_terminal("keystead pick") as screen:
        screen.until_query("", "4/4")
        screen.type(keys)
        assert screen.end() == (130, "keystead: error: interrupted\r\n")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_leaves_the_terminal_as_it_was(number: int, code: int) -> None:
    with on_terminal('stty -g; (exec keystead pick); echo "code $?"; stty -g') as screen:
        screen.until_query("", "4/4")
        pid = _picker_below(screen.child.pid)
        os.kill(pid, number)
        _, rest = screen.end()
        before = screen.output.split("\r\n")[0]
        assert f"code {code}" in rest
        assert rest.split("\r\n")[-2] == before


def _picker_below(pid: int) -> int:
    """The process of `keystead pick` that a shell started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[-1])


@pytest.mark.parametrize(("lines", "columns"), [(1, 1), (1, 80), (2, 10), (3, 4), (5, 20), (12, 8)])
def test_a_tiny_terminal_is_enough(lines: int, columns: int) -> None:
    with on_terminal("keystead pick", lines=lines, columns=columns) as screen:
        shown = screen.until(bool)
        assert len(shown) <= lines
        screen.type("reader")
        time.sleep(0.05)
        screen.type("\r")
        assert screen.end() == (0, "prod-reader\r\n")


def test_a_new_size_is_drawn_at_once() -> None:
    with on_terminal("keystead pick") as screen:
        screen.until_query("", "4/4")
        screen.child.setwinsize(6, 20)
        screen.until(lambda lines: len(lines) == 6)
        screen.child.setwinsize(30, 120)
        screen.until(lambda lines: len(lines) == 30)


def test_ctrl_z_stops_and_fg_draws_again(home: Path) -> None:
    with interactive_bash(home) as child:
        child.sendline(f"TERM=xterm {KEYSTEAD} pick")
        screen = Screen(child)
        screen.until_query("", "4/4")
        screen.type("dev\x1a")
        child.expect("Stopped")
        child.expect(PROMPT)
        child.sendline("stty -a | grep -o -- '-*icanon'")
        child.expect(r"\ricanon\r\n")
        child.expect(PROMPT)
        screen.output = ""
        child.sendline("fg")
        screen.until_query("dev", "1/4")
        screen.type("\r")
        child.expect("dev\r\n")
        child.expect(PROMPT)


def test_without_color_nothing_is_styled() -> None:
    with on_terminal("keystead pick pro", NO_COLOR="1") as screen:
        screen.until_query("pro", "2/4")
        assert not _STYLE.search(screen.output)
    with on_terminal("keystead pick pro") as screen:
        screen.until_query("pro", "2/4")
        assert _STYLE.search(screen.output)


def test_a_dumb_terminal_is_asked_line_by_line() -> None:
    with on_terminal("keystead pick", TERM="dumb") as screen:
        screen.child.expect(r" 4  東京  Basic\r\nnumber of a profile, or letters of its name: ")
        screen.child.sendline("prod")
        screen.child.expect(r" 2  prod-reader  123456789012  team/admin  AssumeRole\r\nnumber.*: ")
        screen.child.sendline("2")
        screen.child.expect_exact("prod-reader\r\n")
        assert "\x1b" not in screen.child.before
        screen.child.expect(pexpect.EOF)


def test_escapes_in_names_are_shown_escaped(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(f"[a\u202eb]\n{KEYS}")
    with on_terminal("keystead pick > picked") as screen:
        lines = screen.until_query("", "1/1")
        assert lines[2].startswith("> a\\u202eb ")
        assert "\u202e" not in screen.output
        screen.type("\r")
        assert screen.end() == (0, "")
    assert Path("picked").read_text() == "a\u202eb\n"


def test_without_profiles_it_says_how_to_make_one(write_credentials: object) -> None:
    assert callable(write_credentials)
    write_credentials("")
    with on_terminal("keystead pick") as screen:
        code, rest = screen.end()
        assert code == 3
        assert "there are no profiles yet" in rest


def test_fifteen_thousand_profiles(write_credentials: object) -> None:
    assert callable(write_credentials)
    write_credentials("".join(f"[p{number:05}]\n{ROLE}" for number in range(15_000)))
    with on_terminal("keystead pick") as screen:
        screen.until_query("", "15000/15000")
        for query in ("p1", "p14", "p143", "p1432"):
            screen.type(query[-1] if query != "p1" else query)
            screen.until(lambda lines, query=query: lines[0].split()[1] == query)
        screen.type("\r")
        assert screen.end() == (0, "p14320\r\n")


COMMANDS = {
    "show": "dev (Basic, SharedCredentialsFile)",
    "show --json": '"name": "dev"',
    "process": '"Version"',
    "env": "AWS_ACCESS_KEY_ID=",
    "exec -- sh -c 'echo $KEYSTEAD_PROFILE'": "dev\r\n",
}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_without_a_name_asks_for_it(line: str) -> None:
    with on_terminal(f"keystead {line} > done; cat done; rm done") as screen:
        screen.until_query("", "4/4")
        screen.type("dev\r")
        screen.child.expect(pexpect.EOF)
        assert COMMANDS[line] in screen.child.before


NEVER = ["remove", "rename", "rotate", "set", "copy"]


@pytest.mark.parametrize("line", NEVER)
def test_a_command_that_changes_profiles_never_asks_for_a_name(line: str) -> None:
    with on_terminal(f"keystead {line}") as screen:
        code, rest = screen.end()
        assert code == 2
        assert "\x1b" not in rest


@pytest.mark.parametrize("line", [*COMMANDS, "pick"])
def test_without_a_terminal_or_input_it_is_a_usage_error(line: str, keystead: Keystead) -> None:
    words = line.split()
    for done in (keystead(*words), keystead(*words, env={"KEYSTEAD_NO_INPUT": "1"})):
        assert done.code == 2
        assert done.stdout == ""
    with on_terminal(f"keystead --no-input {line}") as screen:
        code, rest = screen.end()
        assert code == 2
        assert "\x1b" not in rest


def test_with_an_agent_the_command_itself_asks(agent: Agent) -> None:
    with on_terminal('keystead agent start; keystead show dev; keystead show; echo "$?"') as screen:
        screen.until_query("", "4/4")
        screen.type("reader\r")
        screen.child.expect("prod-reader .AssumeRole")
    with on_terminal('keystead pick; echo "code $?"') as screen:
        screen.until_query("", "4/4")
        screen.type("\x1b")
        assert "code 130" in screen.end()[1]


UNUSUAL = [
    "a b",
    "$(touch harmed)",
    "it's",
    'q"q',
    "a\\b",
    "東京",
    "x;y&z|{1}",
    "a\u202eb",
    "--json",
]


def fzf(line: str, **environ: str) -> contextlib.AbstractContextManager[Screen]:
    return on_terminal(line, KEYSTEAD_PICKER="fzf", **environ)


@pytest.mark.needs("fzf")
@pytest.mark.parametrize("name", UNUSUAL)
def test_fzf_gives_back_any_name(
    name: str, write_credentials: Callable[[str], Path], home: Path
) -> None:
    write_credentials(f"[first]\n{KEYS}[{name}]\n{KEYS}")
    with fzf("keystead pick > picked") as screen:
        screen.child.expect("2/2")
        screen.child.expect("keys of profile first")
        screen.type("\x1b[B")
        screen.child.expect("keys of profile")
        screen.type("\r")
        assert screen.end()[0] == 0
    assert (home / "picked").read_text() == f"{name}\n"
    assert not (home / "harmed").exists()


@pytest.mark.needs("fzf")
def test_fzf_is_searched_and_what_it_gives_is_remembered() -> None:
    with fzf("keystead show") as screen:
        screen.child.expect("4/4")
        screen.type("reader")
        screen.child.expect("2/4")  # fzf finds letters in all columns
        screen.type("\r")
        screen.child.expect("prod-reader .AssumeRole")
    with on_terminal("keystead pick") as screen:
        lines = screen.until_query("", "4/4")
        assert lines[2].split()[:2] == [">", "prod-reader"]


@pytest.mark.needs("fzf")
def test_fzf_takes_the_options_of_the_user() -> None:
    options = "--expect=ctrl-x --print-query --multi --prompt=which?"
    with fzf("keystead pick", FZF_DEFAULT_OPTS=options) as screen:
        screen.child.expect_exact("which?")
        screen.child.expect("4/4")
        screen.type("\r")
        assert screen.end()[1].endswith("dev\r\n")


@pytest.mark.needs("fzf")
@pytest.mark.parametrize(("keys", "code"), [("\x1b", 130), ("\x03", 130), ("\r", 1)])
def test_fzf_that_chooses_nothing(keys: str, code: int) -> None:
    with fzf('keystead pick; echo "code $?"') as screen:
        screen.child.expect("4/4")
        screen.type("zzz")
        screen.child.expect("0/4")
        screen.type(keys)
        screen.child.expect(f"code {code}")


def test_a_missing_fzf_and_another_picker_are_usage_errors(home: Path) -> None:
    path = home / "bin"
    path.mkdir()
    (path / "keystead").symlink_to(KEYSTEAD)
    with fzf(f"PATH={path} {KEYSTEAD} pick") as screen:
        code, rest = screen.end()
        assert (code, "no such program on PATH" in rest) == (2, True)
    with on_terminal("keystead pick", KEYSTEAD_PICKER="fzz") as screen:
        code, rest = screen.end()
        assert (code, "did you mean `fzf`" in rest) == (2, True)


SSO = """[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
populate_region = Data*=eu-west-3
"""
ACCOUNTS = [
    Account("111111111111", "Payments", roles=("Admin", "Reader")),
    Account("222222222222", "Data / \x1b[31m東", roles=("Reader",)),
    Account("333333333333", "Twin", roles=("Reader",)),
    Account("444444444444", "Twin", roles=("Reader",)),
    Account("555555555555", "Not listed yet"),
]


@pytest.fixture
def roles(home: Path, write_credentials: Callable[[str], Path]) -> None:
    """A login that has listed its accounts, and one profile of a role."""
    write_credentials("")
    covered = "sso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Reader\n"
    (home / ".aws" / "config").write_text(f"{SSO}[profile payments]\n{covered}")
    (home / ".aws" / "config").chmod(0o600)
    listing = Listing(ACCOUNTS, datetime.now(UTC))
    ListingCache(System(), "corp", "https://example.awsapps.com/start", "eu-west-1").write(listing)


def test_roles_of_accounts_are_offered_without_a_profile_or_a_call(roles: None) -> None:
    with on_terminal("keystead pick") as screen:
        lines = screen.until_query("", "5/5")
        assert [line[2:].split() for line in lines[2:7]] == [
            ["payments", "111111111111", "Payments", "Reader", "SSO"],
            ["corp/111111111111/Admin", "111111111111", "Payments", "Admin", "SSO"],
            [
                *("corp/222222222222/Reader", "222222222222", "Data", "/", "\\x1b[31m東"),
                *("Reader", "eu-west-3", "SSO"),
            ],
            ["corp/333333333333/Reader", "333333333333", "Twin", "Reader", "SSO"],
            ["corp/444444444444/Reader", "444444444444", "Twin", "Reader", "SSO"],
        ]
        assert "\x1b[31m" not in screen.output
        screen.type("pay adm")
        screen.until(lambda lines: "  single sign-on: Admin in 111111111111" in lines)
        screen.type("\r")
        assert screen.end() == (0, "corp/111111111111/Admin\r\n")
    with on_terminal("keystead pick") as screen:
        lines = screen.until_query("", "5/5")
        assert lines[2].split()[:2] == [">", "corp/111111111111/Admin"]


@pytest.mark.needs("fzf")
def test_fzf_shows_the_plan_of_a_role_without_a_call(roles: None) -> None:
    with fzf("keystead pick") as screen:
        screen.child.expect("5/5")
        screen.type("data")
        screen.child.expect("single sign-on: Reader in 222222222222")
        screen.type("\r")
        screen.child.expect_exact("corp/222222222222/Reader\r\n")


def test_a_list_of_roles_alone_is_enough(
    roles: None, home: Path, write_credentials: Callable[[str], Path]
) -> None:
    (home / ".aws" / "config").write_text(SSO)
    with on_terminal("keystead show") as screen:
        screen.until_query("", "5/5")
        screen.type("pay read\r")
        screen.child.expect("corp/111111111111/Reader .SSO")


def test_the_list_is_drawn_without_loading_what_is_slow() -> None:
    command = f"{sys.executable} -X importtime {KEYSTEAD} pick 2>loaded"
    with on_terminal(command) as screen:
        screen.until_query("", "4/4")
        loaded = {
            line.rpartition("|")[2].strip() for line in Path("loaded").read_text().split("\n")
        }
        slow = "prompt_toolkit botocore cryptography argparse asyncio subprocess typing ssl json"
        assert loaded & {*slow.split()} == set()
        own = {name for name in loaded if name.startswith("keystead")}
        assert len(own) <= 108, own
        assert len(loaded - own) <= 72, loaded - own


def test_several_logins_are_chosen_from_by_a_profile(
    home: Path, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials("")
    sections = (
        f"[sso-session {name}]\nsso_start_url = https://{name}.awsapps.com/start\n"
        f"sso_region = eu-west-1\n[profile {name}]\nsso_session = {name}\n"
        "sso_account_id = 111111111111\nsso_role_name = Reader\n"
        for name in ("one", "two")
    )
    (home / ".aws" / "config").write_text("".join(sections))
    (home / ".aws" / "config").chmod(0o600)
    with on_terminal("keystead login") as screen:
        lines = screen.until_query("", "2/2")
        assert [line[2:].split()[0] for line in lines[2:4]] == ["one", "two"]
        screen.type("\x1b")
        assert screen.end() == (130, "keystead: error: interrupted\r\n")
