"""What the environment itself says: keys."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.model.credentials import Credentials
from keystead.model.search import has_keys


def environment_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """The keys in the environment, None when there are none.

    Raises `ProfileInvalid` for half a pair, which no SDK uses.
    """
    if not has_keys(environ):
        return None
    key, secret = environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"]
    return Credentials(key, secret, environ.get("AWS_SESSION_TOKEN") or None, source="environment")
