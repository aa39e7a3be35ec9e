"""`keystead login` with IAM Identity Center: both flows, where the login is stored, who shares it."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pexpect
import pytest
import segno

from devtools.command import KEYSTEAD
from keystead.app import App
from keystead.app.sign_in import SigningIn
from keystead.errors import InteractionRequired, KeysteadError, ProviderError
from keystead.login.options import Options, Screen, SignedIn
from keystead.system import System
from keystead.testing import IdentityCenter
from tests.agents import Agent
from tests.canaries import leaks
from tests.conftest import Keystead
from tests.endpoints import serving
from tests.signing_in import (
    BROWSER,
    PROFILE,
    ROLE,
    SESSION,
    Machine,
    browser,
    identity_center,
    legacy,
    section,
)

pytestmark = pytest.mark.posix("shells, signals and a pseudo-terminal")


@pytest.fixture
def center(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    with identity_center() as found:
        for name, value in {**found.variables, "BROWSER": BROWSER}.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def machine(keystead: Keystead, center: IdentityCenter) -> Machine:
    found = Machine(keystead)
    found.config(PROFILE + section(center))
    return found


class Person:
    """What a person sees, and what they do while keystead waits."""

    def __init__(self, center: IdentityCenter) -> None:
        self.center = center
        self.seen: list[str] = []
        self.waits: list[float] = []
        self.does: list[object] = []
        self.ahead = timedelta(0)
        center.clock = self.clock

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def screen(self) -> Screen:
        return Screen(self.seen.append, self.seen.append, self.seen.append)

    def code(self) -> str:
        return re.findall(r"\b[A-Z]{4}-[A-Z]{4}\b", "\n".join(self.seen))[-1]

    def sleep(self, seconds: float) -> None:
        if not self.seen:
            return  # keystead reads a file again that was written just now
        self.waits.append(seconds)
        self.ahead += timedelta(seconds=seconds)
        if self.does:
            act = self.does.pop(0)
            if callable(act):
                act()


def signed_in(person: Person, name: str | None = None, **options: object) -> SignedIn:
    app = App(System(sleep=person.sleep, clock=person.clock, environ=dict(os.environ)))
    signing_in = SigningIn(app)
    return signing_in.sign_in(signing_in.target(name), person.screen(), Options(**options))


def logins_of(machine: Machine) -> list[Path]:
    """The sealed files that are logins and not registrations."""
    return [path for path in machine.logins.glob("*.json") if '"login": "sso' in path.read_text()]


def failure(person: Person, kind: type[KeysteadError], **options: object) -> KeysteadError:
    with pytest.raises(kind) as caught:
        signed_in(person, **options)
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r} {person.seen}")
    return caught.value


def test_a_browser_signs_in_and_credentials_follow(
    machine: Machine, center: IdentityCenter
) -> None:
    done = machine.run("login", "dev")
    assert (done.code, done.stdout) == (0, "")
    assert re.fullmatch(
        r"keystead: note: signing in to the sso-session `corp` at `https://[^`]+` in the browser\n"
        r"keystead: note: signed in: the SSO login to `corp` is valid until .*, and is renewed.*\n",
        done.stderr,
    )
    credentials = json.loads(machine.run("process", "dev").stdout)
    assert credentials["AccountId"] == "123456789012"
    (register,) = center.calls("RegisterClient")
    assert register.parameters["redirectUris"] == ["http://127.0.0.1/oauth/callback"]
    (authorize, _) = center.calls("Authorize")
    assert authorize.parameters["code_challenge_method"] == "S256"
    assert authorize.parameters["scopes"] == "sso:account:access"
    assert not machine.cache.exists()
    assert len(list(machine.logins.glob("*.json"))) == 2  # the login and the registration


def test_a_valid_login_is_not_made_again(machine: Machine, center: IdentityCenter) -> None:
    machine.run("login", "dev")
    before = len(center.requests)
    done = machine.run("login")
    assert done.code == 0
    assert "already signed in: the SSO login to `corp` is valid until" in done.stderr
    assert len(center.requests) == before
    assert "note: signed in:" in machine.run("login", "--sso-session", SESSION, "--force").stderr
    assert len(center.logins) == 2


def test_profiles_of_one_role_share_its_credentials(
    machine: Machine, center: IdentityCenter
) -> None:
    other = PROFILE.replace("profile dev", "profile other") + "region = us-east-1\n"
    machine.config(PROFILE + "region = eu-west-1\n" + other + section(center))
    machine.run("login", "dev")
    names = ("dev", "other", f"{SESSION}/123456789012/{ROLE}")
    found = {machine.run("process", name).stdout for name in names}
    assert len(found) == 1
    assert len(center.calls("GetRoleCredentials")) == 1


def test_without_a_login_commands_say_what_to_run(machine: Machine) -> None:
    done = machine.run("process", "dev")
    assert done.code == 6
    assert done.stderr == (
        "keystead: error: log-in required: the SSO login to `corp` was not made yet\n"
        "keystead: hint: run `keystead login dev`\n"
    )


def test_a_registration_serves_until_its_end_and_for_its_scopes(
    machine: Machine, center: IdentityCenter
) -> None:
    person = Person(center)

    def again(**settings: str) -> int:
        machine.config(PROFILE + section(center, **settings))
        for path in machine.logins.glob("*.json"):
            if "registration" not in path.read_text():
                path.unlink()
        signed_in(person, "dev")
        return len(center.calls("RegisterClient"))

    assert [again(), again()] == [1, 1]
    assert again(sso_registration_scopes="sso:account:access, codewhisperer:completions") == 2
    assert center.calls("Authorize")[-2].parameters["scopes"] == (
        "sso:account:access codewhisperer:completions"
    )
    center.lifetimes.registration = timedelta(minutes=10)  # as good as over
    assert [again(sso_region="eu-west-2"), again(sso_region="eu-west-2")] == [3, 4]


def test_the_aws_clis_cache_is_used_where_the_settings_say_so(
    machine: Machine, center: IdentityCenter
) -> None:
    machine.config(
        PROFILE + section(center, sso_cache="aws", sso_registration_scopes="sso:account:access")
    )
    token, registration = (
        machine.token_file(),
        machine.registration_file(center, "sso:account:access"),
    )
    assert machine.run("login", "dev").code == 0
    document = json.loads(token.read_text())
    assert list(document) == [
        "startUrl",
        "region",
        "accessToken",
        "expiresAt",
        "clientId",
        "clientSecret",
        "registrationExpiresAt",
        "refreshToken",
    ]
    registered = json.loads(registration.read_text())
    assert {name: registered[name] for name in ("scopes", "grantTypes")} == {
        "scopes": ["sso:account:access"],
        "grantTypes": ["authorization_code", "refresh_token"],
    }
    assert registered["clientId"] == document["clientId"]
    assert registered["expiresAt"] == document["registrationExpiresAt"]
    assert not list(machine.logins.glob("*.json"))
    assert machine.run("process", "dev").code == 0


def test_a_login_of_the_aws_cli_is_renewed_where_it_is(
    machine: Machine, center: IdentityCenter
) -> None:
    machine.registration_file(center)
    path = machine.put({**center.cached_login(), "expiresAt": "2020-01-01T00:00:00Z"})
    assert "already signed in" in machine.run("login", "dev").stderr
    assert json.loads(path.read_text())["expiresAt"] > "2026"
    machine.run("login", "dev", "--force")
    assert len(center.logins) == 2
    assert not list(machine.logins.glob("*.json"))


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("{", "is not JSON"),
        ("[]", "is JSON but not an object"),
        ({"accessToken": 1, "expiresAt": "2099-01-01T00:00:00Z"}, "has no token"),
        (
            {"startUrl": "https://x", "accessToken": "a", "expiresAt": "2099-01-01T00:00:00Z"},
            "is the login to another start URL",
        ),
    ],
)
def test_files_of_other_tools_are_left_alone_and_named(
    machine: Machine, document: object, why: str, center: IdentityCenter
) -> None:
    path = machine.put(document)
    before = path.read_bytes()
    assert (
        f"{path}: log-in required: the SSO login to `corp` cannot be read: the file {why}"
        in machine.run("process", "dev").stderr
    )
    done = machine.run("login", "dev")
    assert f"keystead: note: {path} {why}; it is left alone" in done.stderr
    assert path.read_bytes() == before
    assert machine.run("process", "dev").code == 0  # by the sealed login
    machine.config(PROFILE + section(center, sso_cache="aws"))
    done = machine.run("login", "dev")
    assert (done.code, path.read_bytes()) == (1, before)
    assert f"error: {path} {why}" in done.stderr
    assert len(center.logins) == 1


def test_a_device_code_signs_in_with_a_warning(machine: Machine, center: IdentityCenter) -> None:
    person = Person(center)
    person.does = [None, lambda: center.approve(person.code())]
    done = signed_in(person, device=True)
    assert done.is_new and done.is_renewed
    shown = "\n".join(person.seen)
    assert "signing in to the sso-session `corp` at `https://" in shown
    assert "(scopes: sso:account:access)" in shown
    assert f"{center.url}/device?user_code={person.code()}" in person.seen
    assert (
        "with a code or an address that somebody sent you, you would sign them in as you" in shown
    )
    assert person.waits == [1, 1]
    assert not leaks(shown)


def test_legacy_settings_sign_in_by_a_device_code(machine: Machine, center: IdentityCenter) -> None:
    machine.config(legacy(center))
    done = machine.run("login", "old")  # the browser opens the page of the code
    assert done.code == 0
    assert re.fullmatch(r"http://[\d.:]+/device\?user_code=\S{9}\n", done.stdout)
    assert "the SSO login to `https://keystead.awsapps.com/start` is valid until" in done.stderr
    assert machine.run("process", "old").code == 0


def test_slow_down_makes_the_pauses_longer(machine: Machine, center: IdentityCenter) -> None:
    person = Person(center)
    center.faults.next("CreateToken", "SlowDownException", "SlowDownException")
    person.does = [None, None, None, lambda: center.approve(person.code())]
    signed_in(person, device=True)
    assert person.waits == [1, 6, 11, 11]


def test_a_denied_device_code_is_refused(machine: Machine, center: IdentityCenter) -> None:
    person = Person(center)
    person.does = [lambda: center.deny(person.code())]
    error = failure(person, ProviderError, device=True)
    assert (error.id, str(error)) == (
        "login-denied",
        "signing in was refused: the request was denied",
    )


def test_an_expired_device_code_needs_a_new_one(machine: Machine, center: IdentityCenter) -> None:
    person = Person(center)
    center.lifetimes.device_code = timedelta(seconds=2)
    error = failure(person, InteractionRequired, device=True)
    assert (error.id, error.exit_code) == ("login-not-finished", 6)


@pytest.mark.parametrize("setting", ["section", "variable"])
def test_the_flow_can_be_set_once(
    machine: Machine, center: IdentityCenter, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if setting == "section":
        machine.config(PROFILE + section(center, sso_flow="device"))
    else:
        monkeypatch.setenv("KEYSTEAD_SSO_FLOW", "device")
    person = Person(center)
    person.does = [lambda: center.approve(person.code())]
    signed_in(person)
    assert center.calls("StartDeviceAuthorization")
    monkeypatch.setenv("KEYSTEAD_SSO_FLOW", "telepathy")
    assert failure(person, KeysteadError, force=True).id == "login-flow-unknown"


def test_no_browser_prints_the_address(machine: Machine, center: IdentityCenter) -> None:
    with subprocess.Popen(
        [KEYSTEAD, "login", "dev", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        address = child.stdout.readline().strip()
        page = center.sign_in(address, "grace")
        assert child.wait(30) == 0
    assert "You are signed in to the sso-session corp" in page.text
    assert "You can close this page" in page.text
    assert not leaks(page.html)
    assert center.logins[0].person == "grace"


def test_two_logins_at_once_open_one_browser(
    machine: Machine, center: IdentityCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    monkeypatch.setenv(
        "BROWSER", browser(tmp_path, f'echo "$1" >>{opened}.new', f"mv {opened}.new {opened}")
    )
    started = [
        subprocess.Popen([KEYSTEAD, "login", "dev"], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    while not opened.exists():
        time.sleep(0.01)
    first, second = started
    assert first.stderr is not None and second.stderr is not None
    lines = [first.stderr.readline(), second.stderr.readline()]
    assert sorted("waiting for another process" in line for line in lines) == [False, True]
    center.sign_in(opened.read_text().strip())
    rest = [child.communicate(timeout=30)[1] for child in started]
    assert [child.returncode for child in started] == [0, 0]
    assert all("signed in: the SSO login to `corp` is valid until" in text for text in rest)
    assert len(center.logins) == 1


@pytest.mark.parametrize(
    ("redirect", "kind", "wanted"),
    [
        ({"iss": "https://evil.example"}, ProviderError, "login-issuer-wrong"),
        ({"code": ""}, ProviderError, "service-answer-unusable"),
        ({"error": "access_denied"}, ProviderError, "login-denied"),
        ({"state": "wrong"}, InteractionRequired, "login-not-finished"),
    ],
)
def test_answers_that_are_not_right_sign_nobody_in(
    machine: Machine,
    center: IdentityCenter,
    redirect: dict[str, str],
    kind: type[KeysteadError],
    wanted: str,
) -> None:
    center.faults.redirect = redirect
    person = Person(center)
    error = failure(person, kind, patience=2.0)
    assert error.id == wanted
    assert ("without the state of this sign-in" in "\n".join(person.seen)) == ("state" in redirect)
    assert not center.calls("CreateToken")


def test_the_issuer_may_be_named(machine: Machine, center: IdentityCenter) -> None:
    center.sends_issuer = True
    assert signed_in(Person(center)).is_new


def test_nobody_is_asked_to_sign_in_where_the_login_cannot_be_saved(
    machine: Machine, center: IdentityCenter
) -> None:
    limited = ["sh", "-c", f"ulimit -f 8; exec {KEYSTEAD} login dev"]  # files of 4 KiB
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be written: file too large" in done.stderr
    assert "signing in" not in done.stderr
    assert not center.requests


def test_the_command_for_a_revoked_login_signs_in_again(
    machine: Machine, center: IdentityCenter
) -> None:
    assert machine.run("login", "dev").code == 0
    center.logins[0].ended = "expired"
    refused = machine.run("process", "dev")
    assert refused.code == 6
    command = re.findall("run `keystead (.*)`", refused.stderr)[0]
    assert machine.run(*command.split()).code == 0
    assert machine.run("process", "dev").code == 0


def test_a_refused_registration_names_the_settings_that_it_consists_of(
    machine: Machine, center: IdentityCenter
) -> None:
    center.faults.next("RegisterClient", "InvalidScopeException")
    done = machine.run("login", "dev")
    assert done.code == 7
    assert "hint: check `sso_start_url`, `sso_region` and `sso_registration_scopes`" in done.stderr


def test_a_denial_in_the_browser_is_reported(
    machine: Machine, center: IdentityCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", BROWSER + " --deny")
    done = machine.run("login", "dev")
    assert done.code == 7
    assert "error: signing in was refused: access_denied" in done.stderr


def test_ctrl_c_ends_it_and_leaves_nothing(
    machine: Machine, center: IdentityCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "true %s")
    with subprocess.Popen([KEYSTEAD, "login", "dev"], stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        assert "in the browser" in child.stderr.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
        assert child.stderr.read() == "keystead: error: interrupted\n"
    monkeypatch.setenv("BROWSER", BROWSER)
    assert machine.run("login", "dev").code == 0  # no lock is left


@pytest.mark.parametrize("code", [429, 500])
def test_a_service_that_fails_for_a_while_is_asked_again(
    machine: Machine, center: IdentityCenter, code: int
) -> None:
    center.faults.next("RegisterClient", code)
    assert machine.run("login", "dev").code == 0


def test_secrets_are_in_no_argument(
    machine: Machine, center: IdentityCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    signs_in = BROWSER.replace("%s", '"$1"')
    monkeypatch.setenv("BROWSER", browser(tmp_path, f'echo "$*" >{opened}', f"exec {signs_in}"))
    assert machine.run("login", "dev").code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}\n", opened.read_text())
    assert center.calls("Authorize")[0].parameters["state"] not in opened.read_text()


def test_a_browser_that_does_not_open_is_replaced_by_its_address(
    machine: Machine, center: IdentityCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "false %s")
    with subprocess.Popen(
        [KEYSTEAD, "login", "dev"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        center.sign_in(child.stdout.readline().strip())
        assert child.wait(30) == 0


@pytest.mark.parametrize("damage", ["key", "file"])
def test_a_login_that_cannot_be_opened_is_made_again(
    machine: Machine, center: IdentityCenter, damage: str
) -> None:
    def spoil() -> None:
        if damage == "key":
            (machine.logins.parent / "logins.key").unlink()
        for path in logins_of(machine) if damage == "file" else ():
            path.write_text("{}")

    machine.run("login", "dev")
    spoil()
    done = machine.run("process", "dev")
    assert (done.code, "cannot be read: the login" in done.stderr) == (6, True)
    assert "note: signed in" in machine.run("login", "dev").stderr
    assert machine.run("process", "dev").code == 0
    spoil()
    done = machine.run("logout", "dev")
    assert done.code == (7 if damage == "key" else 0)
    assert not list(machine.logins.glob("*.json"))


def test_a_login_stays_when_an_encrypted_store_is_made(
    machine: Machine, center: IdentityCenter
) -> None:
    machine.run("login", "dev")
    key = machine.run.root / "key"
    assert machine.run("store", "init", "--protector", "keyfile", "--key-file", key).code == 0
    assert machine.run("process", "dev").code == 0
    machine.run("login", "dev", "--force")
    assert json.loads(logins_of(machine)[0].read_text())["key"].startswith("store ")
    assert machine.run("process", "dev").code == 0
    assert machine.run("store", "rekey").code == 0
    assert machine.run("cache", "clear").code == 0
    assert machine.run("process", "dev").code == 6
    assert machine.run("login", "dev").code == 0
    assert machine.run("process", "dev").code == 0


@pytest.mark.parametrize("place", ["profile", "section"])
def test_login_auto_asks_on_a_terminal_and_signs_in(
    machine: Machine, center: IdentityCenter, place: str
) -> None:
    own = {"login": "auto"} if place == "section" else {}
    of_profile = "login = auto\n" if place == "profile" else ""
    machine.config(PROFILE + of_profile + section(center, **own))
    assert machine.run("process", "dev").code == 6  # without a terminal
    child = pexpect.spawn(KEYSTEAD, ["process", "dev"], encoding="utf-8", timeout=30)
    child.expect_exact("the SSO login to `corp` was not made yet; sign in now? [y/N]: ")
    child.sendline("y")
    child.expect_exact("signing in to the sso-session `corp`")
    child.expect('"AccessKeyId": "ASIA')
    child.expect(pexpect.EOF)
    assert len(center.logins) == 1


def test_login_auto_takes_no_for_an_answer(machine: Machine, center: IdentityCenter) -> None:
    machine.config(PROFILE + "login = auto\n" + section(center))
    child = pexpect.spawn(KEYSTEAD, ["process", "dev"], encoding="utf-8", timeout=30)
    child.expect_exact("sign in now? [y/N]: ")
    child.sendline("")
    child.expect_exact("hint: run `keystead login dev`")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 6
    assert not center.requests


def test_logout_revokes_and_removes_everything_of_the_login(
    machine: Machine, center: IdentityCenter
) -> None:
    machine.run("login", "dev")
    machine.run("process", "dev")
    assert machine.run("sso", "accounts").code == 0
    done = machine.run("logout", "dev")
    assert done.code == 0
    assert not list((machine.logins.parent / "accounts").glob("*"))
    assert re.fullmatch(
        r"keystead: note: signed out: the SSO login to `corp` was removed, with 1 cached session\n"
        r"keystead: note: credentials that were handed out work until \S+ \S+\n",
        done.stderr,
    )
    assert [login.is_alive for login in center.logins] == [False]
    assert not list(machine.logins.glob("*.json"))
    assert machine.run("cache", "list").stdout == ""
    assert machine.run("process", "dev").code == 6
    assert machine.run("logout", "dev").stderr.startswith("keystead: note: there was no login")


def test_logout_of_a_login_that_has_to_be_renewed_revokes_it(
    machine: Machine, center: IdentityCenter
) -> None:
    path = machine.put({**center.cached_login(), "expiresAt": "2020-01-01T00:00:00Z"})
    assert machine.run("logout").code == 0
    assert [login.is_alive for login in center.logins] == [False]
    assert not path.exists()


def test_logout_works_offline_and_says_so(
    machine: Machine, center: IdentityCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = machine.put(center.cached_login())
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    done = machine.run("logout", "dev")
    assert done.code == 7
    assert (
        "error: the SSO login to `corp` was removed here and not revoked: sso could not be"
        in done.stderr
    )
    assert not path.exists()


def test_logout_leaves_files_of_others_alone(machine: Machine, center: IdentityCenter) -> None:
    path = machine.put("{")
    done = machine.run("logout", "dev")
    assert done.code == 0
    assert f"{path} is not JSON; it is left alone" in done.stderr
    assert path.read_text() == "{"


def test_logout_of_all_removes_stored_logins_that_no_profile_names(
    machine: Machine, center: IdentityCenter
) -> None:
    machine.config(PROFILE + section(center) + legacy(center))
    machine.run("login", "dev")
    machine.run("login", "old")
    machine.config(legacy(center))
    done = machine.run("logout", "--all")
    assert done.code == 0
    assert "signed out: the SSO login to `corp` was removed" in done.stderr
    assert [login.is_alive for login in center.logins] == [False, False]
    assert not list(machine.logins.glob("*.json"))


def test_logout_clears_the_answers_of_the_agent(
    machine: Machine, center: IdentityCenter, agent: Agent
) -> None:
    machine.run("agent", "start")
    machine.run("login", "dev")
    first = machine.run("process", "dev").stdout
    assert machine.run("process", "dev").stdout == first
    machine.run("logout", "dev")
    assert machine.run("process", "dev").code == 6


def test_an_endpoint_gives_no_credentials_after_logout(
    machine: Machine, center: IdentityCenter
) -> None:
    machine.run("login", "dev")
    with serving("dev", "--container") as running:
        assert running.keys("dev").status == 200
        machine.run("logout", "dev")
        refused = running.keys("dev")
        assert refused.status >= 400
        assert "keystead login dev" in refused.text
        machine.run("login", "dev")
        assert running.keys("dev").status == 200


def test_the_address_of_a_code_can_be_shown_as_a_qr_code(
    machine: Machine, center: IdentityCenter
) -> None:
    person = Person(center)
    person.does = [lambda: center.approve(person.code())]
    signed_in(person, device=True, qr=True)
    address = next(text for text in person.seen if text.startswith(f"{center.url}/device?"))
    picture = person.seen[-1].split("\n")
    wanted = [
        list(map(bool, row)) for row in segno.make(address, micro=False).matrix_iter(border=2)
    ]
    upper = [[half in "▄ " for half in line] for line in picture]
    lower = [[half in "▀ " for half in line] for line in picture]
    shown = [row for pair in zip(upper, lower, strict=True) for row in pair]
    assert shown[: len(wanted)] == wanted  # dark where the terminal shows its background
