"""A home with a login to a local IAM Identity Center, as the AWS CLI leaves it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from keystead.testing.identity_center import IdentityCenter

SESSION = "corp"
CONFIG = """\
[sso-session corp]
sso_start_url = https://keystead.awsapps.com/start
sso_region = eu-west-1
"""


def sign_in(home: Path, center: IdentityCenter, config: str = CONFIG) -> Path:
    """Writes the config file and the cached login; returns the file of the login."""
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (home / ".aws" / "config").write_text(config)
    path = cache / f"{hashlib.sha1(SESSION.encode()).hexdigest()}.json"
    path.write_text(json.dumps(center.cached_login()))
    os.chmod(path, 0o600)
    return path
