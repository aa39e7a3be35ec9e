"""The credential cmdlets: Set-, New-, Get-, Clear-AWSCredential, Remove-AWSCredentialProfile and
Initialize-AWSDefaultConfiguration. Each is a function of the shell's state and bound parameters.
"""

from __future__ import annotations

from collections.abc import Iterable

from keystead.cmdlets.objects import AwsObject, keys_object, profile_object, profile_row
from keystead.cmdlets.removal import remove_profiles
from keystead.cmdlets.sources import (
    Values,
    find_credentials,
    find_region,
    given_credentials,
    profile_settings,
)
from keystead.cmdlets.state import State
from keystead.errors import NotConfigured, ProfileNotFound, UsageError
from keystead.model.credentials import Credentials
from keystead.model.defaultsearch import DEFAULT_PROFILE
from keystead.model.profile import Profile, Value

_KEYS_HINT = "give -AccessKey and -SecretKey, or -ProfileName"


def set_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``Set-AWSCredential``: saves a profile, or sets the shell's credentials."""
    name = values.get("StoreAs")
    makes_profile = bool(values.get("AccessKey") or values.get("RoleArn"))
    if makes_profile and values.get("ProfileName"):
        if name:
            raise UsageError("-StoreAs and -ProfileName both name the profile to save")
        name = values["ProfileName"]
    if not name:
        state.credentials = given_credentials(state, values)
        if not state.lasting:
            state.console.note("these credentials end with this command; -StoreAs NAME saves them")
    elif values.get("ProfileName") and not makes_profile:
        store, _ = state.app.chain(values.get("ProfileLocation")).locate(values["ProfileName"])
        store.copy(values["ProfileName"], name, force=True)
    else:
        _save(state, name, values)
    return ()


def _save(state: State, name: str, values: Values) -> None:
    chain = state.app.chain(values.get("ProfileLocation"))
    settings = profile_settings(values)
    if values.get("Credential") is not None:
        settings |= _keys_to_save(given_credentials(state, values))
    chain.register(Profile(name, settings))
    source = values.get("SourceProfile")
    if source and source != name:
        try:
            chain.find(source)
        except ProfileNotFound:
            state.console.warn(f"the source profile `{source}` does not exist yet")


def _keys_to_save(given: AwsObject | None) -> dict[str, Value]:
    if given is None or given.keys is None:
        raise UsageError(
            "the credentials of a role cannot be saved as keys",
            hint="save the role: -StoreAs NAME -SourceProfile NAME -RoleArn ARN",
        )
    keys = {
        "aws_access_key_id": given.keys.access_key_id,
        "aws_secret_access_key": given.keys.secret_access_key,
        "aws_session_token": given.keys.session_token,
    }
    return {key: value for key, value in keys.items() if value}


def new_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``New-AWSCredential``: a credentials object, stored nowhere."""
    return (find_credentials(state, values),)


def get_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-AWSCredential``: the shell's credentials, one profile's, or the list of profiles."""
    location = values.get("ProfileLocation")
    if values.get("ProfileName"):
        return (profile_object(state.app, values["ProfileName"], location, state.region),)
    if values.get("ListProfileDetail") or values.get("ListProfile"):
        found = [p for p in state.app.chain(location).profiles() if p.type]
        if values.get("ListProfileDetail"):
            return [profile_row(profile) for profile in found]
        state.console.warn("-ListProfile is deprecated; use -ListProfileDetail")
        return [AwsObject({"ProfileName": profile.name}) for profile in found]
    return (state.credentials,) if state.credentials else ()


def clear_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``Clear-AWSCredential``: forgets the shell's credentials; with a name, removes a profile."""
    if values.get("ProfileName"):
        return remove_profile(state, values)
    state.credentials = None
    return ()


def remove_profile(state: State, values: Values) -> Iterable[AwsObject]:
    """``Remove-AWSCredentialProfile``."""
    remove_profiles(
        state.app,
        state.console,
        [values["ProfileName"]],
        values.get("ProfileLocation"),
        force=bool(values.get("Force")),
    )
    return ()


def initialize_defaults(state: State, values: Values) -> Iterable[AwsObject]:
    """``Initialize-AWSDefaultConfiguration``: makes `default` and the shell's own from it."""
    location = values.get("ProfileLocation")
    chain = state.app.chain(location)
    region: dict[str, Value | None] = {"region": values["Region"]} if values.get("Region") else {}
    name = values.get("ProfileName")
    if name:
        store, _ = chain.locate(name)
        store.copy(name, DEFAULT_PROFILE, force=True)
        if region:
            store.change(DEFAULT_PROFILE, lambda _: region)
    else:
        settings = profile_settings(values)
        if not given_credentials(state, values) and not region:
            settings |= _found_or_asked(state, values)
        elif values.get("Credential") is not None:
            settings |= _keys_to_save(values["Credential"])
        if settings:
            chain.register(Profile(DEFAULT_PROFILE, settings))
    if chain.find(DEFAULT_PROFILE).type:
        state.credentials = profile_object(state.app, DEFAULT_PROFILE, location, None)
    state.region = find_region(state, {**values, "ProfileName": DEFAULT_PROFILE})
    return ()


def _found_or_asked(state: State, values: Values) -> dict[str, Value]:
    """Keys for `default` when no parameter gives them: what is set up, else what is typed."""
    try:
        state.app.chain(values.get("ProfileLocation")).find(DEFAULT_PROFILE)
    except ProfileNotFound:
        pass
    else:
        return {}  # its keys stay as they are
    try:
        found = find_credentials(state, values)
    except NotConfigured:
        terminal = state.app.system.terminal
        key = terminal.ask("access key", hint=_KEYS_HINT)
        secret = terminal.ask_secret("secret key", hint=_KEYS_HINT)
        found = keys_object(Credentials(key, secret))
    return _keys_to_save(found)
