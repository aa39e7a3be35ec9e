"""``python -m benchmarks.populate``: profiles for all accounts and roles under random throttling.

Writes docs/benchmarks-populate.md. The service is `keystead.testing.IdentityCenter`.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

from keystead.testing.identity_center import IdentityCenter

ACCOUNTS, ROLES = 5_000, 3
LATENCY_SECONDS = 0.02
THROTTLED = 0.05
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-populate.md"
CONFIG = """[sso-session corp]
sso_start_url = https://keystead.awsapps.com/start
sso_region = eu-west-1
"""


def main() -> None:
    """Run both and write the page; takes some minutes."""
    with tempfile.TemporaryDirectory() as name:
        rows = [
            _row(label, Path(name) / str(number), run)
            for number, (label, run) in enumerate(
                (
                    ("`keystead sso populate --force`", _keystead),
                    ("botocore's client, one call after another", _sequential),
                )
            )
        ]
    PAGE.write_text(_page(rows))


def _row(label: str, home: Path, run: object) -> str:
    center = IdentityCenter()
    center.page_size = 100
    center.faults.latency, center.faults.share = LATENCY_SECONDS, THROTTLED
    for number in range(ACCOUNTS):
        roles = [f"Role{each}" for each in range(ROLES)]
        center.add_account(f"{number:012}", f"Account {number}", roles=roles)
    print(label, file=sys.stderr)
    with center:
        began = time.monotonic()
        memory = run(home, center)  # type: ignore[operator]  # one of the functions below
        seconds = time.monotonic() - began
    refused = sum(call.status == 429 for call in center.requests)
    return f"| {label} | {seconds:.1f} | {len(center.requests)} | {refused} | {memory} |"


def _keystead(home: Path, center: IdentityCenter) -> str:
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    config = home / ".aws" / "config"
    config.write_text(CONFIG)
    login = cache / f"{hashlib.sha1(b'corp').hexdigest()}.json"
    login.write_text(json.dumps(center.cached_login()))
    program = (
        "import resource, sys; from keystead.cli.main import main; main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "KEYSTEAD_"))},
        "HOME": str(home),
        "KEYSTEAD_HOME": str(home / "keystead"),
        "KEYSTEAD_AGENT": "off",
        **center.variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", program, "sso", "populate", "--force"],
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    )
    if config.read_text().count("[profile ") != ACCOUNTS * ROLES:
        raise SystemExit(f"not all profiles were written: {done.stderr}")
    return f"{int(done.stdout) // 1024} MiB"


def _sequential(home: Path, center: IdentityCenter) -> str:
    """Lists everything as scripts do, with the retries that botocore has at most."""
    home.mkdir()
    retries = {"mode": "standard", "total_max_attempts": 10}
    client = botocore.session.get_session().create_client(
        "sso",
        region_name="eu-west-1",
        endpoint_url=center.url,
        config=Config(signature_version=UNSIGNED, retries=retries),
    )
    token = center.cached_login()["accessToken"]
    text = CONFIG
    for page in client.get_paginator("list_accounts").paginate(accessToken=token):
        for account in page["accountList"]:
            pages = client.get_paginator("list_account_roles").paginate(
                accessToken=token, accountId=account["accountId"]
            )
            for role in (role["roleName"] for roles in pages for role in roles["roleList"]):
                text += (
                    f"[profile {account['accountName']}-{role}]\nsso_session = corp\n"
                    f"sso_account_id = {account['accountId']}\nsso_role_name = {role}\n"
                )
    (home / "config").write_text(text)
    return ""


def _page(rows: list[str]) -> str:
    lines = "\n".join(rows)
    return f"""# Benchmark: a profile for every account and role

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}.

{ACCOUNTS:,} accounts with {ROLES} roles each, listed from a service on the loopback that answers
after {LATENCY_SECONDS * 1000:.0f} ms and refuses {THROTTLED:.0%} of the calls at random, then
written into a config file. See [Signing in](signing-in.md#thousands-of-accounts).

| program | seconds | calls | of them refused | memory |
| --- | ---: | ---: | ---: | ---: |
{lines}
"""


if __name__ == "__main__":
    main()
