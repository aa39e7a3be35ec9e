"""The service cmdlets that do more than call one operation, and ``Get-Content``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from keystead.errors import FileProblem, Origin, UsageError
from keystead.model.credentials import Credentials
from keystead.powershell.engine.credential_parameters import (
    Values,
    find_client_settings,
    find_credentials,
)
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject, sts_object
from keystead.powershell.services.model import operation_of
from keystead.powershell.services.response import as_json, whole
from keystead.resolve.resolver import session_name
from keystead.resolve.sts_response import temporary_credentials
from keystead.secret import Secret, reveal
from keystead.text.document import Document
from keystead.text.masked import masked_lines


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


def get_s3_bucket(state: State, values: Values) -> Iterable[object]:
    """``Get-S3Bucket``: the buckets, or the one that is named."""
    answer = _call(state, values, "s3", "ListBuckets", {})
    wanted = values.get("BucketName")
    found = [
        {"CreationDate": bucket.get("CreationDate"), "BucketName": bucket.get("Name")}
        for bucket in answer.get("Buckets", [])
        if not wanted or bucket.get("Name") == wanted
    ]
    return (as_json(found),) if values.get("AsJson") else map(AwsObject, found)


def get_content(state: State, values: Values) -> Iterable[str]:
    """``Get-Content``: the lines of a credentials file, its secrets masked."""
    path = state.app.system.folders.expand(values["Path"])
    data = state.app.system.files.read(path).data
    if data is None:
        raise FileProblem("there is no such file", where=Origin(os.fspath(path)))
    return masked_lines(Document(data, os.fspath(path)))


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
    """The answer of STS, with the duration and MFA code that both operations take alike."""
    given = dict(parameters)
    if values.get("DurationInSeconds"):
        given["DurationSeconds"] = values["DurationInSeconds"]
    serial, typed = values.get("SerialNumber"), values.get("TokenCode")
    if typed and not serial:
        raise UsageError("-TokenCode was given without -SerialNumber")
    if not serial:
        return _call(state, values, "sts", operation, given)

    def with_code(code: str) -> dict[str, Any]:
        mfa = {"SerialNumber": serial, "TokenCode": code}
        return _call(state, values, "sts", operation, {**given, **mfa})

    return with_code(reveal(typed)) if typed else state.app.mfa_codes.use(serial, (), with_code)


def _call(
    state: State, values: Values, service: str, operation: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    credentials = find_credentials(state, values).retrieve
    if credentials is None:
        raise UsageError("the object given has no credentials")
    answer = state.app.call(
        service,
        operation,
        parameters,
        credentials=credentials(),
        client_settings=find_client_settings(state, values),
        endpoint_url=values.get("EndpointUrl"),
    )
    state.remember(lambda: whole(operation_of(service, operation), answer))
    return answer
