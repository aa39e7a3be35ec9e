"""A role by web identity: the token of another identity provider, in a file, instead of keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keystead.errors import Origin, ProfileInvalid
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.resolve.aws import client as aws
from keystead.resolve.sts_response import temporary_credentials
from keystead.system import System
from keystead.text.encoding import refuse_other_encoding

MOST_TOKEN_BYTES = 20_000
"""STS takes no longer token."""

_TOKEN = re.compile(rb"[!-~]+")


def web_identity_credentials(
    role_arn: str,
    token_file: Path,
    *,
    role_session_name: str,
    duration_seconds: int | None,
    policy: str | None = None,
    policy_arns: Sequence[str] = (),
    system: System,
    client_settings: ClientSettings,
) -> Credentials:
    """The credentials that STS gives for the token in ``token_file``, by an unsigned request.

    The file is read anew each time, as whoever writes it renews it; blanks and line breaks at
    both ends are no part of the token. ``duration_seconds`` None: STS's own default; ``policy``
    (JSON) and ``policy_arns`` narrow the session.

    Raises `ProfileInvalid` for a file that is not there or holds no token, `FileProblem` for one
    that cannot be read, `ProviderError` when STS refuses or cannot be reached.
    """
    parameters: dict[str, Any] = {
        "RoleArn": role_arn,
        "RoleSessionName": role_session_name,
        "WebIdentityToken": read_token(token_file, system),
        "DurationSeconds": duration_seconds,
        "Policy": policy,
        "PolicyArns": [{"arn": arn} for arn in policy_arns],
    }
    operation = "AssumeRoleWithWebIdentity"
    answer = aws.call(
        "sts",
        operation,
        {name: value for name, value in parameters.items() if value},
        credentials=None,
        client_settings=client_settings,
        system=system,
    )
    return temporary_credentials(answer, operation, f"web identity > {role_arn}", system)


def read_token(file: Path, system: System) -> str:
    """The token in a file. Raises as `web_identity_credentials`."""
    where = Origin(str(file))
    data = system.files.read(file).data
    if data is None:
        raise ProfileInvalid(
            "the file in `web_identity_token_file` does not exist",
            hint="check the path, and that what writes the token there runs",
            where=where,
        )
    refuse_other_encoding(data, "the web identity token file", where, ProfileInvalid)
    token = data.strip()
    if not token:
        raise ProfileInvalid("the web identity token file is empty", where=where)
    if len(token) > MOST_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise ProfileInvalid("the file does not hold a web identity token", where=where)
    return token.decode()
