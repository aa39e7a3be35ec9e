"""The cmdlets that sign in: IAM Identity Center, its settings, and the console's login."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from keystead import caller
from keystead.errors import KeysteadError, ProfileNotFound, UsageError
from keystead.model.profile import Profile
from keystead.model.sources.login import Login
from keystead.model.sources.sso import ACCOUNT
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values, switch
from keystead.powershell.cmdlets.region import known_region
from keystead.powershell.engine.credential_parameters import PROFILE_NAME, REGION
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from keystead.app.sign_in import SigningIn
    from keystead.login.options import Screen
    from keystead.login.targets import Target

_SCOPE = "sso:account:access"


def sso_login(state: State, values: Values) -> Iterable[AwsObject]:
    """``Invoke-AWSSSOLogin``: signs in to IAM Identity Center, unless the login is valid."""
    signing_in = _signing_in(state)
    target = signing_in.target(values.get("ProfileName"), values.get("SessionName"))
    if isinstance(target, Login):
        raise UsageError(
            f"profile `{target.profile}` signs in with the console's login",
            id="login-not-needed",
            hint="Invoke-AWSLogin signs in to it",
        )
    _sign_in(state, signing_in, target, force=bool(values.get("Force")))
    return ()


def console_login(state: State, values: Values) -> Iterable[AwsObject]:
    """``Invoke-AWSLogin``: signs in with the console's login, as a new or another session."""
    region = known_region(values["Region"]) if values.get("Region") else None
    signing_in = _signing_in(state)
    target = signing_in.console_target(values.get("ProfileName"), region)
    milliseconds = values.get("ExecutionTimeout")
    if milliseconds is not None and milliseconds <= 0:
        raise UsageError("-ExecutionTimeout is not a number of milliseconds above 0")
    more: dict[str, Any] = {"device": True} if values.get("Remote") else {}
    if milliseconds is not None:
        more["patience"] = milliseconds / 1000
    _sign_in(state, signing_in, target, force=True, **more)
    return ()


def sso_logout(state: State, values: Values) -> Iterable[AwsObject]:
    """``Invoke-AWSSSOLogout``: ends the login of a profile, without one all of Identity Center."""
    name, signing_in = values.get("ProfileName"), _signing_in(state)
    found = [signing_in.target(name)] if name else _logins(signing_in)
    _sign_out(state, signing_in, [each for each in found if not isinstance(each, Login)])
    return ()


def console_logout(state: State, values: Values) -> Iterable[AwsObject]:
    """``Invoke-AWSLogout``: removes the console's login of a profile, or all of them."""
    signing_in = _signing_in(state)
    if values.get("All"):
        found = [each for each in _logins(signing_in) if isinstance(each, Login)]
    else:
        found = [signing_in.console_target(values.get("ProfileName"))]
    _sign_out(state, signing_in, found)
    return ()


def set_sso_session(state: State, values: Values) -> Iterable[AwsObject]:
    """``Set-AWSSSOSessionConfiguration``: creates or changes an ``sso-session`` section."""
    state.app.shared.set_sso_session(values["SessionName"], _session_settings(values))
    return ()


def initialize_sso(state: State, values: Values) -> Iterable[AwsObject]:
    """``Initialize-AWSSSOConfiguration``: an sso-session, a login, and a profile of one role.

    What is not given is asked for, with the values of an existing profile as suggestions.
    """
    asked = _Questions(state, values)
    session, portal = asked.session()
    state.app.shared.set_sso_session(session, portal)
    if state.what_if:
        return ()  # the accounts are known only after signing in
    signing_in = _signing_in(state)
    _sign_in(state, signing_in, signing_in.target(None, session), force=True)
    account, role = asked.role(session)
    name = asked.text("ProfileName", "the name of the profile", f"{account}-{role}")
    settings = {"sso_session": session, "sso_account_id": account, "sso_role_name": role}
    region = asked.region()
    if region:
        settings["region"] = region
    state.app.shared.change(name, lambda _: settings)
    state.console.note(f"profile `{name}` uses the role {role} of account {account}")
    return ()


def _signing_in(state: State) -> SigningIn:
    from keystead.app.sign_in import SigningIn

    return SigningIn(state.app)


def _sign_in(state: State, signing_in: SigningIn, target: Target, **options: Any) -> None:  # noqa: ANN401  # those of `Options`
    from keystead.login.options import Options

    caller.process.require_own_process()
    done = signing_in.sign_in(target, _screen(state), Options(**options))
    how = "signed in" if done.is_new else "already signed in"
    state.console.note(f"{how}: {done.title}")


def _logins(signing_in: SigningIn) -> list[Target]:
    """All logins, of the files and stored, each once."""
    from keystead.login.targets import identity

    found = (*signing_in.stored(), *signing_in.all())
    return list({identity(each): each for each in found}.values())


def _sign_out(state: State, signing_in: SigningIn, targets: Sequence[Target]) -> None:
    for target in targets:
        done = signing_in.sign_out(target, _screen(state)).login
        if done.not_revoked:
            state.console.warn(f"{done.title} was removed and not revoked: {done.not_revoked}")
        elif done.was_there:
            state.console.note(f"signed out: {done.title} was removed")


def _screen(state: State) -> Screen:
    from keystead.login.options import Screen

    return Screen(state.console.note, state.console.warn, state.console.line)


def _session_settings(values: Values) -> dict[str, str]:
    scopes = values.get("RegistrationScopes") or [_SCOPE]
    return {
        "sso_start_url": _start_url(values["StartUrl"]),
        "sso_region": known_region(values["SSORegion"]),
        "sso_registration_scopes": ",".join(scopes),
    }


def _start_url(text: str) -> str:
    """The address of the portal, without a slash at its end. Raises `UsageError`."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise UsageError(
            "-StartUrl is not an address",
            hint="copy it from the access portal; it begins with https://",
        )
    return text.strip().rstrip("/")


class _Questions:
    """The values of Initialize-AWSSSOConfiguration: given, else asked for."""

    def __init__(self, state: State, values: Values) -> None:
        self._state = state
        self._values = values
        self._profiles = state.app.snapshot()
        names = ("ProfileName", "SessionName", "AccountId", "RoleName", "StartUrl", "SSORegion")
        self._is_interactive = not all(map(values.get, names))

    def text(self, parameter: str, question: str, suggested: str = "") -> str:
        """What was given, else typed, else what is suggested. Raises `UsageError` for nothing."""
        given = self._values.get(parameter)
        if given:
            return str(given)
        shown = f" [{suggested}]" if suggested else ""
        typed = self._state.app.system.terminal.ask(f"{question}{shown}", hint=f"give -{parameter}")
        if not typed and not suggested:
            raise UsageError(f"-{parameter} is needed: {question}", id="missing-parameter")
        return typed or suggested

    def session(self) -> tuple[str, dict[str, str]]:
        """The name of the sso-session, and its settings."""
        known = self._known
        name = self._values.get("SessionName") or known.get("sso_session")
        section = dict(self._profiles.sso_session(name)) if name else {}
        found = {**known, **section}
        url = _start_url(self.text("StartUrl", "start URL", found.get("sso_start_url", "")))
        region = known_region(
            self.text("SSORegion", "region of IAM Identity Center", found.get("sso_region", ""))
        )
        host = (urlsplit(url).hostname or "").partition(".")[0]
        session = self.text("SessionName", "name of the sso-session", name or f"sso-session-{host}")
        scopes = self._values.get("RegistrationScopes")
        written = found.get("sso_registration_scopes", _SCOPE)
        if not scopes and self._is_interactive:
            written = self.text("RegistrationScopes", "scopes, separated by commas", written)
        return session, {
            "sso_start_url": url,
            "sso_region": region,
            "sso_registration_scopes": ",".join(scopes) if scopes else written,
        }

    @property
    def _known(self) -> dict[str, str]:
        """The settings of the profile, if there is one."""
        profile = self._profile()
        names = ("sso_session", "sso_start_url", "sso_region", *ACCOUNT, "region")
        return {name: text for name in names if profile and (text := profile.text(name))}

    def _profile(self) -> Profile | None:
        name = self._values.get("ProfileName")
        try:
            return self._profiles.find(name) if name else None
        except ProfileNotFound:
            return None

    def role(self, session: str) -> tuple[str, str]:
        """An account and a role that the login reaches."""
        source = self._state.app.snapshot()
        directory = self._state.app.directory(session, source)
        _, listing = directory.account("")
        names = {account.id: account.name for account in listing.accounts}
        account = self._one("AccountId", "account", names, self._known.get("sso_account_id", ""))
        roles = dict.fromkeys(directory.roles(account), "")
        return account, self._one("RoleName", "role", roles, self._known.get("sso_role_name", ""))

    def _one(self, parameter: str, what: str, names: dict[str, str], suggested: str) -> str:
        """One of ``names``: the given one, the only one, else the one that is chosen."""
        given = self._values.get(parameter)
        if given in names:
            return str(given)
        if not names:
            raise KeysteadError(f"the login has no {what}", id="login-reaches-nothing")
        if given:
            self._state.console.warn(f"the login does not reach the {what} `{given}`")
        elif len(names) == 1:
            return next(iter(names))
        return self._chosen(parameter, what, names, suggested if suggested in names else "")

    def _chosen(self, parameter: str, what: str, names: dict[str, str], suggested: str) -> str:
        terminal = self._state.app.system.terminal
        rows = list(names.items())
        for number, (name, meaning) in enumerate(rows, 1):
            terminal.tell(f"{number:>4}  {name}  {meaning}".rstrip())
        shown = f" [{suggested}]" if suggested else ""

        def typed() -> str:
            text = terminal.ask(f"{what}{shown}", hint=f"give -{parameter}") or suggested
            if text.isdigit() and 1 <= int(text) <= len(rows):
                return rows[int(text) - 1][0]
            if text not in names:
                raise _NotListed(f"there is no such {what}", hint="type its number, or its name")
            return text

        return terminal.until_accepted(typed, (_NotListed,))

    def region(self) -> str | None:
        """The region of the profile."""
        given = self._values.get("Region")
        if not given and self._is_interactive:
            typed = self.text("Region", "region", self._known.get("region", "none"))
            given = None if typed == "none" else typed
        return known_region(given) if given else None


class _NotListed(UsageError):
    """What was typed is not one of the choices."""


_PROFILE, _SESSION = "Profile", "Session"
_SESSION_NAME = Parameter("SessionName", "the name of the sso-session", values="sso_session")
_PORTAL = (
    Parameter("StartUrl", "the address of the access portal"),
    Parameter("SSORegion", "the region of IAM Identity Center", values="region"),
    Parameter(
        "RegistrationScopes",
        f"what the login may be used for; default: {_SCOPE}",
        kind="strings",
    ),
)


def _mandatory(rows: Sequence[Parameter]) -> tuple[Parameter, ...]:
    return tuple(replace(row, sets={"Default": True}) for row in rows)


CMDLETS = (
    Cmdlet(
        "Invoke-AWSSSOLogin",
        "sign in to IAM Identity Center",
        (
            replace(PROFILE_NAME, sets={_PROFILE: False}, position=0, piped=True),
            replace(_SESSION_NAME, sets={_SESSION: True}),
            switch("Force", "sign in although a login is valid"),
        ),
        sso_login,
    ),
    Cmdlet(
        "Initialize-AWSSSOConfiguration",
        "set up an sso-session and a profile for IAM Identity Center, and sign in",
        (
            replace(PROFILE_NAME, meaning="the name of the profile", position=200, piped=True),
            _SESSION_NAME,
            Parameter("AccountId", "the account"),
            Parameter("RoleName", "the role in that account"),
            *_PORTAL,
            replace(REGION, meaning="the region of the profile", position=210, piped=True),
        ),
        initialize_sso,
        changes=("ProfileName",),
    ),
    Cmdlet(
        "Set-AWSSSOSessionConfiguration",
        "create or change an sso-session",
        (*_mandatory((_SESSION_NAME, *_PORTAL[:2])), _PORTAL[2]),
        set_sso_session,
        changes=("SessionName",),
    ),
    Cmdlet(
        "Invoke-AWSLogin",
        "sign in with the console's login, for a profile that has one or is new",
        (
            replace(PROFILE_NAME, meaning="the profile", position=1, piped=True),
            replace(REGION, meaning="the region, also of a new profile", position=211, piped=True),
            switch("Remote", "sign in in a browser on another device, and paste its code"),
            Parameter("ExecutionTimeout", "how long to wait, in milliseconds", kind="int"),
        ),
        console_login,
    ),
    Cmdlet(
        "Invoke-AWSSSOLogout",
        "sign out of IAM Identity Center; without a profile, of all logins",
        (replace(PROFILE_NAME, meaning="the profile", piped=True),),
        sso_logout,
    ),
    Cmdlet(
        "Invoke-AWSLogout",
        "remove the console's login of a profile",
        (
            replace(PROFILE_NAME, meaning="the profile", piped=True),
            switch("All", "remove all logins of the console"),
        ),
        console_logout,
    ),
)
