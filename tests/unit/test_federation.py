"""Pages of the AWS console, and how long its sessions can last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import keystead
from keystead.errors import UsageError
from keystead.federation.destination import SERVICES, console_host, destination
from keystead.federation.limits import (
    CHAINED,
    FEDERATED,
    ROLE,
    USER,
    Limit,
    limit_of,
    limit_of_identity,
    parse_duration,
    require_within,
)

ROLE_ARN = "arn:aws:iam::123456789012:role/dev"


@pytest.mark.parametrize(
    ("partition", "region", "service", "expected"),
    [
        ("aws", "eu-west-1", "s3", "https://console.aws.amazon.com/s3/home?region=eu-west-1"),
        ("aws", None, None, "https://console.aws.amazon.com/console/home"),
        (
            "aws",
            "us-east-1",
            "logs",
            "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups",
        ),
        ("aws-cn", "cn-north-1", "ec2", "https://console.amazonaws.cn/ec2/home?region=cn-north-1"),
        ("aws-us-gov", None, "iam", "https://console.amazonaws-us-gov.com/iam/home"),
        ("aws-eusc", None, "iam", "https://console.amazonaws-eusc.eu/iam/home"),
    ],
)
def test_page_of_a_service_is_in_the_console_of_its_partition(
    partition: str, region: str | None, service: str | None, expected: str
) -> None:
    assert destination(partition, region, service) == expected


def test_every_service_has_a_page_that_a_given_url_may_name_too() -> None:
    for service in SERVICES:
        url = destination("aws", "eu-west-1", service)
        assert destination("aws", None, url=url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://console.aws.amazon.com/",
        "https://example.com/",
        "https://console.aws.amazon.com.example.com/",
        "https://console.aws.amazon.com@example.com/",
        "https://exampleaws.amazon.com/",
        "https://console.aws.amazon.com:8443/",
        "https://console.amazonaws.cn/",
        "https://console.aws.amazon.com/\nx",
        "https://[",
        "javascript:alert(1)",
        "",
    ],
)
def test_url_outside_of_the_console_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not an address of the console"):
        destination("aws", None, url=url)


def test_partition_without_a_published_host_is_refused() -> None:
    with pytest.raises(UsageError, match="`aws-new`"):
        console_host("aws-new")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("8h", 28800), ("1h30m", 5400), ("90m", 5400), ("3600", 3600), ("15m", 900), ("1h0m5s", 3605)],
)
def test_durations_are_read_in_hours_minutes_and_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "8 h", "1.5h", "-1h", "8d", "٣h", "1m1h", "9999h"])
def test_text_that_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


PROFILES = f"""
[keys]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
[role]
role_arn = {ROLE_ARN}
source_profile = keys
[chain]
role_arn = {ROLE_ARN}
source_profile = role
[sso]
sso_start_url = https://a.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Admin
[over-sso]
role_arn = {ROLE_ARN}
source_profile = sso
[web]
role_arn = {ROLE_ARN}
web_identity_token_file = /token
[instance]
role_arn = {ROLE_ARN}
credential_source = Ec2InstanceMetadata
[session]
aws_access_key_id = ASIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
aws_session_token = y
"""
LIMITS: dict[str, Limit | None] = {
    "keys": None,
    "role": ROLE,
    "chain": CHAINED,
    "sso": ROLE,
    "over-sso": CHAINED,
    "web": ROLE,
    "instance": CHAINED,
    "session": None,
}


def test_limit_is_that_of_how_the_credentials_are_got(
    write_credentials: Callable[[str], Path],
) -> None:
    write_credentials(PROFILES)
    assert {name: limit_of(keystead.plan(name)) for name in LIMITS} == LIMITS


@pytest.mark.parametrize(
    ("arn", "limit"),
    [
        ("arn:aws:sts::123456789012:assumed-role/dev/maria", ROLE),
        ("arn:aws-cn:sts::123456789012:federated-user/maria", FEDERATED),
    ],
)
def test_limit_of_temporary_keys_is_that_of_their_identity(arn: str, limit: Limit) -> None:
    assert limit_of_identity(arn) == limit


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:user/maria", "arn:aws:iam::1:root"])
def test_session_of_a_user_cannot_sign_in(arn: str) -> None:
    with pytest.raises(UsageError, match="cannot sign in to the console"):
        limit_of_identity(arn)


@pytest.mark.parametrize(
    ("seconds", "limit", "reason"),
    [
        (899, ROLE, "at least 15 minutes"),
        (43_201, ROLE, "at most 12 hours"),
        (3601, CHAINED, "limited to one hour"),
        (129_601, USER, "at most 36 hours"),
        (3600, FEDERATED, "as long as its credentials"),
    ],
)
def test_duration_that_cannot_be_had_is_refused_with_the_reason(
    seconds: int, limit: Limit, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        require_within(seconds, limit)


@pytest.mark.parametrize(
    ("seconds", "limit"),
    [(900, ROLE), (43_200, ROLE), (3600, CHAINED), (129_600, USER), (None, FEDERATED)],
)
def test_duration_within_the_limit_is_accepted(seconds: int | None, limit: Limit) -> None:
    require_within(seconds, limit)
