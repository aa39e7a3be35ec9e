"""Signing in, and opening the console, in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from keystead.testing import Federation, IdentityCenter
from keystead.testing.local_service import LocalService
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.chromium import Chromium, chromium, eventually
from tests.conftest import Keystead
from tests.signing_in import PROFILE, Machine, identity_center, section

pytestmark = pytest.mark.needs("chromium")

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
    """A running `keystead` whose browser is a person of the test."""

    def __init__(self, process: subprocess.Popen[str], opened: Path) -> None:
        self._process = process
        self._opened = opened

    @property
    def url(self) -> str:
        """What a browser was started with."""
        return eventually(lambda: self._opened.read_text() if self._opened.exists() else "")

    def shown(self, pattern: str) -> str:
        """What ``pattern`` matches in the next line for the person that it matches in."""
        assert self._process.stderr is not None
        found = (re.search(pattern, line) for line in self._process.stderr)
        return next(match[0] for match in found if match)

    def ends(self) -> str:
        """What it prints at its end, which has to be a good one."""
        printed, errors = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, errors
        return printed + errors


@contextmanager
def running(folder: Path, service: LocalService, *arguments: str) -> Iterator[Command]:
    opened, program = folder / "opened", folder / "browser"
    program.write_text(
        f'#!/bin/sh\nprintf %s "$1" >"{opened}.new" && mv "{opened}.new" "{opened}"\n'
    )
    program.chmod(0o700)
    with subprocess.Popen(
        [KEYSTEAD, *arguments],
        env={**os.environ, **service.variables, "BROWSER": str(program)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        limit = threading.Timer(60, process.kill)
        limit.start()
        try:
            yield Command(process, opened)
        finally:
            limit.cancel()
            process.kill()


@pytest.fixture
def center(keystead: Keystead) -> Iterator[IdentityCenter]:
    with identity_center() as center:
        Machine(keystead).config(PROFILE + section(center))
        yield center


def decide(window: Chromium, person: str, button: str = "Approve") -> None:
    window.shows("Allow access")
    window.fill_in("User", person)
    window.press(button)


def test_person_signs_in_on_the_page(
    window: Chromium, center: IdentityCenter, keystead: Keystead, tmp_path: Path
) -> None:
    with running(tmp_path, center, "login", "dev") as command:
        window.open(command.url)
        assert window.url.startswith(f"{center.url}/authorize?")
        decide(window, "grace")
        assert window.shows("close") == (
            f"You are signed in to the sso-session corp at {center.start_url} "
            "You can close this page."
        )
        assert "signed in: the SSO login to `corp`" in command.ends()
    assert [login.person for login in center.logins] == ["grace"]
    assert keystead("process", "dev", env=center.variables).code == 0


def test_person_approves_a_code(window: Chromium, center: IdentityCenter, tmp_path: Path) -> None:
    with running(tmp_path, center, "login", "dev", "--device") as command:
        code = command.shown(r"[A-Z]{4}-[A-Z]{4}")
        window.open(command.shown(r"(?<=or open )\S+"))
        window.fill_in("Code", code)
        window.press("Continue")
        decide(window, "grace")
        assert window.shows("close") == "Request approved You can close this window."
        assert "signed in: the SSO login to `corp`" in command.ends()
    assert [login.person for login in center.logins] == ["grace"]


def test_console_opens(
    window: Chromium,
    moto: Emulator,
    write_credentials: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    write_credentials(ROLE)
    with Federation() as console, running(tmp_path, console, "console", "role") as command:
        window.open(command.url)
        assert window.shows("AWS Management Console")
        assert "SigninToken" not in command.ends()
    assert [session.access_key_id[:4] for session in console.sessions] == ["ASIA"]
