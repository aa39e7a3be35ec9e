"""What an error of AWS says to do: what helps, not what the same code means elsewhere."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoRegionError

from keystead.resolve.aws.failures import explained

ROLE = "arn:aws:iam::123456789012:role/r"
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
CHAINED = "DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."


@pytest.mark.parametrize(
    ("service", "operation", "code", "message", "role", "region", "hint"),
    [
        ("sts", "AssumeRole", "ValidationError", TOO_LONG, ROLE, None, "lower `duration_seconds`"),
        ("sts", "AssumeRole", "ValidationError", CHAINED, ROLE, None, "limited to one hour"),
        (
            "sts",
            "AssumeRoleWithWebIdentity",
            "ExpiredTokenException",
            "Token expired: current date/time must be before the expiration date/time",
            ROLE,
            None,
            "the web identity token has expired",
        ),
        (
            "sts",
            "AssumeRole",
            "ExpiredToken",
            "expired",
            ROLE,
            None,
            "get new temporary credentials",
        ),
        (
            "sts",
            "AssumeRole",
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            "arn:aws-us-gov:iam::123456789012:role/r",
            None,
            "partition `aws-us-gov`: set `region` of the profile",
        ),
        (
            "sts",
            "AssumeRole",
            "InvalidClientTokenId",
            "invalid",
            "arn:aws-cn:iam::123456789012:role/r",
            "eu-west-1",
            "such as cn-north-1",
        ),
        (
            "sts",
            "AssumeRole",
            "InvalidClientTokenId",
            "invalid",
            "arn:aws-cn:iam::123456789012:role/r",
            "cn-northwest-1",
            "the access key does not exist",
        ),
        (
            "sso",
            "GetRoleCredentials",
            "ForbiddenException",
            "No access",
            None,
            "eu-west-1",
            "has no access to that permission set in that account",
        ),
    ],
)
def test_hint_matches_the_failure(  # noqa: PLR0917  # the columns of the table
    service: str,
    operation: str,
    code: str,
    message: str,
    role: str | None,
    region: str | None,
    hint: str,
) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, operation)
    given = {"RoleArn": role} if role else {}
    found = explained(error, service, operation, None, given, begun=True, region=region)
    assert hint in (found.hint or "")


@pytest.mark.parametrize(
    ("role", "hint"),
    [
        (ROLE, "set `region` in the profile, or AWS_REGION"),
        ("arn:aws-us-gov:iam::123456789012:role/r", "such as us-gov-west-1"),
    ],
)
def test_missing_region_is_not_reported_as_a_network_error(role: str, hint: str) -> None:
    what = ("sts", "AssumeRole", None, {"RoleArn": role})
    assert hint in (explained(NoRegionError(), *what, begun=False).hint or "")
