"""The calls that a plan makes: which operation, in which region, at which address. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.model.plan import Plan
from keystead.value import NamedTuple

FALLBACK_REGION = "us-east-1"
"""The region of requests if none is set."""


class Call(NamedTuple):
    """One call; ``endpoint_url`` None: the service's own address in that region."""

    service: str
    operation: str
    region: str
    endpoint_url: str | None = None


def base_call(plan: Plan) -> Call | None:
    """The call for the credentials of the base; None if it does not call AWS."""
    return _call(plan, *plan.base.call, plan.base.call_region) if plan.base.call else None


def role_calls(plan: Plan) -> list[Call]:
    """The calls after the base: the user's session if there is one, then one for each step.

    All go to the region in effect for the profile that was asked for, as in botocore: a source
    profile's own region does not count.
    """

    def found() -> Iterator[Call]:
        if plan.user_session:
            yield _call(plan, "sts", "GetSessionToken")
        for _ in plan.steps:
            yield _call(plan, "sts", "AssumeRole")

    return list(found())


def _call(plan: Plan, service: str, operation: str, region: str | None = None) -> Call:
    settings = plan.client_settings
    where = region or settings.region or FALLBACK_REGION
    return Call(service, operation, where, settings.endpoints.url(service))
