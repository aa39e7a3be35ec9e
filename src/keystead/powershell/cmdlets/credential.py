"""The credential cmdlets: Set-, New-, Get-, Clear-AWSCredential and Remove-AWSCredentialProfile.

Each is a function of the shell's state and bound parameters.
"""

from __future__ import annotations

from collections.abc import Iterable

from keystead.console.removal import remove_profiles
from keystead.errors import UsageError
from keystead.model.profile import Profile
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values, switch
from keystead.powershell.engine.credential_objects import profile_object, profile_row
from keystead.powershell.engine.credential_parameters import (
    CREDENTIAL_PARAMETERS,
    CREDENTIAL_SETS,
    KEYS_SET,
    PROFILE_SET,
    ROLE_SET,
    SCOPE,
    find_credentials,
    given_credentials,
    keys_to_save,
    location_parameter,
    profile_parameter,
    profile_settings,
)
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject


def set_credential(state: State, values: Values) -> Iterable[AwsObject]:
    """``Set-AWSCredential``: saves a profile, or sets the shell's credentials."""
    name = values.get("StoreAs")
    if name and values.get("Scope"):
        raise UsageError(
            "`-StoreAs` and `-Scope` cannot be combined",
            hint="-StoreAs saves a profile, and -Scope sets a variable of the shell",
        )
    makes_profile = bool(values.get("AccessKey") or values.get("RoleArn"))
    if makes_profile and values.get("ProfileName"):
        if name:
            raise UsageError(
                "-StoreAs and -ProfileName both name the profile to save",
                id="conflicting-parameters",
            )
        name = values["ProfileName"]
    if not name:
        state.credentials = given_credentials(state, values)
        if not state.lasting:
            state.console.note(
                "these credentials are discarded when this command ends; -StoreAs NAME saves them"
            )
    elif values.get("ProfileName") and not makes_profile:
        store, _ = state.app.snapshot(values.get("ProfileLocation")).locate(values["ProfileName"])
        store.copy(values["ProfileName"], name, force=True)
        state.verbose_message(
            f"profile `{values['ProfileName']}` was copied to `{name}` in its store"
        )
    else:
        _save(state, name, values)
    return ()


def _save(state: State, name: str, values: Values) -> None:
    chain = state.app.chain(values.get("ProfileLocation"))
    settings = profile_settings(values)
    if values.get("Credential") is not None:
        settings |= keys_to_save(given_credentials(state, values))
    chain.register(Profile(name, settings))
    state.verbose_message(f"profile `{name}` was saved in {chain.stores[0].describe_location()}")
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


_STORE_AS = Parameter(
    "StoreAs",
    "the name to save the profile under",
    sets=dict.fromkeys(CREDENTIAL_SETS, False),
    never_empty=True,
)

CMDLETS = (
    Cmdlet(
        "Set-AWSCredential",
        "save credentials as a profile, or set them for the shell",
        (
            *CREDENTIAL_PARAMETERS,
            profile_parameter({PROFILE_SET: True, KEYS_SET: False, ROLE_SET: False}),
            _STORE_AS,
            SCOPE,
        ),
        set_credential,
        aliases=("Set-AWSCredentials",),
        changes=("StoreAs", "ProfileName"),
    ),
    Cmdlet(
        "New-AWSCredential",
        "make a credentials object without storing it",
        (*CREDENTIAL_PARAMETERS, profile_parameter({PROFILE_SET: True})),
        new_credential,
        aliases=("New-AWSCredentials",),
    ),
    Cmdlet(
        "Get-AWSCredential",
        "the shell's credentials, those of a profile, or the list of profiles",
        (
            profile_parameter({"SingleProfile": True}, position=1),
            switch(
                "ListProfile",
                "list names of profiles (deprecated)",
                aliases=("ListStoredCredentials", "ListProfiles"),
                sets={"ListName": True},
            ),
            switch(
                "ListProfileDetail",
                "list profiles with their store and location",
                sets={"ListDetail": True},
            ),
            location_parameter(
                "read only this shared credentials file",
                sets={"SingleProfile": False, "ListName": False, "ListDetail": False},
            ),
        ),
        get_credential,
        aliases=("Get-AWSCredentials",),
        default_set="Shell",
        outputs=lambda: ("ProfileName", "StoreTypeName", "ProfileLocation"),
    ),
    Cmdlet(
        "Clear-AWSCredential",
        "forget the shell's credentials; with a name, remove that profile",
        (
            profile_parameter({"Profile": True}, position=1),
            location_parameter(
                "the shared credentials file to remove the profile from",
                sets={"Shell": False, "Profile": False},
            ),
            switch("Force", "do not ask", sets={"Profile": False}),
            SCOPE,
        ),
        clear_credential,
        aliases=("Clear-AWSCredentials",),
        default_set="Shell",
        deprecated="use Remove-AWSCredentialProfile to remove a profile",
        changes=("ProfileName",),
    ),
    Cmdlet(
        "Remove-AWSCredentialProfile",
        "remove a profile from the first store that has it",
        (
            profile_parameter({"Default": True}, position=1),
            location_parameter("the shared credentials file to remove it from", position=2),
            switch("Force", "do not ask"),
        ),
        remove_profile,
        changes=("ProfileName",),
        asks=True,
    ),
)
