"""The service cmdlets that do more than call one operation, and ``Get-Content``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from keystead.errors import UsageError
from keystead.model.credentials import Credentials
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values
from keystead.powershell.engine.credential_objects import sts_object
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.parameters import FORCE, REVEAL, SERVICE_PARAMETERS, UNSUPPORTED
from keystead.powershell.services.run import call_once
from keystead.resolve.resolver import session_name
from keystead.resolve.sts_response import temporary_credentials
from keystead.secret import Secret, reveal
from keystead.value import replace


def use_sts_role(state: State, values: Values) -> Iterable[AwsObject]:
    """``Use-STSRole``: AssumeRole, with the whole answer as its output."""
    if state.what_if:
        return ()
    name = values.get("RoleSessionName") or session_name(state.app.system.clock())
    parameters = {"RoleArn": values["RoleArn"], "RoleSessionName": name}
    for parameter, member in (("ExternalId", "ExternalId"), ("Policy", "Policy")):
        if values.get(parameter):
            parameters[member] = values[parameter]
    answer = _sts_call(state, values, "AssumeRole", parameters)
    credentials = temporary_credentials(
        answer, "AssumeRole", f"Use-STSRole {values['RoleArn']}", state.app.system
    )
    user = answer.get("AssumedRoleUser", {})
    shown = {
        "AssumedRoleUser": AwsObject(user, text=user.get("Arn")),
        "Credentials": replace(_of_session(credentials, values), text=credentials.access_key_id),
        "Expiration": credentials.expires_at,
        "PackedPolicySize": answer.get("PackedPolicySize"),
        "SourceIdentity": answer.get("SourceIdentity"),
    }
    return (sts_object(shown, credentials),)


def get_sts_session_token(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-STSSessionToken``: GetSessionToken, with the credentials as its output."""
    answer = _sts_call(state, values, "GetSessionToken", {})
    credentials = temporary_credentials(
        answer, "GetSessionToken", "Get-STSSessionToken", state.app.system
    )
    return (_of_session(credentials, values),)


def _of_session(credentials: Credentials, values: Values) -> AwsObject:
    """Temporary credentials under the names that STS has for them, in clear with `-Reveal`."""
    form = str if values.get("Reveal") else Secret
    shown = {
        "AccessKeyId": credentials.access_key_id,
        "Expiration": credentials.expires_at,
        "SecretAccessKey": form(credentials.secret_access_key),
        "SessionToken": form(credentials.session_token or ""),
    }
    return sts_object(shown, credentials)


def _sts_call(
    state: State, values: Values, operation: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer of STS to either operation, with the duration and MFA code."""
    given = dict(parameters)
    if values.get("DurationInSeconds"):
        given["DurationSeconds"] = values["DurationInSeconds"]
    serial, typed = values.get("SerialNumber"), values.get("TokenCode")
    if typed and not serial:
        raise UsageError("-TokenCode was given without -SerialNumber", id="missing-parameter")
    if not serial:
        return call_once(state, values, "sts", operation, given)

    def with_code(code: str) -> dict[str, Any]:
        mfa = {"SerialNumber": serial, "TokenCode": code}
        return call_once(state, values, "sts", operation, {**given, **mfa})

    return with_code(reveal(typed)) if typed else state.app.mfa_codes.use(serial, (), with_code)


_MFA = (
    Parameter("SerialNumber", "the MFA device"),
    Parameter("TokenCode", "a code of the MFA device; asked for if omitted", secret=True),
)


def _duration(position: int) -> Parameter:
    return Parameter(
        "DurationInSeconds",
        "the lifetime of the credentials in seconds",
        kind="int",
        position=position,
    )


CMDLETS = (
    Cmdlet(
        "Use-STSRole",
        "assume a role",
        (
            Parameter(
                "RoleArn", "the role to assume", sets={"Default": True}, position=0, piped=True
            ),
            Parameter("RoleSessionName", "the name of the session in logs", position=1),
            Parameter("Policy", "a session policy as JSON", position=2),
            _duration(3),
            Parameter("ExternalId", "the external ID that the role requires", position=4),
            *_MFA,
            REVEAL,
            FORCE,
            *SERVICE_PARAMETERS,
        ),
        use_sts_role,
        aliases=("Assume-STSRole",),
        changes=("RoleArn",),
        refused=UNSUPPORTED,
    ),
    Cmdlet(
        "Get-STSSessionToken",
        "temporary credentials for the same user, optionally with MFA",
        (_duration(0), *_MFA, REVEAL, *SERVICE_PARAMETERS),
        get_sts_session_token,
        refused=UNSUPPORTED,
    ),
)
