"""The credential cmdlets: Set-, New-, Get-, Clear-AWSCredential and Remove-AWSCredentialProfile.

Each is a function of the shell's state and bound parameters.
"""

from __future__ import annotations

from collections.abc import Iterable

from keystead.console.removal import remove_profiles
from keystead.errors import UsageError
from keystead.model.profile import Profile
from keystead.powershell.engine.credential_parameters import (
    Values,
    find_credentials,
    given_credentials,
    keys_to_save,
    profile_settings,
)
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject, profile_object, profile_row


def set_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``Set-AWSCredential``: saves a profile, or sets the shell's credentials."""
    name = values.get("StoreAs")
    if name and values.get("Scope"):
        raise UsageError("`-StoreAs` and `-Scope` do not go together: one saves, one does not")
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
        state.tell(f"profile `{values['ProfileName']}` was copied to `{name}` in its store")
    else:
        _save(state, name, values)
    return ()


def _save(state: State, name: str, values: Values) -> None:
    chain = state.app.chain(values.get("ProfileLocation"))
    settings = profile_settings(values)
    if values.get("Credential") is not None:
        settings |= keys_to_save(given_credentials(state, values))
    chain.register(Profile(name, settings))
    state.tell(
        f"profile `{name}` was saved in {chain.stores[0].location or chain.stores[0].type_name}"
    )
    state.app.advise(chain.stores[0], name, settings, values.get("ProfileLocation"))


def new_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``New-AWSCredential``: a credentials object, stored nowhere."""
    return (find_credentials(state, values),)


def get_credential(state: State, values: Values) -> Iterable[AwsObject | str]:
    """``Get-AWSCredential``: the shell's credentials, one profile's, or the list of profiles."""
    location = values.get("ProfileLocation")
    if values.get("ProfileName"):
        return (profile_object(state.app, values["ProfileName"], location, state.region),)
    if values.get("ListProfileDetail") or values.get("ListProfile"):
        found = [p for p in state.app.chain(location).profiles() if p.type]
        if values.get("ListProfileDetail"):
            return [profile_row(profile) for profile in found]
        state.console.warn("-ListProfile is deprecated; use -ListProfileDetail")
        return [profile.name for profile in found]
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
