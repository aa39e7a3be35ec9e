"""`keystead status`: what it never does, what it shows after each way of getting credentials."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from keystead.testing import IdentityCenter
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY
from tests.conftest import Keystead

SERIAL = "arn:aws:iam::123456789012:mfa/user"
ROLE = "arn:aws:iam::123456789012:role/admin"
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"

WATCH = """
import sys
def record(event, args):
    if event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        with real("{log}", "a") as file:
            file.write(f"{event} {args[-1 if event == 'socket.connect' else 0]}\\n")
real = open
busy = []
def hook(event, args):
    if not busy:
        busy.append(1)
        try:
            record(event, args)
        finally:
            busy.clear()
sys.addaudithook(hook)
"""


@pytest.fixture
def sealed(moto: Emulator, keystead: Keystead, home: Path) -> None:
    """Keys and a role in an encrypted store, with a session of the role and of an MFA device."""
    assert (
        keystead("store", "init", "--protector", "keyfile", "--key-file", home / "store.key").code
        == 0
    )
    done = keystead("set", "base", "--secrets-from", "-", stdin=KEYS.replace(" ", ""))
    assert (done.code, done.stderr) == (0, "")
    done = keystead(
        "set", "admin", f"role_arn={ROLE}", "source_profile=base", f"mfa_serial={SERIAL}"
    )
    assert done.code == 0
    assert keystead("process", "admin", env={"KEYSTEAD_MFA_CODE": MFA_CODE}).code == 0


@pytest.mark.usefixtures("sealed")
def test_sessions_are_shown_by_kind(keystead: Keystead) -> None:
    found = json.loads(keystead("status", "--json").stdout)
    assert [(row["kind"], row["name"], row["is_valid"]) for row in found[:2]] == [
        ("session", f"profile base > {ROLE}", True),
        ("mfa", f"profile base > {SERIAL}", True),
    ]
    assert [row["profiles"] for row in found[:2]] == [["admin"], []]
    shown = keystead("status", "admin").stdout
    assert "in 59 min" in shown
    assert keystead("status", "--prompt", "admin").stdout == "admin 59m"


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    "line",
    [
        "status",
        "status --json",
        "status admin",
        "status --prompt",
        "status --prompt admin",
        "list --wide",
    ],
)
def test_no_key_is_read_and_nobody_is_called(
    line: str, moto: Emulator, keystead: Keystead, tmp_path: Path, home: Path
) -> None:
    log = tmp_path / "log"
    (tmp_path / "sitecustomize.py").write_text(WATCH.replace("{log}", str(log)))
    calls = len(moto.recorder.calls)
    done = subprocess.run(
        [KEYSTEAD, *line.split()],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "AWS_PROFILE": "admin"},
    )
    assert done.stderr == ""
    events = log.read_text().splitlines()
    opened = [Path(line.split(" ", 1)[1]) for line in events if line.startswith("open ")]
    assert [path for path in opened if path.suffix == ".key"] == []
    assert any(path.suffix == ".json" for path in opened)  # the hook works
    assert [line for line in events if not line.startswith("open ")] == []
    assert len(moto.recorder.calls) == calls
    assert ACCESS_KEY_ID not in done.stdout


def test_profiles_of_one_role_share_a_session_and_are_named(
    keystead: Keystead, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def secret(name: str) -> str:
        return {"accessKeyId": ACCESS_KEY_ID, "secretAccessKey": SECRET_KEY}.get(name, name)

    role = "sso_session = s\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
    with IdentityCenter(make_secret=secret) as center:
        center.add_account("123456789012", "Payments")
        for name, value in center.variables.items():
            monkeypatch.setenv(name, value)
        config = home / ".aws" / "config"
        config.parent.mkdir(mode=0o700)
        config.write_text(
            f"[sso-session s]\nsso_start_url = {center.start_url}\nsso_region = eu-west-1\n"
            f"[profile one]\n{role}region = eu-west-1\n[profile two]\n{role}region = us-east-1\n"
        )
        path = home / ".aws" / "sso" / "cache" / f"{hashlib.sha1(b's').hexdigest()}.json"
        path.parent.mkdir(mode=0o700, parents=True)
        path.write_text(json.dumps(center.cached_login()))
        path.chmod(0o600)
        keystead.plain.add(path)
        for name in ("one", "two", "s/123456789012/Reader", "one"):
            assert keystead("process", name).code == 0
        assert [request.operation for request in center.requests] == ["GetRoleCredentials"]
        found = json.loads(keystead("status", "--json").stdout)
        assert "one, two" in keystead("status").stdout
        (session,) = (row for row in found if row["kind"] == "session")
        (login,) = (row for row in found if row["kind"] == "login")
        assert login["profiles"] == ["one", "two"]
        elsewhere = {"AWS_ENDPOINT_URL_SSO": f"{center.url}/"}
        assert keystead("process", "one", env=elsewhere).code == 0
        assert len(center.requests) == 2  # its own address may be another server
    assert session["profiles"] == ["one", "two"]
