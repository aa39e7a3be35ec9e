"""The registration of keystead as a client of IAM Identity Center, cached until its end.

It is stored where the login is: in the AWS CLI's cache under the CLI's own name for it, or sealed.
Scopes are part of the name, so that other scopes get another registration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from keystead.errors import FileProblem, ProviderError, StoreUnavailable
from keystead.model.sso_login import SsoLogin
from keystead.outside import number, parse_moment, text_in
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument, read_object
from keystead.resolve.sso.oidc import SsoTokenCache, cache_folder, call_oidc
from keystead.resolve.sso.place import SEALED_OTHERWISE, Place, SealedPlaces, TokenFile
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed, Snapshot
from keystead.value import Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CODE = ("authorization_code", "refresh_token")
"""The grant types of a client that signs in by a browser; none are named for a device code."""

DEFAULT_SCOPE = "sso:account:access"

_WINDOW = timedelta(minutes=15)
"""How long before its end a registration is made again, as the AWS CLI does."""


class Registration(Value):
    """A client: its id and secret, and when the registration ends."""

    client_id: str
    client_secret: str = field(repr=False)
    ends: datetime

    @property
    def parameters(self) -> dict[str, str]:
        """What a request of this client has."""
        return {"clientId": self.client_id, "clientSecret": self.client_secret}


def scopes_of(login: SsoLogin) -> tuple[str, ...]:
    """The scopes to ask for: those of the settings, else what lists accounts and gets roles."""
    return login.scopes or ((DEFAULT_SCOPE,) if login.session else ())


class Registrations:
    """The registrations for one login; ``client`` calls its region."""

    def __init__(
        self, login: SsoLogin, cache: SsoTokenCache, client: AwsClient, sealed: SealedPlaces
    ) -> None:
        self._login = login
        self._system = cache.system
        self._client = client
        self._is_shared = cache.place is cache.places.shared
        self._sealed = sealed

    def get(self, grants: tuple[str, ...], *, new: bool = False) -> Registration:
        """A registration that is valid for a while: the cached one, unless it is to be ``new``.

        A file that is none is left alone. Raises `ProviderError`.
        """
        place = self._place(grants)
        with suppress(FileProblem), place.lock():
            snapshot = _read(place)
            found = self._valid(snapshot.data, grants)
            if found and not new:
                return found
            made, document = self._register(grants)
            if snapshot.data is None or _is_registration(snapshot.data):
                with suppress(Changed):
                    data = json.dumps(document).encode()
                    place.replace(data, expect=snapshot.version, renewed=False)
            return made
        return self._register(grants)[0]

    def places(self) -> list[Place]:
        """Where the sealed ones are."""
        return [self._sealed_place(grants) for grants in (CODE, ())]

    def _register(self, grants: tuple[str, ...]) -> tuple[Registration, dict[str, Any]]:
        login, scopes = self._login, scopes_of(self._login)
        parameters: dict[str, Any] = {
            "clientName": f"keystead-{login.session}" if login.session else "keystead",
            "clientType": "public",
        }
        if grants:
            parameters["grantTypes"] = list(grants)
            # The service takes any port for it: RFC 8252, 7.3.
            parameters["redirectUris"] = ["http://127.0.0.1/oauth/callback"]
            parameters["issuerUrl"] = login.start_url
        if scopes:
            parameters["scopes"] = list(scopes)
        try:
            answer = call_oidc(self._client, self._system, "RegisterClient", parameters)
        except ProviderError as error:
            if error.code is None or error.hint:
                raise
            section = f"`[sso-session {login.session}]`" if login.session else "the profile"
            hint = f"check `sso_start_url`, `sso_region` and `sso_registration_scopes` of {section}"
            raise ProviderError(error.message, id=error.id, hint=hint, code=error.code) from None
        try:
            seconds = number(answer.get("clientSecretExpiresAt"), 0, 253_370_764_800)
            ends = self._system.server_time.here(datetime.fromtimestamp(seconds, UTC))
            made = Registration(
                text_in(answer.get("clientId")), text_in(answer.get("clientSecret")), ends
            )
        except (ValueError, OverflowError, OSError):
            raise unusable("sso-oidc", "RegisterClient") from None
        document: dict[str, Any] = {**made.parameters, "expiresAt": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
        document |= {
            name: parameters[name] for name in ("scopes", "grantTypes") if name in parameters
        }
        return made, document

    def _valid(self, data: bytes | None, grants: tuple[str, ...]) -> Registration | None:
        if data is None or not _is_registration(data):
            return None
        document = read_object(data)
        given = document.get("grantTypes") or ()
        ends = parse_moment(document["expiresAt"])
        is_for_code = isinstance(given, list) and CODE[0] in given
        if is_for_code != (grants == CODE) or self._system.clock() + _WINDOW >= ends:
            return None
        return Registration(text_in(document["clientId"]), text_in(document["clientSecret"]), ends)

    def _place(self, grants: tuple[str, ...]) -> Place:
        if not self._is_shared:
            return self._sealed_place(grants)
        # As the AWS CLI names it, for either flow.
        name = hashlib.sha1(self._identity().encode(), usedforsecurity=False).hexdigest()
        return TokenFile(self._system.files, cache_folder(self._system) / f"{name}.json")

    def _sealed_place(self, grants: tuple[str, ...]) -> Place:
        name = "\n".join(("registration", *grants, self._identity()))
        title = self._login.session or self._login.start_url
        return self._sealed.at(name, f"registration for {title}")

    def _identity(self) -> str:
        login = self._login
        identity: Mapping[str, object] = {
            "tool": "botocore",
            "startUrl": login.start_url,
            "region": login.region,
            "scopes": list(login.scopes) or None,
            "session_name": login.session,
        }
        return json.dumps(identity, sort_keys=True)


def _read(place: Place) -> Snapshot:
    """What is there; without data where it cannot be opened any more, so that it is replaced."""
    try:
        return place.read()
    except StoreUnavailable as error:
        if error.id != SEALED_OTHERWISE:
            raise
        return Snapshot(None, FileVersion.at(place.path))


def _is_registration(data: bytes) -> bool:
    try:
        document = read_object(data)
        parse_moment(document.get("expiresAt"))
    except (BadDocument, ValueError):
        return False
    return all(isinstance(document.get(name), str) for name in ("clientId", "clientSecret"))
