"""A local IAM Identity Center: OIDC, its pages for browsers, and the portal's API.

It checks what AWS checks and answers as botocore's models of ``sso-oidc`` and ``sso`` say. As a
program, ``python -m keystead.testing.identity_center``, it prints the variables that lead the AWS
SDKs to it and serves until its input ends.
"""

from __future__ import annotations

import argparse
import base64
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from keystead.testing.authorization_server import AuthorizationServer
from keystead.testing.local_service import (
    Operation,
    Refused,
    Reply,
    Request,
    checked,
    form_of,
    run,
    wrong_page,
)
from keystead.testing.oauth import (
    CODE,
    DEVICE,
    REFRESH,
    Authorization,
    Invalid,
    Login,
    is_challenge,
    random_secret,
    seconds,
    text_of,
)
from keystead.testing.pages import DECISIONS, Form, page
from keystead.value import NamedTuple

_SCOPE = re.compile(r"[a-z0-9_-]+(:[a-z0-9_*-]+)*")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_MAX_ROWS = 100
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

# The code of an OIDC error in botocore's model, and its status; OAuth's name follows from the code.
_OIDC_STATUS = {"InvalidClientException": 401, "InternalServerException": 500}
_OAUTH_NAMES = {"InternalServerException": "server_error", "ExpiredTokenException": "expired_token"}
_OIDC_CODES: Mapping[str | int, str] = {429: "SlowDownException", 500: "InternalServerException"}
_PORTAL_CODES: Mapping[str | int, str] = {
    429: "TooManyRequestsException",
    500: "InternalServerException",
}
_PORTAL_STATUS = {
    "InvalidRequestException": 400,
    "UnauthorizedException": 401,
    "ForbiddenException": 403,
    "ResourceNotFoundException": 404,
    "TooManyRequestsException": 429,
    "InternalServerException": 500,
}


class Account(NamedTuple):
    """An AWS account and the roles in it."""

    id: str
    name: str
    email: str
    roles: Sequence[str]


class Lifetimes:
    """How long things are valid, and how often a device may ask."""

    def __init__(self) -> None:
        self.registration = timedelta(days=90)
        self.code = timedelta(minutes=1)
        self.device_code = timedelta(minutes=10)
        self.interval = timedelta(seconds=1)
        self.access_token = timedelta(hours=1)
        self.login = timedelta(hours=8)
        self.role = timedelta(hours=1)


class _Client(NamedTuple):
    """A registered client."""

    name: str
    secret: str
    ends: datetime
    grant_types: Sequence[str]
    redirect_uris: Sequence[str]
    scopes: Sequence[str]


class _Device:
    """A device authorization."""

    def __init__(self, client_id: str, user_code: str, ends: datetime, interval: timedelta) -> None:
        self.client_id = client_id
        self.user_code = user_code
        self.ends = ends
        self.interval = interval
        self.asked: datetime | None = None
        self.person: str | None = None
        self.is_denied = False


class IdentityCenter(AuthorizationServer):
    """IAM Identity Center on the loopback, while it is a context.

    Clients register and sign in for ``start_url``. Every person has every account. Pages of the
    portal have ``page_size`` rows unless the client wants fewer.
    """

    services = ("SSO", "SSO_OIDC")
    throttled = frozenset({"ListAccounts", "ListAccountRoles", "GetRoleCredentials"})

    def __init__(
        self,
        *,
        start_url: str = "https://keystead.awsapps.com/start",
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        make_secret: Callable[[str], str] = random_secret,
    ) -> None:
        super().__init__(port=port, clock=clock, make_secret=make_secret)
        self.start_url = start_url
        self.lifetimes = Lifetimes()
        self.page_size = 20
        self.accounts: dict[str, Account] = {}
        self._clients: dict[str, _Client] = {}
        self._devices: dict[str, _Device] = {}
        self._access_tokens: dict[str, tuple[Login, int, datetime]] = {}

    def add_account(
        self, account_id: str, name: str, *, email: str = "", roles: Sequence[str] = ("Reader",)
    ) -> None:
        """Assigns the account with these roles to everybody."""
        self.accounts[account_id] = Account(
            account_id, name, email or f"{account_id}@example.com", tuple(roles)
        )

    def approve(self, user_code: str, person: str = "ada") -> None:
        """Approves the device that shows ``user_code``. Raises `KeyError` for an unknown one."""
        with self._lock:
            self._device_of(user_code).person = person

    def deny(self, user_code: str) -> None:
        """Denies the device that shows ``user_code``. Raises `KeyError` for an unknown one."""
        with self._lock:
            self._device_of(user_code).is_denied = True

    def cached_login(
        self, *, person: str = "ada", region: str = "eu-west-1", refreshable: bool = True
    ) -> dict[str, str]:
        """A login without a browser, as the AWS CLI caches it.

        In the form of an sso-session if it is ``refreshable``, else in the legacy one.
        """
        with self._lock:
            registration = self._registered(
                "test", [CODE, REFRESH] if refreshable else [DEVICE], [], ["sso:account:access"]
            )
            answer = self._login(registration["clientId"], person)
        now = self.clock()
        refresh = {"refreshToken": answer["refreshToken"]} if refreshable else {}
        return {
            "startUrl": self.start_url,
            "region": region,
            "accessToken": answer["accessToken"],
            "expiresAt": text_of(now + self.lifetimes.access_token),
            "clientId": registration["clientId"],
            "clientSecret": registration["clientSecret"],
            "registrationExpiresAt": text_of(now + self.lifetimes.registration),
            **refresh,
        }

    def _operations(self) -> Mapping[str, tuple[str, Operation]]:
        return {
            "POST /client/register": ("RegisterClient", self._register_client),
            "POST /device_authorization": (
                "StartDeviceAuthorization",
                self._start_device_authorization,
            ),
            "POST /token": ("CreateToken", self._create_token),
            "GET /authorize": ("Authorize", self._authorize),
            "POST /authorize": ("Authorize", self._decide),
            "GET /device": ("Device", self._device_page),
            "POST /device": ("Device", self._decide_device),
            "GET /assignment/accounts": ("ListAccounts", self._list_accounts),
            "GET /assignment/roles": ("ListAccountRoles", self._list_account_roles),
            "GET /federation/credentials": ("GetRoleCredentials", self._get_role_credentials),
            "POST /logout": ("Logout", self._logout),
        }

    def _refusal(self, operation: str, error: str | int) -> Refused:
        if operation in ("RegisterClient", "StartDeviceAuthorization", "CreateToken"):
            return _oidc_error(_OIDC_CODES.get(error, str(error)), "requested by the test")
        return _portal_error(_PORTAL_CODES.get(error, str(error)), "requested by the test")

    # OIDC

    def _register_client(self, request: Request) -> Reply:
        given = _oidc_parameters(
            request,
            {"clientName": str, "clientType": str},
            {"scopes": list, "redirectUris": list, "grantTypes": list, "issuerUrl": str},
        )
        if given["clientType"] != "public":
            raise _oidc_error("InvalidClientMetadataException", "clientType has to be public")
        scopes = given.get("scopes", [])
        if not all(_SCOPE.fullmatch(scope) for scope in scopes):
            raise _oidc_error("InvalidScopeException", "invalid scope")
        grant_types = given.get("grantTypes") or [DEVICE, *([REFRESH] if scopes else [])]
        if unknown := set(grant_types) - {CODE, DEVICE, REFRESH}:
            raise _oidc_error("UnsupportedGrantTypeException", f"unknown: {sorted(unknown)}")
        uris = given.get("redirectUris", [])
        if not all(_is_loopback(uri) for uri in uris) or (CODE in grant_types and not uris):
            raise _oidc_error("InvalidRedirectUriException", "no address on the loopback")
        if CODE in grant_types and not self._is_ours(given.get("issuerUrl", "")):
            raise _oidc_error("InvalidRequestException", "unknown issuerUrl")
        return Reply(200, self._registered(given["clientName"], grant_types, uris, scopes))

    def _registered(
        self,
        name: str,
        grant_types: Sequence[str],
        redirect_uris: Sequence[str],
        scopes: Sequence[str],
    ) -> dict[str, Any]:
        client_id, secret = secrets.token_urlsafe(16), self._make_secret("clientSecret")
        now = self.clock()
        ends = now + self.lifetimes.registration
        self._clients[client_id] = _Client(name, secret, ends, grant_types, redirect_uris, scopes)
        return {
            "clientId": client_id,
            "clientSecret": secret,
            "clientIdIssuedAt": int(now.timestamp()),
            "clientSecretExpiresAt": int(ends.timestamp()),
        }

    def _start_device_authorization(self, request: Request) -> Reply:
        names = ("clientId", "clientSecret", "startUrl")
        given = _oidc_parameters(request, dict.fromkeys(names, str), {})
        self._client(given, DEVICE)
        if not self._is_ours(given["startUrl"]):
            raise _oidc_error("InvalidRequestException", "unknown startUrl")
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        user_code = f"{letters[:4]}-{letters[4:]}"
        device_code = self._make_secret("deviceCode")
        self._devices[device_code] = _Device(
            given["clientId"],
            user_code,
            self.clock() + self.lifetimes.device_code,
            self.lifetimes.interval,
        )
        return Reply(
            200,
            {
                "deviceCode": device_code,
                "userCode": user_code,
                "verificationUri": f"{self.url}/device",
                "verificationUriComplete": f"{self.url}/device?user_code={user_code}",
                "expiresIn": seconds(self.lifetimes.device_code),
                "interval": seconds(self.lifetimes.interval),
            },
        )

    def _create_token(self, request: Request) -> Reply:
        base = dict.fromkeys(("clientId", "clientSecret", "grantType"), str)
        optional = ("code", "redirectUri", "codeVerifier", "deviceCode", "refreshToken")
        given = _oidc_parameters(request, base, {**dict.fromkeys(optional, str), "scope": list})
        of_grant = {
            CODE: ("code", "redirectUri", "codeVerifier"),
            DEVICE: ("deviceCode",),
            REFRESH: ("refreshToken",),
        }
        if (kind := given["grantType"]) not in of_grant:
            raise _oidc_error("UnsupportedGrantTypeException", "unknown grantType")
        _oidc_parameters(request, {**base, **dict.fromkeys(of_grant[kind], str)}, {"scope": list})
        self._client(given, kind)
        try:
            if kind == REFRESH:
                login = self._refresh_tokens.redeem(
                    given["refreshToken"], given["clientId"], "", self.clock()
                )
                return Reply(200, self._tokens(login))
            if kind == DEVICE:
                return Reply(200, self._login(given["clientId"], self._approved(given)))
            person = self._authorizations.redeem(
                given["code"],
                given["clientId"],
                given["redirectUri"],
                given["codeVerifier"],
                self.clock(),
            )
            answer = self._login(given["clientId"], person)
            self._authorizations.redeemed(given["code"], self.logins[-1])
            return Reply(200, answer)
        except Invalid as error:
            is_malformed = error.reason == "malformed"
            code = "InvalidRequestException" if is_malformed else "InvalidGrantException"
            raise _oidc_error(code, f"the grant is {error.reason}") from None

    def _approved(self, given: Mapping[str, str]) -> str:
        """The person who approved the device code. Raises `Refused`, `Invalid`."""
        device = self._devices.get(given["deviceCode"])
        if device is None or device.client_id != given["clientId"]:
            raise Invalid("unknown")
        now = self.clock()
        if now >= device.ends:
            raise _oidc_error("ExpiredTokenException", "the device code has expired")
        asked, device.asked = device.asked, now
        if asked is not None and now - asked < device.interval:
            device.interval += timedelta(seconds=5)  # RFC 8628, 3.5
            raise _oidc_error("SlowDownException", "asked before the interval was over")
        if device.is_denied:
            raise _oidc_error("AccessDeniedException", "the person has denied")
        if device.person is None:
            raise _oidc_error("AuthorizationPendingException", "nobody has decided yet")
        del self._devices[given["deviceCode"]]
        return device.person

    def _client(self, given: Mapping[str, str], grant_type: str) -> _Client:
        """The client that authenticates itself and may use ``grant_type``. Raises `Refused`."""
        client = self._clients.get(given["clientId"])
        if client is None or not secrets.compare_digest(client.secret, given["clientSecret"]):
            raise _oidc_error("InvalidClientException", "unknown client or wrong secret")
        if self.clock() >= client.ends:
            raise _oidc_error("InvalidClientException", "the registration has expired")
        if grant_type not in client.grant_types:
            raise _oidc_error("UnauthorizedClientException", "not registered for the grant type")
        return client

    def _login(self, client_id: str, person: str) -> dict[str, Any]:
        login = Login(person, client_id, self.clock() + self.lifetimes.login)
        self.logins.append(login)
        return self._tokens(login)

    def _tokens(self, login: Login) -> dict[str, Any]:
        """A new access token of ``login``, with a refresh token if the client may use it."""
        length = min(self.lifetimes.access_token, login.ends - self.clock())
        token = self._make_secret("accessToken")
        answer = {"accessToken": token, "tokenType": "Bearer", "expiresIn": seconds(length)}
        if REFRESH in self._clients[login.client_id].grant_types:
            answer["refreshToken"] = self._refresh_tokens.issue(login)
        self._access_tokens[token] = login, login.issued, self.clock() + length
        return answer

    def _is_ours(self, url: str) -> bool:
        return url.partition("#")[0].rstrip("/") == self.start_url.rstrip("/")

    # The pages

    def _authorize(self, request: Request) -> Reply:
        given = request.parameters
        client = self._clients.get(given.get("client_id", ""))
        if client is None or self.clock() >= client.ends:
            raise wrong_page("The client is not registered, or no longer.")
        uri = given.get("redirect_uri", "")
        if not any(_matches(uri, registered) for registered in client.redirect_uris):
            raise wrong_page("The client is not registered for this redirect URI.")
        scopes = tuple(given.get("scopes", "").split())
        if error := _authorization_error(given, client, scopes):
            return self._back(uri, given.get("state", ""), {"error": error})
        authorization = Authorization(
            given["client_id"], uri, given.get("state", ""), given["code_challenge"]
        )
        asked = f"{client.name} asks for access to your AWS accounts ({', '.join(scopes)})."
        return self._ask(authorization, "/authorize", asked)

    def _code_lifetime(self) -> timedelta:
        return self.lifetimes.code

    def _device_page(self, request: Request) -> Reply:
        code = request.parameters.get("user_code", "")
        if not code:
            form = Form("/device", "get", {}, {"user_code": "Code"}, ("continue",))
            return Reply(200, page("Authorize a device", "Enter the code that it shows.", form))
        device = self._waiting_device(code)
        form = Form("/device", "post", {"user_code": code}, {"person": "User"}, DECISIONS)
        asked = f"{self._clients[device.client_id].name} shows {device.user_code} and asks for it."
        return Reply(200, page("Allow access?", asked, form))

    def _decide_device(self, request: Request) -> Reply:
        given = form_of(request)
        device = self._waiting_device(given.get("user_code", ""))
        if given.get("decision") != "approve" or not given.get("person"):
            device.is_denied = True
            return Reply(200, page("Request denied", "You can close this window."))
        device.person = given["person"]
        return Reply(200, page("Request approved", "You can close this window."))

    def _waiting_device(self, user_code: str) -> _Device:
        try:
            device = self._device_of(user_code)
        except KeyError:
            raise wrong_page("No device shows this code.") from None
        if self.clock() >= device.ends or device.person is not None or device.is_denied:
            raise wrong_page("This code has expired or was used already.")
        return device

    def _device_of(self, user_code: str) -> _Device:
        wanted = user_code.upper().replace("-", "")
        for device in self._devices.values():
            if device.user_code.replace("-", "") == wanted:
                return device
        raise KeyError(user_code)

    # The portal

    def _list_accounts(self, request: Request) -> Reply:
        self._bearer(request)
        given = _portal_parameters(request, ())
        rows = [
            {"accountId": account.id, "accountName": account.name, "emailAddress": account.email}
            for account in self.accounts.values()
        ]
        return self._page(given, "accountList", rows)

    def _list_account_roles(self, request: Request) -> Reply:
        self._bearer(request)
        given = _portal_parameters(request, ("account_id",))
        account = self._account(given["account_id"])
        rows = [{"roleName": role, "accountId": account.id} for role in account.roles]
        return self._page(given, "roleList", rows, account.id)

    def _get_role_credentials(self, request: Request) -> Reply:
        self._bearer(request)
        given = _portal_parameters(request, ("account_id", "role_name"), ())
        if given["role_name"] not in self._account(given["account_id"]).roles:
            raise _portal_error("ForbiddenException", "No access")
        keys = {
            name: self._make_secret(name)
            for name in ("accessKeyId", "secretAccessKey", "sessionToken")
        }
        ends = self.clock() + self.lifetimes.role
        expiration = int(ends.timestamp() * 1000)
        return Reply(200, {"roleCredentials": {**keys, "expiration": expiration}})

    def _logout(self, request: Request) -> Reply:
        self._bearer(request).ended = "expired"
        return Reply(200, {})

    def _bearer(self, request: Request) -> Login:
        """The login of the access token. Raises `Refused`."""
        token = request.headers.get("x-amz-sso_bearer_token", "")
        if found := self._access_tokens.get(token):
            login, number, ends = found
            if login.ended is None and self.clock() < ends:
                login.received_answer(number)
                return login
        raise _portal_error("UnauthorizedException", "Session token not found or invalid")

    def _account(self, account_id: str) -> Account:
        if _ACCOUNT_ID.fullmatch(account_id) is None:
            raise _portal_error("InvalidRequestException", "invalid account_id")
        if account_id not in self.accounts:
            raise _portal_error("ForbiddenException", "No access")
        return self.accounts[account_id]

    def _page(
        self, given: Mapping[str, str], name: str, rows: Sequence[object], of: str = ""
    ) -> Reply:
        """The page of ``rows`` that is asked for; the token of the next one is its position."""
        place = f"{name}/{of}"
        try:
            size = int(given.get("max_result", self.page_size))
            token = given.get("next_token", "")
            given_place, start = base64.b64decode(token).decode().split() if token else (place, "0")
            first = int(start)
        except ValueError:
            raise _portal_error("InvalidRequestException", "invalid paging parameter") from None
        if not 1 <= size <= _MAX_ROWS or given_place != place or not 0 <= first <= len(rows):
            raise _portal_error("InvalidRequestException", "invalid paging parameter")
        answer: dict[str, object] = {name: rows[first : first + size]}
        if first + size < len(rows):
            next_token = base64.b64encode(f"{place} {first + size}".encode()).decode()
            repeats = self.faults.repeats_paging_token and token
            answer["nextToken"] = token if repeats else next_token
        return Reply(200, answer)


def _authorization_error(
    given: Mapping[str, str], client: _Client, scopes: Sequence[str]
) -> str | None:
    """The OAuth error of a request for authorization that came from a known client."""
    if given.get("response_type") != "code":
        return "unsupported_response_type"
    if CODE not in client.grant_types:
        return "unauthorized_client"
    if given.get("code_challenge_method") != "S256" or not is_challenge(
        given.get("code_challenge", "")
    ):
        return "invalid_request"
    return None if scopes and set(scopes) <= set(client.scopes) else "invalid_scope"


def _is_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1") and not parts.fragment


def _matches(uri: str, registered: str) -> bool:
    """Whether ``uri`` is ``registered`` with any port (RFC 8252, 7.3)."""
    if not _is_loopback(uri):
        return False
    ours, theirs = urlsplit(uri), urlsplit(registered)
    return (ours.hostname, ours.path, ours.query) == (theirs.hostname, theirs.path, theirs.query)


def _oidc_parameters(
    request: Request, required: Mapping[str, type], optional: Mapping[str, type]
) -> Mapping[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise _oidc_error("InvalidRequestException", "the content type is not application/json")
    try:
        return checked(request.parameters, required, optional)
    except ValueError as error:
        raise _oidc_error("InvalidRequestException", str(error)) from None


def _portal_parameters(
    request: Request,
    required: Sequence[str],
    optional: Sequence[str] = ("max_result", "next_token"),
) -> Mapping[str, str]:
    try:
        return checked(
            request.parameters, dict.fromkeys(required, str), dict.fromkeys(optional, str)
        )
    except ValueError as error:
        raise _portal_error("InvalidRequestException", str(error)) from None


def _oidc_error(code: str, description: str) -> Refused:
    words = re.findall(r"[A-Z][a-z]+", code.removesuffix("Exception"))
    name = _OAUTH_NAMES.get(code, "_".join(words).lower())
    body = {"error": name, "error_description": description}
    return Refused(code, Reply(_OIDC_STATUS.get(code, 400), body, {"x-amzn-ErrorType": code}))


def _portal_error(code: str, message: str) -> Refused:
    body = {"message": message, "__type": f"com.amazonaws.switchboard.portal#{code}"}
    return Refused(code, Reply(_PORTAL_STATUS[code], body, {"x-amzn-ErrorType": code}))


def main() -> None:
    """Serves with many accounts."""
    parser = argparse.ArgumentParser(prog="python -m keystead.testing.identity_center")
    parser.add_argument("--port", type=int, default=0, help="(default: a port of the system)")
    parser.add_argument("--accounts", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--roles", type=int, default=2, help="in each (default: %(default)s)")
    parser.add_argument("--per-second", type=float, help="calls of the portal that pass")
    parser.add_argument("--latency", type=float, default=0.0, help="of each answer, in seconds")
    given = parser.parse_args()
    center = IdentityCenter(port=given.port)
    center.faults.per_second = given.per_second
    center.faults.latency = given.latency
    roles = [f"Role{number}" for number in range(1, given.roles + 1)]
    for number in range(1, given.accounts + 1):
        center.add_account(f"{number:012}", f"Account {number}", roles=roles)
    run(center)


if __name__ == "__main__":
    main()
