"""Signing in, for commands and cmdlets: which login is meant, and with which settings."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from keystead.app import App
from keystead.errors import (
    FileProblem,
    InteractionRequired,
    KeysteadError,
    NameMissing,
    ProfileNotFound,
    UsageError,
)
from keystead.identity_center.listing_cache import ListingCache
from keystead.login.options import Context, Options, Screen, SignedIn
from keystead.login.sign_in import sign_in
from keystead.login.sign_out import SignedOut, sign_out
from keystead.login.targets import Target, all_targets, named, target_of
from keystead.model.client_settings import NO_CLIENT_SETTINGS, client_settings
from keystead.model.sources.login import SETTING, Login
from keystead.model.sso_login import KEYSTEAD, SsoLogin
from keystead.model.validation import check_profile_name
from keystead.model.variables import profile_in_effect
from keystead.outside import parse_json, parse_moment
from keystead.stores.chain import ChainSnapshot
from keystead.value import NamedTuple, replace


class Ended(NamedTuple):
    """A login that was ended: how many sessions it had in the cache, and until when credentials
    work that were handed out.
    """

    login: SignedOut
    sessions: int
    until: datetime | None


class SigningIn:
    """The logins of the profiles and sso-sessions of ``app``, or of ``profiles``."""

    def __init__(self, app: App, profiles: ChainSnapshot | None = None) -> None:
        self._app = app
        self._profiles = profiles or app.snapshot()

    def console_target(self, name: str | None, region: str | None = None) -> Login:
        """The console's login of a profile that has one, or that has no credentials yet.

        Without ``name``, it is the profile in effect. Raises `UsageError` where its credentials are
        others, which would take precedence.
        """
        in_effect = profile_in_effect(self._app.environ)
        name = name or (in_effect[1] if in_effect else "default")
        try:
            profile = self._profiles.find(name)
        except ProfileNotFound:
            check_profile_name(name, shared=True)
            return Login(profile=name, login_session="", region=region)
        region = region or profile.region
        chosen = profile.choice.chosen
        if chosen and chosen.kind is not Login:
            raise UsageError(
                f"profile `{name}` has other credentials: {chosen.kind.meaning}",
                id="login-other-credentials",
                hint="sign in with another name, which becomes a profile",
            )
        return replace(Login.from_profile(profile, self._profiles), region=region)

    def current(self, profile: str) -> str:
        """As `ConsoleSessions.current`."""
        try:
            return self._app.snapshot().find(profile).text(SETTING) or ""
        except ProfileNotFound:
            return ""

    def adopt(self, target: Login, session: str) -> None:
        """As `ConsoleSessions.adopt`. Raises `InteractionRequired` where nobody says yes."""
        hint = "choose that session in the browser, or sign in with another profile"
        before = f"profile `{target.profile}` is for {target.login_session}"
        if target.login_session and not self._app.system.terminal.confirm(
            f"{before}; is it to be for {session} from now on?", hint=f"{before}: {hint}"
        ):
            raise InteractionRequired(
                f"{before}, and {session} has signed in", id="login-session-differs", hint=hint
            )
        changes = {SETTING: session}
        try:
            store, profile = self._app.snapshot().locate(target.profile)
        except ProfileNotFound:
            store = self._app.shared  # which the AWS CLI reads too
            if target.region:
                changes["region"] = target.region
        else:
            if target.region and not profile.region:
                changes["region"] = target.region
        store.change(target.profile, lambda _: changes)

    def target(self, name: str | None, session: str | None = None) -> Target:
        """The login of the profile ``name`` or of an sso-session; without either that of the
        profile in effect, else the only one that there is. Raises `UsageError`, and as `target_of`.
        """
        if session is not None:
            return self._of_session(name, session)
        if name is not None:
            return self._of_profile(name)
        in_effect = profile_in_effect(self._app.environ)
        if in_effect:
            return self._of_profile(in_effect[1])
        try:
            return target_of("default", self._profiles)
        except (ProfileNotFound, UsageError):
            found = self.all()
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                "no profile and no sso-session needs a sign-in",
                id="login-not-needed",
                hint="add a section `[sso-session NAME]` with `sso_start_url` and `sso_region` to "
                "the config file; for the console's login, run `keystead login NAME --console`",
            )
        raise NameMissing(
            "there are several logins",
            id="login-ambiguous",
            hint="name one: " + ", ".join(f"`{named(target)}`" for target in found),
        )

    def all(self) -> list[Target]:
        """All logins of profiles and sections, each once."""
        return all_targets(self._profiles.profiles(), self._profiles.sso_sessions(), self._profiles)

    def sign_in(self, target: Target, screen: Screen, options: Options) -> SignedIn:
        """Signs a person in; see `keystead.login.sign_in.sign_in`."""
        return sign_in(target, self.context(target, screen, options))

    def sign_out(self, target: Target, screen: Screen) -> Ended:
        """Revokes the login where the service can, and removes its tokens and all sessions that
        were made with it, also those in the agent.
        """
        app = self._app
        done = sign_out(target, self.context(target, screen, Options()))
        until = self._handed_out_until(done.source)
        app.sessions.flights.clear()
        dropped = app.sessions.drop_from(done.source)
        if isinstance(target, SsoLogin) and target.session:
            portal = (target.session, target.start_url, target.region)
            ListingCache(app.system, *portal).forget()
        app.agent.forget()
        return Ended(done, len(dropped), until)

    def stored(self) -> list[Target]:
        """The sealed logins, also those that no profile and no section names."""
        found: list[Target] = []
        for each in self._app.logins.all():
            kind, _, name = each.title.partition(" ")
            if kind == "login":
                found.append(Login(profile=name, login_session=name))
            elif kind != "registration":
                with suppress(KeysteadError, ValueError, LookupError):
                    document = parse_json(each.read().data or b"{}")
                    portal = {"start_url": document["startUrl"], "region": document["region"]}
                    found.append(SsoLogin(session=name or None, **portal, cache=KEYSTEAD))
        return found

    def remove_rest(self) -> None:
        """Removes all sealed files that are left: registrations, and what cannot be opened."""
        for each in self._app.logins.all():
            with each.lock():
                each.remove()

    def _handed_out_until(self, source: str) -> datetime | None:
        """When the last credentials with that source expire that the audit log knows of."""
        now, last = self._app.system.clock(), None
        with suppress(FileProblem):
            for line in self._app.audit.lines():
                entry = line.entry or {}
                if str(entry.get("source")).startswith(source) and entry.get("expires_at"):
                    with suppress(ValueError):
                        ends = parse_moment(entry["expires_at"])
                        last = max(last or now, ends)
        return last if last and last > now else None

    def context(self, target: Target, screen: Screen, options: Options) -> Context:
        """What signing in to ``target`` works with."""
        app, settings = self._app, NO_CLIENT_SETTINGS
        if target.profile:
            with suppress(ProfileNotFound):  # it is made by signing in
                settings = client_settings(self._profiles.find(target.profile), self._profiles)
        client = app.client(settings.with_variables(app.environ), None)
        return Context(app.system, client, app.logins, screen, options, self)

    def _of_profile(self, name: str) -> Target:
        profile = self._profiles.find(name)
        has_source = profile.choice.chosen or profile.has("sso_session")
        return target_of(name, self._profiles) if has_source else self.console_target(name)

    def _of_session(self, name: str | None, session: str) -> SsoLogin:
        if name is not None:
            raise UsageError("a profile and `--sso-session` were given", hint="give one of the two")
        return SsoLogin.of_session(session, self._profiles.existing_sso_session(session))
