"""A URL that signs in to the AWS console with the credentials of a profile."""

from __future__ import annotations

import json

from keystead.app.selection import Selection
from keystead.audit.grantee import Grantee
from keystead.botocore_session import partition_of
from keystead.federation.destination import destination
from keystead.federation.endpoint import sign_in_url
from keystead.federation.limits import USER, limit_of, limit_of_identity, require_within
from keystead.model.credentials import Credentials
from keystead.model.plan import Plan
from keystead.model.role_options import RoleOptions, given, request_members
from keystead.model.sources.web_identity import WebIdentity
from keystead.resolve.resolver import session_name
from keystead.resolve.sts_response import temporary_credentials
from keystead.secret import Secret
from keystead.value import Value, replace

_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""A session policy that leaves a user's permissions as they are."""

_OF_USERS = {"policy", "policy_arns", "tags"}
"""The role options that a federated user's session can have too."""


class Page(Value):
    """The page to open, by the short name of a service or by its URL, and for how long."""

    service: str | None = None
    url: str | None = None
    seconds: int | None = None


def console_url(selected: Selection, page: Page) -> Secret:
    """The URL, for the credentials of ``selected``.

    A user's own keys become the session of a federated user. Raises `UsageError` where no such
    session or duration is possible.
    """
    options, selected = _of_user(selected)
    plan, settings, seconds = selected.plan, selected.client_settings, page.seconds
    partition = _partition(plan, settings.region)
    target = destination(partition, settings.region, page.service, page.url)
    limit = limit_of(plan)
    if limit:
        require_within(seconds, limit)
    found = selected.retrieved(selected.provider(None))
    if found.session_token is None:
        require_within(seconds, USER)
        found, seconds = _federated(selected, found, options, seconds), None
    else:
        plan.with_options(options)
        if limit is None:
            client = selected.app.client(settings, found)
            identity = client.call("sts", "GetCallerIdentity", {})
            require_within(seconds, limit_of_identity(str(identity.get("Arn"))))
    url = sign_in_url(settings, partition, found, target, seconds)
    selected.app.record_grant(plan.profile or None, found, Grantee("console"))
    return url


def _of_user(selected: Selection) -> tuple[RoleOptions, Selection]:
    """The options for a session of a federated user, and the selection with the other ones."""
    options = selected.options
    if options and given(options).keys() <= _OF_USERS:
        without = replace(selected, options=None)
        if not without.plan.steps and not isinstance(without.plan.base, WebIdentity):
            return options, without
    return RoleOptions(), selected


def _federated(
    selected: Selection, keys: Credentials, options: RoleOptions, seconds: int | None
) -> Credentials:
    system = selected.system
    name = session_name(system.clock())
    asked = {"Name": name, **request_members(options)}
    if not {"Policy", "PolicyArns"} & asked.keys():
        asked["Policy"] = json.dumps(_ALL)
    if seconds is not None:
        asked["DurationSeconds"] = seconds
    client = selected.app.client(selected.client_settings, keys)
    answer = client.call("sts", "GetFederationToken", asked)
    return temporary_credentials(answer, "GetFederationToken", f"federated user {name}", system)


def _partition(plan: Plan, region: str | None) -> str:
    """The partition of the last role, else of the region."""
    arn = plan.steps[-1].role_arn if plan.steps else getattr(plan.base, "role_arn", None)
    named = (arn or "").split(":")[1:2]
    return named[0] if named and named[0] else partition_of(region or plan.base.call_region)
