"""Initialize- and Clear-AWSDefaultConfiguration: the defaults in the store and in the shell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from keystead import caller
from keystead.console.removal import naming
from keystead.errors import NotConfigured, ProfileNotFound, UsageError
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile, SettingValue
from keystead.model.search import DEFAULT_PROFILE
from keystead.outside import whole
from keystead.powershell.cmdlet import Cmdlet, Values, switch
from keystead.powershell.cmdlets.region import known_region
from keystead.powershell.engine.credential_objects import keys_object, profile_object
from keystead.powershell.engine.credential_parameters import (
    CREDENTIAL_PARAMETERS,
    CREDENTIAL_SETS,
    OLD_DEFAULT,
    PROFILE_SET,
    REGION,
    SCOPE,
    find_credentials,
    find_region,
    given_credentials,
    keys_to_save,
    location_parameter,
    profile_parameter,
    profile_settings,
)
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.stores.chain import StoreChain
from keystead.value import replace

_KEYS_HINT = "give -AccessKey and -SecretKey, or -ProfileName"


def initialize_defaults(state: State, values: Values) -> Iterable[AwsObject]:
    """``Initialize-AWSDefaultConfiguration``: creates `default` and sets the shell's defaults."""
    caller.process.require_own_process()  # the new profile may need a prompt or a helper
    location = values.get("ProfileLocation")
    chain = state.app.chain(location)
    region = known_region(values["Region"]) if values.get("Region") else None
    values = {**values, "Region": region}
    name, settings, ambient = values.get("ProfileName"), profile_settings(values), None
    if not name:
        if values.get("Credential") is not None:
            settings |= keys_to_save(given_credentials(state, values))
        elif not given_credentials(state, values) and not region and not _has(chain):
            ambient = _ambient(state, values)
            if ambient is None:
                name, typed = _choose(state, chain)
                settings |= typed
    if not region:
        settings |= _typed_region(state, values, name)
    if name and name != DEFAULT_PROFILE:
        chain.snapshot().locate(name)[0].copy(name, DEFAULT_PROFILE, force=True)
        state.verbose_message(f"profile `{DEFAULT_PROFILE}` is a copy of `{name}`")
    if name and settings:
        chain.snapshot().locate(DEFAULT_PROFILE)[0].change(DEFAULT_PROFILE, lambda _: settings)
    elif settings:
        chain.register(Profile(DEFAULT_PROFILE, settings))
    _take(state, values, ambient)
    return ()


def clear_defaults(state: State, values: Values) -> Iterable[AwsObject]:
    """``Clear-AWSDefaultConfiguration``: removes `default` and the shell's defaults."""
    if values.get("Scope") and values.get("SkipShell"):
        raise UsageError("`-Scope` and `-SkipShell` cannot be combined")
    if not values.get("SkipProfileStore"):
        state.console.warn(
            "this removes the profile `default`; Remove-AWSCredentialProfile removes others"
        )
        for name in (DEFAULT_PROFILE, OLD_DEFAULT):
            before = state.app.snapshot(values.get("ProfileLocation"))
            try:
                store, profile = before.locate(name)
            except ProfileNotFound:
                continue
            broken = [p for p in before.dependents(store, profile) if not p.is_same(profile)]
            store.unregister(name)
            if broken:
                state.console.warn(f"{naming(broken)} `{name}`, which was removed")
            state.verbose_message(f"profile `{name}` was removed")
    if not values.get("SkipShell"):
        state.credentials = None
        state.region = None
    return ()


def _has(chain: StoreChain) -> bool:
    """Whether there is a `default` that gives credentials."""
    try:
        return chain.find(DEFAULT_PROFILE).type is not None
    except ProfileNotFound:
        return False


def _ambient(state: State, values: Values) -> AwsObject | None:
    """Credentials without a profile; the shell uses them, and they are not saved."""
    try:
        return find_credentials(state, values)
    except NotConfigured:
        return None


def _choose(state: State, chain: StoreChain) -> tuple[str | None, dict[str, SettingValue]]:
    """The profile that was selected, else the keys that were typed."""
    terminal = state.app.system.terminal
    names = list(dict.fromkeys(profile.name for profile in chain.profiles() if profile.type))
    if names:
        for number, name in enumerate(["new keys", *names]):
            terminal.tell(f"{number:>3}  {name}")
        answer = terminal.ask("number of the profile to use as default [0]", hint=_KEYS_HINT)
        if answer not in ("", "0"):
            try:
                return names[whole(answer, 1, len(names)) - 1], {}
            except ValueError as error:
                raise UsageError(f"the answer {error}", hint=_KEYS_HINT) from None
    key = terminal.ask("access key", hint=_KEYS_HINT)
    secret = terminal.ask_secret("secret key", hint=_KEYS_HINT)
    if not key or not secret:
        raise UsageError("both keys are needed", id="missing-parameter", hint=_KEYS_HINT)
    return None, keys_to_save(keys_object(Credentials(key, secret)))


def _typed_region(state: State, values: Values, name: str | None) -> Mapping[str, SettingValue]:
    """The region that was typed; empty if there is one already, or no terminal."""
    terminal = state.app.system.terminal
    given = {**values, "ProfileName": name} if name else values
    if find_region(state, given) or not terminal.available():
        return {}
    answer = terminal.ask("default region [none]", hint="give -Region")
    return {"region": known_region(answer)} if answer else {}


def _take(state: State, values: Values, ambient: AwsObject | None) -> None:
    """Sets the shell's credentials and region from `default`, or else from the machine."""
    location = values.get("ProfileLocation")
    found = _has(state.app.chain(location))
    if found:
        state.credentials = profile_object(state.app, DEFAULT_PROFILE, location, None)
    elif ambient is not None:
        state.credentials = ambient
        state.console.note(
            "the credentials that were found are used in this shell; none were saved"
        )
    state.region = find_region(state, {**values, "ProfileName": DEFAULT_PROFILE if found else None})


CMDLETS = (
    Cmdlet(
        "Initialize-AWSDefaultConfiguration",
        "create the profile `default`, and set the shell's credentials and region from it",
        (
            *CREDENTIAL_PARAMETERS,
            profile_parameter({PROFILE_SET: True}),
            replace(
                REGION,
                meaning="the default region",
                sets={**dict.fromkeys(CREDENTIAL_SETS, False), "RegionOnly": True},
                position=210,
            ),
            SCOPE,
        ),
        initialize_defaults,
        aliases=("Initialize-AWSDefaults",),
        default_set="InstanceProfile",
        changes=(),
    ),
    Cmdlet(
        "Clear-AWSDefaultConfiguration",
        "remove the profile `default`, and forget the shell's credentials and region",
        (
            switch("SkipShell", "do not clear the shell's credentials and region"),
            switch("SkipProfileStore", "do not remove the profile"),
            location_parameter("the shared credentials file to remove it from"),
            SCOPE,
        ),
        clear_defaults,
        aliases=("Clear-AWSDefaults",),
        changes=(),
    ),
)
