"""The federation endpoint of AWS: a token to sign in to the console, for temporary credentials.

botocore has no client for it, as it is not part of a service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from keystead.botocore_session import trust_store
from keystead.errors import ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.outside import parse_json
from keystead.resolve.aws.addresses import SIGN_IN_HOSTS
from keystead.resolve.aws.client import CONNECT_SECONDS, READ_SECONDS
from keystead.resolve.aws.failures import unusable
from keystead.secret import Secret
from keystead.system import http

_OPERATION = "getSigninToken"
_SUCCESS = 200


def sign_in_url(
    settings: ClientSettings,
    partition: str,
    credentials: Credentials,
    destination: str,
    seconds: int | None,
) -> Secret:
    """The URL that signs in and opens ``destination``; it works for 15 minutes.

    ``seconds`` is the duration of the console session, None for that of the credentials. Raises
    `ProviderError`.
    """
    base = settings.endpoints.url("signin") or f"https://{SIGN_IN_HOSTS[partition]}"
    endpoint = f"{base.rstrip('/')}/federation"
    session = {
        "sessionId": credentials.access_key_id,
        "sessionKey": credentials.secret_access_key,
        "sessionToken": credentials.session_token,
    }
    asked = {"Action": _OPERATION, "Session": json.dumps(session)}
    if seconds is not None:
        asked["SessionDuration"] = str(seconds)
    status, body = _answer(f"{endpoint}?{_query(asked)}", settings.get("ca_bundle"))
    if status != _SUCCESS:  # the answer may quote the credentials
        raise ProviderError(
            f"signin refused {_OPERATION}: HTTP {status}",
            hint="check that the credentials are valid, that they are those of a role or a "
            "federated user, and that --duration is not too long for them",
            code=str(status),
        )
    try:
        token = parse_json(body)["SigninToken"]
    except (ValueError, LookupError, TypeError):
        token = None
    if not isinstance(token, str) or not token:
        raise unusable("signin", _OPERATION)
    found = {"Action": "login", "Destination": destination, "SigninToken": token}
    return Secret(f"{endpoint}?{_query(found)}")


def _query(parameters: Mapping[str, str]) -> str:
    return urlencode(parameters, quote_via=quote, safe="")


def _answer(url: str, ca_bundle: str | None) -> tuple[int, bytes]:
    place = url.partition("/federation?")[0]
    try:
        if http.is_proxied(place):
            return _answer_by_proxy(url, ca_bundle)
        answer = http.ask(
            "GET",
            url,
            {"Accept": "application/json"},
            seconds=READ_SECONDS,
            connect_seconds=CONNECT_SECONDS,
            ca_bundle=ca_bundle or trust_store(),
        )
    except http.Unreachable as error:
        raise _unreachable(str(error)) from None
    return answer.status, answer.body


def _answer_by_proxy(url: str, ca_bundle: str | None) -> tuple[int, bytes]:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    client = URLLib3Session(
        verify=ca_bundle or True,
        proxies=get_environ_proxies(url),
        timeout=(CONNECT_SECONDS, READ_SECONDS),
    )
    try:
        answer = client.send(AWSRequest("GET", url).prepare())
    except BotoCoreError as error:  # its text has the URL, and with it the credentials
        raise _unreachable(f"no connection ({type(error).__name__})") from None
    return answer.status_code, answer.content


def _unreachable(reason: str) -> ProviderError:
    return ProviderError(
        f"signin could not be called for {_OPERATION}: {reason}",
        id="service-unreachable",
        hint="check the network, the region and AWS_ENDPOINT_URL_SIGNIN",
    )
