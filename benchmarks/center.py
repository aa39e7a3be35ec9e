"""An IAM Identity Center in a separate process, and a home that is signed in to it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.sts import LATENCY_SECONDS
from benchmarks.world import World

PROFILE = "sso-role"

# Ends when its standard input closes, so with this process. No client refreshes so long a token.
_SERVER = f"""
import json, sys
from keystead.testing import IdentityCenter
center = IdentityCenter()
center.faults.latency = {LATENCY_SECONDS}
center.lifetimes.access_token = center.lifetimes.login
center.add_account("123456789012", "demo", roles=["Reader"])
with center:
    print(json.dumps([center.variables, center.cached_login()]), flush=True)
    sys.stdin.read()
"""


class Center(NamedTuple):
    """The running service: the variables that lead SDKs to it, and a login to cache."""

    environ: Mapping[str, str]
    login: Mapping[str, str]

    def prepare(self, world: World) -> None:
        """Add `PROFILE` to the files of the world, and the login to its cache."""
        aws = Path(world.environ["HOME"]) / ".aws"
        with (aws / "config").open("a") as config:
            config.write(
                f"\n[sso-session demo]\nsso_start_url = {self.login['startUrl']}\n"
                f"sso_region = {self.login['region']}\n\n[profile {PROFILE}]\nsso_session = demo\n"
                "sso_account_id = 123456789012\nsso_role_name = Reader\nregion = eu-west-1\n"
            )
        cached = aws / "sso" / "cache" / f"{hashlib.sha1(b'demo').hexdigest()}.json"
        cached.parent.mkdir(parents=True)
        cached.touch(mode=0o600)
        cached.write_text(json.dumps(self.login))


@contextmanager
def running() -> Iterator[Center]:
    """The service; it answers after the same time as `benchmarks.sts`."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        try:
            yield Center(*json.loads(server.stdout.readline()))
        finally:
            server.stdin.close()
