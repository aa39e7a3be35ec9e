"""The documentation's walk: two stores, a role, a service call, on an emulated AWS.

It runs the installed command in a temporary home, with requests over HTTP to the loopback. It does
not prompt and changes nothing outside its temporary folder.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from devtools import command
from devtools.emulators import World, furnish, moto
from devtools.recorder import Call

USAGE_ERROR = 2

_REAL_ACCOUNT = """
That was an emulated AWS. The same on a real account, from this folder:

    .venv/bin/keystead store init
    .venv/bin/keystead shell
    PS > Set-AWSCredential -StoreAs my_source_profile -AccessKey ... -SecretKey ...
    PS > Set-AWSCredential -StoreAs my_role_profile -SourceProfile my_source_profile -RoleArn ...
    PS > Get-S3Bucket -ProfileName my_role_profile

`store init` asks for the passphrase of the encrypted store; the region is that of AWS_REGION."""


class WalkFailed(Exception):
    """A line of the walk failed."""


def run(pause: Callable[[], None]) -> None:
    """Run all lines and print them.

    ``pause`` is called between the steps and may raise to end the walk; processes are ended and the
    temporary home is removed. Raises `WalkFailed`.
    """
    print("starting an emulated AWS on the loopback", flush=True)
    with tempfile.TemporaryDirectory(prefix="keystead-demo-") as folder:
        home = Path(folder)
        _move_into(home)
        with moto() as emulator:
            pause()
            world = furnish(emulator)
            os.environ.update(emulator.environ)
            walk = Walk(home, pause)
            _roles(walk, world)
            print(_proof(emulator.recorder.calls, world), end="\n\n", flush=True)
            _files(walk, world, home / ".aws" / "credentials")
    print(_REAL_ACCOUNT)


class Walk:
    """Runs lines in `keystead shell` and prints them with its prompt."""

    def __init__(self, home: Path, pause: Callable[[], None]) -> None:
        self._home = home
        self._pause = pause

    def line(self, line: str, *, secret: str | None = None, code: int = 0) -> str:
        """Run one line with ``SECRET`` replaced by ``secret``, and print it masked.

        Returns its output. Raises `WalkFailed` unless its exit code is ``code``.
        """
        self._pause()
        print(f"PS > {line.replace('SECRET', '****')}", flush=True)
        done = command.run(
            [command.KEYSTEAD, "shell"],
            environ=os.environ,
            cwd=self._home,
            # Not as an argument: all processes of the machine can read those.
            stdin=line.replace("SECRET", secret or "") + "\n",
        )
        self._pause()
        if shown := done.stdout + done.stderr:
            print(shown.replace(secret, "****") if secret else shown, flush=True)
        if done.code != code:
            raise WalkFailed(f"the line above ended with exit code {done.code}, not {code}")
        return done.stdout


def _move_into(home: Path) -> None:
    """Make ``home`` the home of this process, so that no file of the real one is read."""
    passphrase = home / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(secrets.token_urlsafe(24), encoding="ascii")
    environ = command.clean_environ(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    os.environ.update(
        HOME=str(home),
        USERPROFILE=str(home),
        KEYSTEAD_HOME=str(home / "keystead"),
        KEYSTEAD_PASSPHRASE_FILE=str(passphrase),
        AWS_EC2_METADATA_DISABLED="true",
    )


def _roles(walk: Walk, world: World) -> None:
    secret = world.secret_access_key
    walk.line(
        "Set-AWSCredential -StoreAs my_source_profile"
        f" -AccessKey {world.access_key_id} -SecretKey SECRET",
        secret=secret,
    )
    walk.line(
        "Set-AWSCredential -StoreAs my_role_profile"
        f" -SourceProfile my_source_profile -RoleArn {world.role_arn}"
    )
    walk.line("Get-AWSCredential -ProfileName my_role_profile")
    listed = walk.line("Get-S3Bucket -ProfileName my_role_profile")
    if missing := [bucket for bucket in world.buckets if bucket not in listed]:
        raise WalkFailed(f"{' and '.join(missing)} is not listed")


def _files(walk: Walk, world: World, location: Path) -> None:
    secret = world.secret_access_key
    walk.line(
        f"Set-AWSCredential -ProfileLocation {location} -ProfileName basic_profile"
        f" -AccessKey {world.access_key_id} -SecretKey SECRET",
        secret=secret,
    )
    walk.line(f"Get-Content {location}", secret=secret)
    walk.line("Get-AWSCredential -ListProfileDetail")
    walk.line("Remove-AWSCredentialProfile -ProfileName my_role_profile -Force")
    walk.line("Get-AWSCredential -ListProfileDetail")
    walk.line(
        f"Get-S3Bucket -SourceProfile my_source_profile -RoleArn {world.role_arn}",
        code=USAGE_ERROR,
    )


def _proof(calls: list[Call], world: World) -> str:
    """Say whose key signed the S3 call. Raises `WalkFailed` unless it was the role's."""
    by_source = {call.operation for call in calls if call.access_key_id == world.access_key_id}
    listings = [call for call in calls if call.operation == "ListBuckets"]
    role_keys = {
        call.access_key_id
        for call in listings
        if call.access_key_id.startswith("ASIA") and call.has_session_token
    }
    if by_source != {"AssumeRole"} or len(role_keys) != 1 or len(listings) != 1:
        seen = "; ".join(f"{call.operation} by {call.access_key_id}" for call in calls)
        raise WalkFailed(f"the buckets were not listed by the role alone: {seen}")
    return (
        f"As the emulator saw it: ListBuckets was signed by {role_keys.pop()},\n"
        f"the role's temporary key; the source key {world.access_key_id} signed AssumeRole only."
    )
