"""Signature version 4 of a POST request to the root of a service. Pure.

Rules: AWS's documentation, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from keystead.model.credentials import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    region: str,
    service: str,
    moment: datetime,
) -> dict[str, str]:
    """The headers with date, token and signature; they must have all that is to be signed."""
    time = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    found = {**headers, "X-Amz-Date": time}
    if credentials.session_token:
        found["X-Amz-Security-Token"] = credentials.session_token
    rows = sorted((name.lower(), " ".join(value.split())) for name, value in found.items())
    names = ";".join(name for name, _ in rows)
    lines = "".join(f"{name}:{value}\n" for name, value in rows)
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    found["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, "
        f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
    )
    return found
