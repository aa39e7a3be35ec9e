"""Accounts and roles of a login: listed under throttling, written as profiles, used by name."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import botocore.session
import pytest

from devtools import command
from keystead import library
from keystead.app import App
from keystead.cli.completing.answer import answer
from keystead.errors import InteractionRequired, ProfileNotFound, ProviderError
from keystead.identity_center.account import RoleFilter
from keystead.identity_center.adaptive_limit import AdaptiveLimit
from keystead.identity_center.directory import Directory
from keystead.identity_center.listing import Listing
from keystead.identity_center.populate import Populate
from keystead.identity_center.population import Wish
from keystead.identity_center.profile_name import DEFAULT_TEMPLATE, NameTemplate
from keystead.library import app
from keystead.system import Files, System
from keystead.testing.identity_center import IdentityCenter
from tests.canaries import SECRET_KEY, SESSION_TOKEN
from tests.conftest import Agent, Keystead
from tests.faults import Fault
from tests.modes import PRIVATE_FILE, mode
from tests.signed_in import CONFIG, SESSION, sign_in

runs_commands = pytest.mark.posix("the command as a program, which is not installed there")
ALL = RoleFilter.parse(())
KEYS = f"aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET_KEY}\n"
TOKEN = "one" + SESSION_TOKEN.replace("=", "").replace("/", "-")


@pytest.fixture
def center(keystead: Keystead, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    """A service with twelve accounts of two roles; the home is signed in to it."""
    secrets = {"accessToken": TOKEN, "sessionToken": SESSION_TOKEN, "secretAccessKey": SECRET_KEY}
    made = IdentityCenter(make_secret=lambda name: secrets.get(name, f"ASIA{'EXAMPLE' * 2}AB"))
    made.page_size = 5
    for number in range(1, 13):
        made.add_account(f"{number:012}", f"Team {number}", roles=["Admin", "Reader"])
    with made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        keystead.plain.add(sign_in(keystead.home, made))
        yield made


def directory() -> Directory:
    made = app()
    return made.directory(SESSION, made.snapshot())


def listed(progress: Callable[[int, int, int], None] = lambda *_: None) -> Listing:
    found = directory()
    listing = found.list(ALL, progress)
    found.cache.end()
    return listing


def revoke(center: IdentityCenter) -> None:
    """The login has ended before its time."""
    center.logins[0].ended = "expired"


def config(keystead: Keystead) -> str:
    return (keystead.home / ".aws" / "config").read_text()


def names(keystead: Keystead) -> list[str]:
    return re.findall(r"^\[profile (.*)\]$", config(keystead), re.MULTILINE)


def test_all_is_listed_under_random_throttling(center: IdentityCenter) -> None:
    center.faults.share = 0.4
    center.faults.retry_after = "0"
    listing = listed()
    assert [account.id for account in listing.accounts] == sorted(
        center.accounts, key=lambda number: center.accounts[number].name
    )
    assert all(account.roles == ("Admin", "Reader") for account in listing.accounts)
    assert any(call.status == 429 for call in center.requests)


def test_an_account_is_asked_for_once_without_faults(center: IdentityCenter) -> None:
    listed()
    assert len(center.calls("ListAccountRoles")) == len(center.accounts)
    center.page_size = 1
    center.requests.clear()
    listed()
    assert len(center.calls("ListAccountRoles")) == len(center.accounts)  # 100 rows are asked for


def test_accounts_and_roles_on_many_pages_are_all_found(center: IdentityCenter) -> None:
    for number in range(100, 350):
        center.add_account(f"{number:012}", f"Team {number}", roles=())
    center.add_account("0" * 12, "Many", roles=[f"Role{n:03}" for n in range(250)])
    listing = listed()
    assert len(listing.accounts) == len(center.accounts)
    many = listing.account("Many")
    assert many is not None
    assert many.roles == tuple(f"Role{n:03}" for n in range(250))


def test_errors_of_the_server_are_tried_again(center: IdentityCenter) -> None:
    center.faults.next("ListAccounts", 500)
    center.faults.next("ListAccountRoles", 500, 429, 500)
    assert len(listed().accounts) == len(center.accounts)


@pytest.mark.parametrize("retry_after", ["1", "date"])
def test_the_pause_that_the_service_asks_for_is_made(
    center: IdentityCenter, retry_after: str
) -> None:
    if retry_after == "date":
        from datetime import UTC, datetime, timedelta
        from email.utils import format_datetime

        retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    center.faults.next("ListAccounts", 429)
    center.faults.retry_after = retry_after
    listed()
    refused, following = center.requests[:2]
    assert (following.at - refused.at).total_seconds() > 0.9


def test_paging_tokens_that_repeat_are_an_error(center: IdentityCenter) -> None:
    for number in range(100, 350):
        center.add_account(f"{number:012}", "Team", roles=())
    center.faults.repeats_paging_token = True
    with pytest.raises(ProviderError, match="a paging token that does not end"):
        listed()


@runs_commands
def test_a_login_that_was_revoked_is_reported_with_the_command(
    center: IdentityCenter, keystead: Keystead
) -> None:
    revoke(center)
    with pytest.raises(InteractionRequired, match="log-in required"):
        listed()
    done = keystead("sso", "populate", "--force")
    assert done.code == 6
    assert "run `keystead login" in done.stderr
    assert not names(keystead)


def test_a_token_that_is_refused_before_its_end_is_renewed(center: IdentityCenter) -> None:
    center._access_tokens.clear()
    assert len(listed().accounts) == len(center.accounts)
    assert len(center.calls("CreateToken")) == 1


def test_the_token_of_a_new_login_is_used_when_the_first_is_refused(
    center: IdentityCenter, keystead: Keystead
) -> None:
    found = directory()
    center.faults.next("ListAccountRoles", "UnauthorizedException")

    def login_again(done: int, *_: int) -> None:
        if not done:
            sign_in(keystead.home, center)

    secrets = iter(f"{TOKEN}{number}" for number in range(9))
    center._make_secret = lambda _: next(secrets)
    assert len(found.list(ALL, login_again).accounts) == len(center.accounts)


def test_an_account_that_is_removed_meanwhile_has_no_roles(center: IdentityCenter) -> None:
    center.faults.next("ListAccountRoles", "ResourceNotFoundException")
    roles = [account.roles for account in listed().accounts]
    assert sorted(roles, key=str).count(()) == 1


def test_what_was_listed_before_an_error_is_not_listed_again(center: IdentityCenter) -> None:
    center.faults.next("ListAccountRoles", "InvalidRequestException")
    with pytest.raises(ProviderError):
        directory().list(ALL)
    answered = {c.parameters["account_id"] for c in center.calls("ListAccountRoles") if not c.error}
    center.requests.clear()
    listing = listed()
    assert center.accounts.keys() - asked(center) <= answered
    assert all(account.roles for account in listing.accounts)


def test_a_listing_that_ended_is_not_continued(center: IdentityCenter) -> None:
    listed()
    center.requests.clear()
    listed()
    assert len(center.calls("ListAccountRoles")) == len(center.accounts)


def test_files_of_listings_are_private_and_broken_ones_are_replaced(
    center: IdentityCenter, keystead: Keystead
) -> None:
    found = directory()
    found.list(ALL)
    files = sorted(found.cache.path.parent.iterdir())
    assert [mode(path) for path in files] == [PRIVATE_FILE] * 2
    for path in files:
        for content in (b"", b"{", b"[]\n[1", b'{"version": 1, "accounts": [1]}', b"\xff\n\xff"):
            path.write_bytes(content)
            assert len(directory().list(ALL).accounts) == len(center.accounts)
    cached = found.cache.read()
    assert cached is not None
    assert len(cached.accounts) == len(center.accounts)
    found.cache.end()
    assert len(list(found.cache.path.parent.iterdir())) == 1


def test_calls_at_once_rise_one_by_one_and_fall_by_half_once_a_round() -> None:
    limit = AdaptiveLimit(most=16)
    for _ in range(500):
        limit.succeeded()
    assert limit.at_once == 16
    numbers = [limit.begin() for _ in range(16)]
    for number in numbers:  # all were sent at the old rate
        limit.throttled(number)
    assert limit.at_once == 8
    for _ in range(8):
        limit.succeeded()
    assert limit.at_once in {8, 9}
    for _ in range(99):
        limit.throttled(limit.begin())
    assert limit.at_once == 1


@runs_commands
def test_populate_writes_once_and_undo_takes_it_back(
    center: IdentityCenter, keystead: Keystead
) -> None:
    before = config(keystead)
    done = keystead("sso", "populate", "--force", "--region", "eu-west-1")
    assert (done.code, done.stdout) == (0, "")
    assert len(names(keystead)) == 24
    undone = json.loads(keystead("undo", "--list", "--json").stdout)
    assert [len(entry["profiles"]) for entry in undone] == [24]
    assert keystead("lint").code == 0
    assert keystead("sso", "populate", "--force").code == 0
    assert len(json.loads(keystead("undo", "--list", "--json").stdout)) == 1
    assert keystead("undo").code == 0
    assert config(keystead) == before


@runs_commands
def test_patterns_that_match_nothing_are_reported(
    center: IdentityCenter, keystead: Keystead
) -> None:
    done = keystead("sso", "populate", "--include", "Temas*", "--dry-run")
    assert done.code == 0
    assert "warning: no account and role matches the patterns" in done.stderr
    assert names(keystead) == []


@runs_commands
def test_the_rules_of_the_section_count_where_no_option_is_given(
    center: IdentityCenter, keystead: Keystead
) -> None:
    rules = (
        "populate_template = {role_name}.{account_id}\n"
        "populate_include = Team%201*\npopulate_exclude = */Reader\n"
        "populate_region = *11=eu-west-1 eu-west-2\n"
    )
    keystead.plain.add(sign_in(keystead.home, center, CONFIG + rules))
    assert keystead("sso", "populate", "--force").code == 0
    assert names(keystead) == [f"Admin.{number:012}" for number in (1, 10, 11, 12)]
    assert config(keystead).count("\nregion = eu-west-1") == 1
    assert keystead("lint").code == 0
    found = json.loads(keystead("show", "corp/000000000011/Admin", "--json").stdout)
    assert found["settings"]["region"]["value"] == "eu-west-1"


@runs_commands
def test_other_tools_read_the_profiles_of_accounts_with_odd_names(
    center: IdentityCenter, keystead: Keystead
) -> None:
    odd = [
        "a/b:c]d",
        "[x]",
        "\0\x1b\n",
        "  lead",
        "profile x",
        "default",
        "#x",
        "=",
        "%",
        "",
        "\ud800",
    ]
    odd += ["\N{LATIN SMALL LETTER U WITH DIAERESIS}bung", "\N{HIRAGANA LETTER SI}", "same", "Same"]
    for number, name in enumerate(odd, 100):
        center.add_account(f"{number:012}", name, roles=["Admin"])
    assert keystead("sso", "populate", "--force").code == 0
    profiles = botocore.session.Session().full_config["profiles"]
    read = {row["sso_account_id"] for row in profiles.values()}
    assert read == center.accounts.keys()
    assert len(profiles) == 24 + len(odd)
    assert keystead("lint").code == 0


@runs_commands
def test_prune_warns_of_profiles_that_refer_to_a_removed_one(
    center: IdentityCenter, keystead: Keystead
) -> None:
    assert keystead("sso", "populate", "--force").code == 0
    path = keystead.home / ".aws" / "config"
    role = "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = Team-3-Admin\n"
    helper = "credential_process = keystead process Team-3-Admin\n"
    path.write_text(f"{path.read_text()}\n[profile a]\n{role}\n[profile b]\n{helper}")
    del center.accounts["000000000003"]
    done = keystead("sso", "populate", "--force", "--prune")
    assert "note: 2 profiles removed" in done.stderr
    for name in ("a", "b"):
        assert f"profile `{name}` names `Team-3-Admin`, which was removed" in done.stderr


@pytest.mark.posix("kills with SIGKILL")
def test_populate_that_is_killed_continues_and_leaves_whole_files(
    center: IdentityCenter, keystead: Keystead
) -> None:
    for number in range(13, 61):
        center.add_account(f"{number:012}", f"Team {number}", roles=["Admin", "Reader"])
    before = config(keystead)
    center.faults.latency = 0.01
    folder = keystead.root / "keystead" / "accounts"
    noted: set[str] = set()
    for calls in (2, 6, 10, 14):
        center.requests.clear()
        with subprocess.Popen(
            [command.KEYSTEAD, "sso", "populate", "--force"], start_new_session=True
        ) as process:
            while process.poll() is None and len(center.requests) < calls:
                time.sleep(0.002)
            assert process.poll() is None, "it ended before it was killed"
            os.killpg(process.pid, signal.SIGKILL)
        assert not asked(center) & noted, "what was listed is not listed again"
        assert config(keystead) == before
        *_, journal = folder.glob("*.partial")
        noted = {json.loads(line)[0] for line in journal.read_text().splitlines()[1:]}
    assert noted
    center.requests.clear()
    assert keystead("sso", "populate", "--force").code == 0
    assert asked(center) == center.accounts.keys() - noted
    assert len(names(keystead)) == 120
    assert not list(folder.glob("*.partial"))


def asked(center: IdentityCenter) -> set[str]:
    """The accounts whose roles were asked for."""
    return {str(call.parameters["account_id"]) for call in center.calls("ListAccountRoles")}


@pytest.mark.posix("forks")
def test_populate_that_is_killed_at_any_call_of_writing_leaves_the_file_whole(
    center: IdentityCenter, keystead: Keystead
) -> None:
    before = config(keystead)
    wish = Wish(SESSION, listed().accounts, ALL, NameTemplate.parse(DEFAULT_TEMPLATE), ())
    counted = Fault(-1, None)
    state = keystead.home / ".aws", keystead.root / "keystead"
    saved = {path: shutil.copytree(path, path.with_name(f"{path.name}.saved")) for path in state}

    def write(fault: Fault) -> None:
        system = System(files=Files(fault))
        Populate(wish, ()).write(App(system).shared)

    write(counted)
    after = config(keystead)
    assert after != before
    for at in range(len(counted.seen)):
        for path, copy in saved.items():
            shutil.rmtree(path)
            shutil.copytree(copy, path)
        if not (pid := os.fork()):
            write(Fault(at, None))
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
        assert config(keystead) in {before, after}
        write(Fault(-1, None))
        assert config(keystead) == after
    for copy in saved.values():
        shutil.rmtree(copy)


@runs_commands
def test_two_at_once_write_each_profile_once(center: IdentityCenter, keystead: Keystead) -> None:
    line = [command.KEYSTEAD, "sso", "populate", "--force"]
    running = [subprocess.Popen(line) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(names(keystead)) == len(set(names(keystead))) == 24
    assert "populated_from" in config(keystead)


def test_refusals_without_an_end_are_an_error(center: IdentityCenter, keystead: Keystead) -> None:
    center.faults.share = 1.0
    app, waited = in_fast_time()
    with pytest.raises(ProviderError, match="TooManyRequestsException"):
        app.directory(SESSION, app.snapshot()).list(ALL)
    assert 300 < waited() < 330
    assert len(center.requests) < 60, "the pauses grow"


def test_errors_of_the_server_without_an_end_are_an_error(center: IdentityCenter) -> None:
    center.faults.next("ListAccounts", *[500] * 9)
    app, _ = in_fast_time()
    with pytest.raises(ProviderError, match="InternalServerException"):
        app.directory(SESSION, app.snapshot()).list(ALL)
    assert len(center.requests) == 8


def in_fast_time() -> tuple[App, Callable[[], float]]:
    """An app that sleeps in no time, and the seconds it has slept."""
    slept: list[float] = []
    system = System(sleep=slept.append, uptime=lambda: sum(slept))
    return App(system), lambda: sum(slept)


@pytest.mark.posix("interrupts as a terminal does")
def test_ctrl_c_ends_a_listing_at_once_and_the_next_run_continues(
    center: IdentityCenter, keystead: Keystead
) -> None:
    center.faults.latency = 0.2
    line = [command.KEYSTEAD, "sso", "populate", "--force"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        while len(center.requests) < 8:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "keystead: error: interrupted\n")
    assert time.monotonic() - began < 5
    center.faults.latency = 0
    center.requests.clear()
    assert keystead("sso", "populate", "--force").code == 0
    assert len(asked(center)) < len(center.accounts)


@runs_commands
def test_a_name_of_a_role_works_wherever_a_profile_does(
    center: IdentityCenter, keystead: Keystead, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "corp/Team%203/Reader"
    done = keystead("process", name)
    assert (done.code, json.loads(done.stdout)["SecretAccessKey"]) == (0, SECRET_KEY), done.stderr
    assert SECRET_KEY in keystead("env", name, "--shell", "json").stdout
    program = "import os; print(os.environ['AWS_SECRET_ACCESS_KEY'])"
    done = keystead("exec", name, "--", sys.executable, "-c", program)
    assert done.stdout.strip() == SECRET_KEY
    plan = json.loads(keystead("plan", name, "--json").stdout)
    assert (plan["profile"], plan["base"]["kind"]) == (name, "sso")
    assert keystead("explain", name).code == 0
    monkeypatch.setenv("AWS_PROFILE", name)
    assert library.plan().profile == name
    assert app().select(name).session_source() is not None
    assert len(center.calls("GetRoleCredentials")) == 1, "the session is cached"


@runs_commands
def test_exec_all_runs_for_each_role_that_a_pattern_matches(
    center: IdentityCenter, keystead: Keystead
) -> None:
    def run(*patterns: str) -> list[str]:
        given = (word for pattern in patterns for word in ("--all", pattern))
        done = keystead("exec", *given, "--", "true")
        assert done.code == 0, done.stderr
        return re.findall("^==> (.*) <==$", done.stdout, re.MULTILINE)

    admins = [f"corp/{number:012}/Admin" for number in range(1, 13)]
    assert run("corp/*/Admin") == admins
    assert len(center.calls("ListAccountRoles")) == 12, "it lists what was not listed yet"
    assert run("CORP/Team%201?/admin", "c*/0*3/A*") == [admins[2], *admins[9:]]
    assert run("corp/Team 3/Admin", "corp/000000000003/Admin") == [admins[2]]
    assert len(center.calls("ListAccountRoles")) == 12
    center.add_account("000000000013", "New", roles=["Admin"])
    assert run("corp/New/*") == ["corp/000000000013/Admin"], "it is not in the listing yet"


@runs_commands
def test_exec_all_lists_roles_of_which_only_the_accounts_are_cached(
    center: IdentityCenter, keystead: Keystead
) -> None:
    assert keystead("plan", "corp/Team%203/Admin").code == 0
    done = keystead("exec", "--all", "corp/Team%203/*", "--", "true")
    assert re.findall("/([A-Z].*) <==", done.stdout) == ["Admin", "Reader"]


@runs_commands
def test_exec_all_reports_a_pattern_of_roles_that_matches_nothing(
    center: IdentityCenter, keystead: Keystead
) -> None:
    for pattern, shows in (("corp/*/Nobody", "sso accounts"), ("corp/*", "list")):
        done = keystead("exec", "--all", pattern, "--", "true")
        assert (done.code, f"no profile matches `{pattern}`" in done.stderr) == (3, True)
        assert f"`keystead {shows}` shows" in done.stderr
    revoke(center)
    path = keystead.home / ".aws" / "config"
    path.write_text(f"{CONFIG}[profile corp/a/Any]\n{KEYS}")
    keystead.plain.add(path)
    assert keystead("exec", "--all", "corp/a/Any", "--", "true").code == 0
    done = keystead("exec", "--all", "corp/New/*", "--", "true")
    assert (done.code, "keystead login" in done.stderr) == (6, True), done.stderr


@pytest.mark.parametrize("account", ["000000000003", "Team%203", "Team 3", "%54eam 3"])
def test_an_account_is_named_by_its_id_or_name(center: IdentityCenter, account: str) -> None:
    found = library.credentials(f"corp/{account}/Reader")
    assert found.secret_access_key == SECRET_KEY
    call = center.calls("GetRoleCredentials")[-1]
    assert call.parameters == {"account_id": "000000000003", "role_name": "Reader"}


def test_a_name_of_a_role_loads_what_a_profile_does(keystead: Keystead) -> None:
    path = keystead.home / ".aws" / "config"
    path.parent.mkdir()
    settings = f"sso_session = {SESSION}\nsso_account_id = {'3' * 12}\nsso_role_name = Admin\n"
    path.write_text(f"{CONFIG}[profile p]\n{settings}")

    def loaded(name: str) -> set[str]:
        program = (
            "import sys; from keystead.cli.main import main; "
            f"main(['plan', '{name}']); print(*sys.modules, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        return set(done.stderr.split())

    assert loaded(f"{SESSION}/{'3' * 12}/Admin") == loaded("p")


@runs_commands
def test_a_profile_of_that_very_name_takes_precedence(
    center: IdentityCenter, keystead: Keystead
) -> None:
    name = "corp/000000000003/Reader"
    path = keystead.home / ".aws" / "config"
    path.write_text(f"{CONFIG}[profile {name}]\ncredential_process = echo\n")
    found = json.loads(keystead("plan", name, "--json").stdout)
    assert found["base"]["kind"] == "process"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("corp/Teem 3/Reader", "reaches no account `Teem 3`", "corp/Team%203/Reader"),
        ("corp/999999999999/Reader", "reaches no account `999999999999`", "`"),
        ("corp/Team 3/Raeder", "has no role `Raeder`", "`corp/Team%203/Reader`"),
        ("corp/000000000003/Raeder", "has no role `Raeder`", "`corp/000000000003/Reader`"),
        ("corp/Twin/Reader", "2 accounts have the name `Twin`", "`000000000091`"),
        ("carp/Team 3/Reader", "there is no profile `carp/Team 3/Reader`", ""),
    ],
)
def test_unknown_accounts_and_roles_are_not_found_with_suggestions(
    center: IdentityCenter, name: str, message: str, hint: str
) -> None:
    for number in ("000000000091", "000000000092"):
        center.add_account(number, "Twin", roles=["Reader"])
    with pytest.raises(ProfileNotFound, match=re.escape(message)) as raised:
        library.credentials(name)
    assert raised.value.exit_code == 3
    assert hint in (raised.value.hint or "")


def test_names_of_accounts_are_taken_from_the_cache_for_a_day(
    center: IdentityCenter, keystead: Keystead
) -> None:
    for _ in range(2):
        library.plan("corp/Team 3/Reader")
    assert len(center.calls("ListAccounts")) == 1
    assert not center.calls("ListAccountRoles")
    center.add_account("000000000077", "New", roles=["Reader"])
    library.plan("corp/New/Reader")
    cache = next((keystead.root / "keystead" / "accounts").glob("*.json"))
    old = {**json.loads(cache.read_text()), "listed_at": "2026-01-01T00:00:00+00:00"}
    cache.write_text(json.dumps(old))
    center.requests.clear()
    library.plan("corp/New/Reader")
    assert len(center.calls("ListAccounts")) == 1
    revoke(center)
    cache.write_text(json.dumps(old))
    assert library.plan("corp/New/Reader").profile, "an old name is better than none"


@runs_commands
def test_changing_commands_want_a_profile_and_not_a_name_of_a_role(
    center: IdentityCenter, keystead: Keystead
) -> None:
    name = "corp/000000000003/Reader"
    for words in (["remove", name, "--force"], ["rename", name, "x"], ["copy", name, "x"]):
        done = keystead(*words)
        assert (done.code, "there is no profile" in done.stderr) == (3, True), words
    assert keystead("set", name, "region=eu-west-1", "--store", "shared").code == 0
    assert names(keystead) == [name]


@pytest.mark.posix("the agent needs a socket")
def test_the_agent_answers_for_a_name_of_a_role(
    center: IdentityCenter, keystead: Keystead, agent: Agent
) -> None:
    first = keystead("process", "corp/000000000003/Reader")
    assert first.code == 0, first.stderr
    assert "corp/000000000003/Reader" in keystead("agent", "status").stdout
    center.requests.clear()
    assert keystead("process", "corp/000000000003/Reader").stdout == first.stdout
    assert not center.requests


def test_names_of_roles_are_completed_from_the_cached_listing(
    center: IdentityCenter, keystead: Keystead
) -> None:
    center.add_account("000000000091", "a/b", roles=["Admin"])
    listed()

    def completed(prefix: str) -> list[str]:
        return [line.partition("\t")[0] for line in answer(["env", prefix])]

    assert completed("corp/000000000003/") == [
        "corp/000000000003/Admin",
        "corp/000000000003/Reader",
    ]
    assert completed("corp/a%2F") == ["corp/a%2Fb/Admin"]
    assert completed("corp/Team%203/R") == ["corp/Team%203/Reader"]
    assert completed("other/") == []
