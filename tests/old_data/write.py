"""Writes what the installed keystead leaves on disk, as fixtures for later versions.

Run once for a version, with its own environment: ``.venv/bin/python tests/old_data/write.py NAME``
makes ``tests/old_data/NAME``. README.md says what is in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import keystead as keystead_package
from keystead.http.tokens import TokenFile
from keystead.model.profile import Profile
from keystead.powershell.module.answer import PROTOCOL
from keystead.powershell.shell.prompt import MaskedHistory
from keystead.powershell.table import CMDLETS
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import (
    DpapiProtector,
    KeyfileProtector,
    KeyringProtector,
    PassphraseProtector,
)
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.testing import MemoryKeyring, StandInDpapi, contents

PASSPHRASE = "canary passphrase of the test bench"
KEYS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
SECOND_SECRET_KEY = "canaryAbRuMvTe/second9secret+keyEXAMPLE2"
TOKEN = "canary//session+token/9vQzEXAMPLEtoken=="
PROFILES: Mapping[str, Mapping[str, str]] = {
    "keys": {**KEYS, "region": "eu-west-1", "mfa_totp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
    "session": {**KEYS, "aws_session_token": TOKEN, "output": "json"},
    "role": {
        "role_arn": "arn:aws:iam::123456789012:role/example",
        "source_profile": "keys",
        "external_id": "third-party",
        "mfa_serial": "arn:aws:iam::123456789012:mfa/example",
        "role_session_name": "nightly",
        "duration_seconds": "3600",
    },
    "instance": {
        "role_arn": "arn:aws:iam::123456789012:role/example",
        "credential_source": "Ec2InstanceMetadata",
    },
    "web": {
        "role_arn": "arn:aws:iam::123456789012:role/example",
        "web_identity_token_file": "/run/example/token",
    },
    "sso": {
        "sso_account_id": "123456789012",
        "sso_role_name": "Reader",
        "sso_region": "eu-west-1",
        "sso_start_url": "https://example.awsapps.com/start",
    },
    "program": {"credential_process": '/opt/example/helper --name "a b"'},
    "login": {"login_session": "arn:aws:iam::123456789012:user/example"},
    "Zürich": {"region": "eu-central-2", "team": "blue"},
}
CONFIG = """\
# a comment
[profile keys]
region = eu-west-1

[profile role]
role_arn = arn:aws:iam::123456789012:role/example
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/example
"""
MFA_CODE = "271828"


class Sts(BaseHTTPRequestHandler):
    """Gives every caller the same credentials, which expire in a later century."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        keys = (
            f"<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>{SECOND_SECRET_KEY}"
            f"</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>"
            "<Expiration>2126-01-01T00:00:00Z</Expiration>"
        )
        body = "".join(
            f"<{name}Result><Credentials>{keys}</Credentials></{name}Result>"
            for name in ("AssumeRole", "GetSessionToken")
        )
        data = f"<Response>{body}</Response>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def sts() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Sts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def private(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def environ_of(root: Path) -> dict[str, str]:
    passphrase = private(root / "passphrase", f"{PASSPHRASE}\n")
    return {
        "HOME": str(root),
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        "KEYSTEAD_HOME": str(root / "keystead"),
        "KEYSTEAD_PASSPHRASE_FILE": str(passphrase),
        "KEYSTEAD_AGENT": "off",
    }


def write_stores(root: Path) -> None:
    """A store for each protector, one with several, and the .NET SDK's own file."""
    for kind in ("passphrase", "keyfile", "keyring", "dpapi", "several", "dotnet"):
        folder = root / kind
        entries: dict[str, str] = {}
        dpapi = StandInDpapi() if kind in ("dpapi", "dotnet") else None
        system = System(environ_of(folder), keyring=MemoryKeyring(entries), dpapi=dpapi)
        protectors = {
            "passphrase": PassphraseProtector(system),
            "keyfile": KeyfileProtector(system, path=folder / "key"),
            "keyring": KeyringProtector(system),
            "dpapi": DpapiProtector(system),
        }
        store = EncryptedStore(system, protector=protectors.get(kind, protectors["passphrase"]))
        if kind == "dotnet":
            store = EncryptedStore(system)
        for name, settings in PROFILES.items():
            register(store, Profile(name, settings))
        if kind == "several":
            for name in ("keyfile", "keyring"):
                store.protectors.add(protectors[name])
        if kind == "keyring":  # so that the entry with the counter has something to refuse
            shutil.copy(store.path, store.path.with_name("earlier.json"))
            store.change("Zürich", lambda _: {"team": "green"})
        if entries:
            private(folder / "keyring.json", json.dumps(entries, indent=2))
        private(folder / "values.json", json.dumps(contents(store), indent=2, ensure_ascii=False))
        shutil.rmtree(folder / "keystead" / "generations")


def write_home(root: Path, *, store: bool) -> None:
    """What commands leave in a home folder, with an encrypted store or without."""
    environ = environ_of(root)

    def keystead(*arguments: str, stdin: str = "", **more: str) -> str:
        # By a shell, which is then what the audit log names.
        program = [str(Path(sys.executable).with_name("keystead")), *arguments]
        shell = ["/bin/sh", "-c", '"$0" "$@" || exit 1; :', *program]
        done = subprocess.run(
            shell,
            env={**environ, **more},
            input=stdin,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return done.stdout

    private(root / ".aws" / "config", CONFIG)
    keys = "".join(f"{name} = {value}\n" for name, value in KEYS.items())
    credentials = private(root / ".aws" / "credentials", f"[keys]\n{keys}")
    if store:
        keystead("store", "init", "--protector", "keyfile", "--key-file", str(root / "key"))
        keystead("set", "sealed", "region=eu-west-1", "role_arn=arn:aws:iam::123456789012:role/a",
                 "source_profile=keys")  # fmt: skip
        keystead("set", "sealed", "region=eu-west-2")
    where = ("--location", str(credentials), "--secrets-from", "-")
    keystead("set", "second", "region=us-east-1", *where, stdin=keys.replace(" = ", "="))
    with sts() as url:
        variables = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": url}
        keystead("process", "role", KEYSTEAD_MFA_CODE=MFA_CODE, **variables)
    keystead("process", "keys")
    TokenFile.make(root / "keystead" / "endpoint")
    MaskedHistory(root / "keystead" / "history", CMDLETS).store_string("Get-AWSRegion # Zürich")
    keystead("agent", "launcher")
    launcher = root / "keystead" / "bin" / "keystead-process"
    package = str(Path(keystead_package.__file__).parent.parent)
    text = launcher.read_text().replace(sys.executable, "@PYTHON@").replace(package, "@PACKAGES@")
    launcher.write_text(text)
    request = {
        "protocol": PROTOCOL,
        "cmdlet": "Get-AWSCredential",
        "parameters": {"ListProfileDetail": True},
    }
    answer = keystead("powershell-module", "--answer", stdin=json.dumps(request))
    private(root / "powershell.json", json.dumps({"request": request, "answer": answer}))


def main() -> None:
    target = Path(__file__).parent / sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="keystead-old-data-") as folder:
        root = Path(folder)
        write_stores(root)
        write_home(root / "home-plain", store=False)
        write_home(root / "home-store", store=True)
        for path in root.rglob("*.lock"):
            path.unlink()
        private(root / "root.txt", folder)
        shutil.copytree(root, target)


if __name__ == "__main__":
    main()
