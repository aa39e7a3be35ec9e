"""Signing in, and opening the console, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from keystead.testing import Federation, IdentityCenter, SignIn
from keystead.testing.local_service import LocalService
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.chromium import Chromium, chromium, eventually
from tests.conftest import Keystead
from tests.signing_in import PROFILE, Machine, identity_center, section

pytestmark = [pytest.mark.posix("a pseudo-terminal"), pytest.mark.needs("chromium")]

ROLE = f"""
[keys]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
region = eu-west-1
[role]
role_arn = arn:aws:iam::123456789012:role/dev
source_profile = keys
region = eu-west-1
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


class Command:
    """A `keystead` on a terminal. The browser that it starts writes down what it was given."""

    def __init__(self, folder: Path, service: LocalService, *arguments: str) -> None:
        self._opened = folder / "opened"
        program = folder / "browser"
        program.write_text(f'#!/bin/sh\nprintf %s "$1" >"$0.new"\nmv "$0.new" "{self._opened}"\n')
        program.chmod(0o700)
        self._child = pexpect.spawn(
            KEYSTEAD,
            list(arguments),
            env={**os.environ, **service.variables, "BROWSER": str(program)},
            encoding="utf-8",
            timeout=30,
            dimensions=(40, 1000),
        )

    @property
    def url(self) -> str:
        """What the browser was given."""
        return eventually(lambda: self._opened.read_text() if self._opened.exists() else "")

    def shows(self, pattern: str) -> str:
        """The group of ``pattern``, once the command has written what matches."""
        self._child.expect(pattern)
        return str(self._child.match[1])

    def types(self, text: str) -> None:
        self._child.sendline(text)

    def ends(self) -> str:
        """What it writes until its end, which has to be a good one."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        assert self._child.exitstatus == 0, self._child.before
        return str(self._child.before)


@pytest.fixture
def center(keystead: Keystead) -> Iterator[IdentityCenter]:
    with identity_center() as center:
        Machine(keystead).config(PROFILE + section(center))
        yield center


@pytest.fixture
def service(keystead: Keystead) -> Iterator[SignIn]:
    with SignIn() as service:
        session = service.login_session("grace")
        Machine(keystead).config(f"[profile dev]\nlogin_session = {session}\nregion = eu-west-1\n")
        yield service


def decide(window: Chromium, person: str) -> None:
    window.shows("Allow access")
    window.fill_in("User", person)
    window.press("Approve")


def require_login(
    keystead: Keystead, service: IdentityCenter | SignIn, person: str = "grace"
) -> None:
    assert [login.person for login in service.logins] == [person]
    assert keystead("process", "dev", env=service.variables).code == 0


def test_person_signs_in_on_the_page(
    window: Chromium, center: IdentityCenter, keystead: Keystead, tmp_path: Path
) -> None:
    command = Command(tmp_path, center, "login", "dev")
    window.open(command.url)
    assert window.url.startswith(f"{center.url}/authorize?")
    decide(window, "grace")
    assert "You are signed in to the sso-session corp" in window.shows("close this page")
    assert "signed in: the SSO login to `corp`" in command.ends()
    require_login(keystead, center)


def test_person_approves_a_code(
    window: Chromium, center: IdentityCenter, keystead: Keystead, tmp_path: Path
) -> None:
    command = Command(tmp_path, center, "login", "dev", "--device")
    code = command.shows(r"shows the code ([A-Z]{4}-[A-Z]{4})")
    window.open(command.shows(r"or open (\S+)"))
    window.fill_in("Code", code)
    window.press("Continue")
    decide(window, "grace")
    window.shows("Request approved")
    assert "signed in: the SSO login to `corp`" in command.ends()
    require_login(keystead, center)


def test_person_signs_in_to_the_console(
    window: Chromium, service: SignIn, keystead: Keystead, tmp_path: Path
) -> None:
    command = Command(tmp_path, service, "login", "dev")
    window.open(command.url)
    assert window.url.startswith(f"{service.url}/v1/authorize?")
    decide(window, "grace")
    assert "You are signed in to the AWS console" in window.shows("close this page")
    assert "signed in" in command.ends()
    require_login(keystead, service)


def test_person_pastes_the_code_that_the_console_shows(
    window: Chromium, service: SignIn, keystead: Keystead, tmp_path: Path
) -> None:
    command = Command(tmp_path, service, "login", "dev", "--device")
    window.open(command.shows(r"(http://\S+/v1/authorize\S+)"))
    decide(window, "grace")
    code = window.shows("Copy this code").split()[-1]
    command.shows("the (code) that the browser shows")
    command.types(code)
    assert code not in command.ends()
    require_login(keystead, service)


def test_console_opens(
    window: Chromium, moto: Emulator, write_credentials: Callable[[str], Path], tmp_path: Path
) -> None:
    write_credentials(ROLE)
    with Federation() as console:
        command = Command(tmp_path, console, "console", "role")
        window.open(command.url)
        window.shows("AWS Management Console")
        assert "SigninToken" not in command.ends()
        assert [session.access_key_id[:4] for session in console.sessions] == ["ASIA"]
