"""The calls that a plan comes to: which operation, in which region, at which address. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from keystead.model.plan import Plan

FALLBACK_REGION = "us-east-1"
"""Where STS, IAM and S3's list of buckets are asked when no region is set anywhere."""

_OF_BASE = {
    "sso": ("sso", "GetRoleCredentials"),
    "web-identity": ("sts", "AssumeRoleWithWebIdentity"),
}


class Call(NamedTuple):
    """One call; ``endpoint_url`` None: the service's own address in that region."""

    service: str
    operation: str
    region: str
    endpoint_url: str | None = None


def base_call(plan: Plan, region: str | None, environ: Mapping[str, str]) -> Call | None:
    """The call for the credentials of the base; None where they are had without AWS."""
    if plan.base.kind not in _OF_BASE:
        return None
    service, operation = _OF_BASE[plan.base.kind]
    return _call(plan, service, operation, plan.base.region or region, environ)


def role_calls(plan: Plan, region: str | None, environ: Mapping[str, str]) -> list[Call]:
    """The calls after the base: the user's session if there is one, then one for each step.

    ``region`` is the one in effect for what sets none of its own; ``environ`` may set addresses.
    """

    def found() -> Iterator[Call]:
        if plan.user_session:
            where = plan.user_session.region or region
            yield _call(plan, "sts", "GetSessionToken", where, environ)
        for step in plan.steps:
            yield _call(plan, "sts", "AssumeRole", step.region or region, environ)

    return list(found())


def _call(
    plan: Plan, service: str, operation: str, region: str | None, environ: Mapping[str, str]
) -> Call:
    url = plan.endpoints.url(service, environ)
    return Call(service, operation, region or FALLBACK_REGION, url)
