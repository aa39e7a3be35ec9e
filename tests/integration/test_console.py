"""`keystead console`: the URL that signs in, and the browser that gets it."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from devtools.emulators import Emulator
from keystead.browser.launch import Browser, open_page
from keystead.errors import UsageError
from keystead.system import System
from keystead.testing import Federation
from keystead.testing import browser as person
from keystead.testing.federation import ConsoleSession
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead
from tests.signing_in import PROFILE, identity_center, section

ROLE = "arn:aws:iam::123456789012:role/dev"
FILE = f"""
[keys]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
region = eu-west-1
[role]
role_arn = {ROLE}
source_profile = keys
region = eu-west-1
[chain]
role_arn = {ROLE}
source_profile = role
[china]
role_arn = arn:aws-cn:iam::123456789012:role/dev
source_profile = keys
region = cn-north-1
[session]
aws_access_key_id = ASIAIOSFODNN7EXAMPLE
aws_secret_access_key = {SECRET_KEY}
aws_session_token = {SESSION_TOKEN}
region = eu-west-1
"""
BROWSER = shlex.join([sys.executable, "-m", "keystead.testing.browser"])


@pytest.fixture
def console(
    moto: Emulator, write_credentials: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Federation]:
    write_credentials(FILE)
    with Federation() as found:
        for name, value in found.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWSER", BROWSER)
        monkeypatch.delenv("AWS_REGION")  # which takes precedence over a profile's
        found.kinds[ACCESS_KEY_ID] = "federated"  # what moto calls each federated user
        yield found


def opened(console: Federation) -> ConsoleSession:
    """The session that the browser opens, which goes on when the command has ended."""
    until = time.monotonic() + 30
    while not console.sessions:
        assert time.monotonic() < until
        time.sleep(0.01)
    (session,) = console.sessions
    return session


def audited(keystead: Keystead) -> list[dict[str, object]]:
    return list(json.loads(keystead("audit", "--json").stdout))


def test_browser_is_signed_in_and_nothing_shows_the_url(
    keystead: Keystead, console: Federation
) -> None:
    done = keystead("console", "role", "--service", "s3", "--duration", "8h")
    assert (done.code, done.stdout) == (0, "")
    session = opened(console)
    assert session.destination == "https://console.aws.amazon.com/s3/home?region=eu-west-1"
    assert session.seconds == 28_800
    assert session.access_key_id.startswith("ASIA")
    assert "SigninToken" not in done.stderr
    (entry,) = audited(keystead)
    assert (entry["profile"], entry["way"]) == ("role", "console")
    assert entry["access_key_id"] == session.access_key_id


def test_arguments_of_the_browser_hold_no_secret(
    keystead: Keystead, console: Federation, tmp_path: Path
) -> None:
    seen = tmp_path / "arguments"
    script = tmp_path / "browser"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}\nenv >> {seen}\nexec {BROWSER} "$@"\n'
    )
    script.chmod(0o700)
    done = keystead(
        "console",
        "role",
        env={"BROWSER": str(script), "KEYSTEAD_MFA_CODE": "271828", "AWS_PROFILE": "role"},
    )
    assert done.code == 0
    assert opened(console)
    address, *environment = seen.read_text().splitlines()
    assert urlsplit(address).hostname == "127.0.0.1"
    assert not [line for line in environment if line.startswith(("AWS_", "KEYSTEAD_"))]


def test_printed_url_signs_in_and_debug_output_does_not_have_it(
    keystead: Keystead, console: Federation
) -> None:
    done = keystead("console", "role", "--print", env={"KEYSTEAD_DEBUG": "1"})
    assert done.code == 0
    url = done.stdout.strip()
    assert url.startswith(f"{console.url}/federation?Action=login&")
    assert url.rpartition("SigninToken=")[2] not in done.stderr
    assert "AWS Management Console" in person.open_page(url).text
    assert console.sessions[0].seconds is None


def test_keys_of_a_user_become_a_federated_user_with_the_same_permissions(
    keystead: Keystead, console: Federation, moto: Emulator
) -> None:
    done = keystead("console", "keys", "--duration", "36h", "--print")
    assert done.code == 0, done.stderr
    assert person.open_page(done.stdout.strip()).status == 200
    (session,) = console.sessions
    assert session.seconds is None  # the duration is that of the credentials
    (call,) = [row for row in moto.recorder.calls if row.operation == "GetFederationToken"]
    assert call.parameters["DurationSeconds"] == "129600"
    assert json.loads(call.parameters["Policy"])["Statement"][0]["Action"] == "*"


def test_keys_of_a_user_can_be_narrowed(
    keystead: Keystead, console: Federation, moto: Emulator
) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    done = keystead("console", "keys", "--session-policy-arn", arn, "--print")
    assert done.code == 0, done.stderr
    (call,) = [row for row in moto.recorder.calls if row.operation == "GetFederationToken"]
    assert arn in call.parameters.values()
    assert "Policy" not in call.parameters
    refused = keystead("console", "keys", "--role-session-name", "x1", "--print")
    assert refused.code == 2
    assert "assumes no role" in refused.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("role", "--duration", "13h"), "the console session of a role lasts at most 12 hours"),
        (("chain", "--duration", "2h"), "another role's session is limited to one hour"),
        (("keys", "--duration", "37h"), "(GetFederationToken) lasts at most 36 hours"),
        (("role", "--duration", "5m"), "a console session lasts at least 15 minutes"),
    ],
)
def test_duration_that_cannot_be_had_is_refused_with_the_reason(
    keystead: Keystead, console: Federation, words: tuple[str, ...], reason: str
) -> None:
    done = keystead("console", *words)
    assert done.code == 2
    assert reason in done.stderr
    assert console.requests == []


def test_session_of_a_user_is_refused(
    keystead: Keystead, console: Federation, moto: Emulator
) -> None:
    done = keystead("console", "session")
    assert done.code == 2
    assert "which cannot sign in to the console" in done.stderr
    assert console.requests == []


def test_role_of_identity_center_signs_in(
    keystead: Keystead, console: Federation, home: Path
) -> None:
    with identity_center() as center:
        (home / ".aws" / "config").write_text(f"{section(center)}{PROFILE}")
        env = {**center.variables, "BROWSER": BROWSER}
        assert keystead("login", "dev", env=env).code == 0
        done = keystead("console", "dev", "--duration", "12h", env=env)
    assert done.code == 0, done.stderr
    assert opened(console).seconds == 43_200


def test_partition_of_the_role_has_its_own_console(keystead: Keystead, console: Federation) -> None:
    done = keystead("console", "china", "--print")
    assert done.code == 0, done.stderr
    (target,) = parse_qs(urlsplit(done.stdout).query)["Destination"]
    assert target == "https://console.amazonaws.cn/console/home?region=cn-north-1"


@pytest.mark.parametrize("status", [400, 403, 500])
def test_refusal_of_the_service_shows_no_credentials(
    keystead: Keystead, console: Federation, status: int
) -> None:
    console.faults.next("federation", status)
    done = keystead("console", "role", env={"KEYSTEAD_DEBUG": "1"})
    assert done.code == 7
    assert f"signin refused getSigninToken: HTTP {status}" in done.stderr
    assert "sessionToken" not in done.stderr


def test_service_that_is_not_there_is_reported_without_credentials(
    keystead: Keystead, console: Federation
) -> None:
    done = keystead("console", "role", env={"AWS_ENDPOINT_URL_SIGNIN": "http://127.0.0.1:1"})
    assert done.code == 7
    assert "signin could not be called for getSigninToken" in done.stderr
    proxied = keystead("console", "role", env={"AWS_ENDPOINT_URL_SIGNIN": "http://signin.example"})
    assert proxied.code == 7
    assert "signin could not be called for getSigninToken: no connection" in proxied.stderr
    assert "Session=" not in done.stderr + proxied.stderr


def test_without_a_browser_it_is_said_before_anything_is_called(
    keystead: Keystead, console: Federation, moto: Emulator
) -> None:
    done = keystead("console", "role", env={"BROWSER": ""})
    assert done.code == 6
    assert "no browser can be opened here" in done.stderr
    assert moto.recorder.calls == []


def test_browser_that_is_not_there_is_reported(
    keystead: Keystead, console: Federation, tmp_path: Path
) -> None:
    done = keystead("console", "role", "--browser", "vivaldi", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert "the browser `vivaldi` is not installed" in done.stderr


def test_named_browser_is_opened_with_profile_or_container(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    for name in ("firefox", "chromium"):
        (tmp_path / name).write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@" > {seen}\n')
        (tmp_path / name).chmod(0o700)
    state = tmp_path / "config" / "chromium" / "Local State"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"profile": {"info_cache": {"Profile 2": {"name": "work"}}}}))
    environ = {
        **os.environ,
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    system = System(environ)

    def words(browser: Browser) -> list[str]:
        opening = open_page(system, "http://127.0.0.1:1/a?b&c", browser)
        opening._thread.join()
        assert not opening.has_failed()
        return seen.read_text().splitlines()

    url = "http://127.0.0.1:1/a?b&c"
    assert words(Browser("firefox")) == ["firefox", url]
    assert words(Browser("firefox", "work")) == ["firefox", "-P", "work", url]
    assert words(Browser("chromium", "work")) == ["chromium", "--profile-directory=Profile 2", url]
    assert words(Browser("chromium", "other")) == ["chromium", "--profile-directory=other", url]
    inner = "http%3A%2F%2F127.0.0.1%3A1%2Fa%3Fb%26c"
    assert words(Browser(container="a b/&c")) == [
        "firefox",
        f"ext+container:name=a%20b%2F%26c&url={inner}",
    ]


@pytest.mark.parametrize(
    "given",
    [{"name": "chrome", "container": "a"}, {"profile": "a"}, {"name": "safari", "profile": "a"}],
)
def test_profile_or_container_that_a_browser_has_not_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Browser(**given)


@pytest.mark.parametrize("end", ["", " &"])  # with "&" Python's webbrowser leaves it running
def test_next_program_of_the_variable_is_tried(tmp_path: Path, end: str) -> None:
    seen = tmp_path / "seen"
    code = f"import sys; open('{seen}', 'w').write(' '.join(sys.argv))"
    last = f'{sys.executable} -c "{code}" --url=%s{end}'
    system = System({"BROWSER": os.pathsep.join(["/nowhere/browser", "false", last])})
    opening = open_page(system, "http://127.0.0.1:1/")
    opening._thread.join()
    assert not opening.has_failed()
    assert seen.read_text() == "-c --url=http://127.0.0.1:1/"
    missing = ({"BROWSER": "/nowhere/browser"}, {"BROWSER": "a 'quote %s"}, {"PATH": str(tmp_path)})
    for environ in missing:
        opening = open_page(System(environ), "http://127.0.0.1:1/")
        opening._thread.join()
        assert opening.has_failed()


def test_console_page_takes_a_minute_at_most(
    keystead: Keystead, console: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keystead.cli import console as module
    from keystead.cli.main import main

    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("BROWSER", "true")
    assert main(["console", "role"]) == 1
    assert console.sessions == []
