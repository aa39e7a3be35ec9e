"""A person who signs in to a local IAM Identity Center, whose secrets are canaries."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from keystead.testing import IdentityCenter
from tests.canaries import SESSION_TOKEN
from tests.conftest import Keystead

ACCOUNT, ROLE, SESSION = "123456789012", "Reader", "corp"
BROWSER = f"{shlex.quote(sys.executable)} -m keystead.testing.browser %s"
"""The value of the variable for a browser in which a person signs in at once."""
PROFILE = (
    f"[profile dev]\nsso_session = {SESSION}\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n"
)


def canary(name: str) -> str:
    """A token or key that shows wherever it leaks; ``name`` is what it is."""
    if name == "accessKeyId":
        return f"ASIA{secrets.token_hex(8).upper()}"
    return SESSION_TOKEN.rstrip("=") + secrets.token_hex(8)


@contextlib.contextmanager
def identity_center() -> Iterator[IdentityCenter]:
    """The service, with one account and role."""
    with IdentityCenter(make_secret=canary) as center:
        center.add_account(ACCOUNT, "Payments", roles=[ROLE])
        yield center


def section(center: IdentityCenter, **settings: str) -> str:
    """The sso-session section."""
    portal = {"sso_start_url": center.start_url, "sso_region": "eu-west-1", **settings}
    lines = (f"{key} = {value}\n" for key, value in portal.items())
    return f"[sso-session {SESSION}]\n{''.join(lines)}"


def legacy(center: IdentityCenter) -> str:
    """A profile that names the portal itself."""
    return (
        f"[profile old]\nsso_start_url = {center.start_url}\nsso_region = eu-west-1\n"
        f"sso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n"
    )


class Machine:
    """The home of a person who signs in."""

    def __init__(self, keystead: Keystead) -> None:
        self.run = keystead
        self.home = keystead.home
        self.cache = keystead.home / ".aws" / "sso" / "cache"
        self.logins = keystead.root / "keystead" / "logins"

    def config(self, text: str) -> None:
        """Writes the config file."""
        path = self.home / ".aws" / "config"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def token_file(self, key: str = SESSION) -> Path:
        """The AWS CLI's file of a login; its tokens are plain text there."""
        path = self.cache / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
        self.run.plain.add(path)
        return path

    def registration_file(self, center: IdentityCenter, *scopes: str) -> Path:
        """The AWS CLI's file of a registration for the sso-session."""
        identity = {
            "tool": "botocore",
            "startUrl": center.start_url,
            "region": "eu-west-1",
            "scopes": list(scopes) or None,
            "session_name": SESSION,
        }
        name = hashlib.sha1(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        path = self.cache / f"{name}.json"
        self.run.plain.add(path)
        return path

    def put(self, document: object, key: str = SESSION) -> Path:
        """Writes the AWS CLI's file of a login."""
        path = self.token_file(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        path.chmod(0o600)
        return path


def browser(folder: Path, *lines: str) -> str:
    """The value of ``BROWSER`` for a browser that runs these lines of shell; ``$1`` is the address."""
    path = folder / "browser"
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return f"{path} %s"
