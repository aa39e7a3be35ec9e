"""Warnings when a profile is saved: unknown settings, missing profiles, what shadows it."""

from __future__ import annotations

from collections.abc import Mapping

import botocore.configprovider
import pytest

from keystead.errors import ProfileInvalid, ProfileNotFound
from keystead.model.advice import READ_BY_OTHERS, advice
from keystead.model.profile import Profile, SettingValue, check_writable
from keystead.model.settings import SETTINGS
from keystead.model.validation import check_setting

ROLE = "arn:aws:iam::123456789012:role/r"
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "abc"}


class Source:
    def find(self, name: str) -> Profile:
        if name != "base":
            raise ProfileNotFound(f"there is no profile `{name}`")
        return Profile("base", KEYS)

    def sso_session(self, name: str) -> Mapping[str, str]:
        return {"sso_region": "eu-west-1"} if name == "corp" else {}

    def services(self, name: str) -> Mapping[str, SettingValue]:
        return {"s3": {"endpoint_url": "x"}} if name == "local" else {}


def warnings_for(
    settings: Mapping[str, SettingValue], name: str = "p", *, for_dotnet: bool = True
) -> list[str]:
    found = advice(
        Profile(name, settings),
        settings,
        Source(),
        regions=["eu-west-1", "us-east-1"],
        names=lambda: ["base"],
        for_dotnet=for_dotnet,
    )
    return list(found)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"regoin": "x"}, ["unknown setting `regoin`; did you mean `region`?"]),
        ({"team": "blue"}, ["unknown setting `team`"]),
        ({"cli_pagr": "less"}, ["did you mean `cli_pager`?"]),
        ({"s3": {"max_queue_size": "5"}}, []),
        ({"cli_pager": "less", "output": "json"}, []),
        ({"region": "eu-wst-1"}, ["`eu-wst-1` is not a region that this version of botocore has; did you mean `eu-west-1`?"]),
        ({"region": "eu-west-1"}, []),
        ({"sso_region": "nowhere"}, ["`nowhere` is not a region"]),
        ({"role_arn": ROLE, "source_profile": "bse"}, ["the source profile `bse` does not exist; did you mean `base`?"]),
        ({"role_arn": ROLE, "source_profile": "base"}, []),
        ({"sso_session": "other"}, ["the SSO session `other` does not exist", "does not find any profile in a list"]),
        ({"sso_session": "corp"}, []),
        ({"services": "other"}, ["the services section `other` does not exist"]),
        ({"services": "local"}, []),
        ({"endpoint_url": '"http://127.0.0.1"'}, ["the value of `endpoint_url` is in quotes"]),
        ({"credential_process": '"/a b/helper" "x"'}, []),
        # What hides it from the .NET SDK.
        ({**KEYS, "mfa_serial": "arn:aws:iam::123456789012:mfa/u"}, ["`mfa_serial` cannot be combined with its other settings there"]),
        ({"retry_mode": "legacy"}, ["for its `retry_mode`, the .NET SDK 4.1 does not find the profile"]),
        ({"use_fips_endpoint": "yes"}, ["for its `use_fips_endpoint`"]),
        ({"sts_regional_endpoints": "local"}, ["for its `sts_regional_endpoints`"]),
        ({"region": "-x-"}, ["`-x-` is not a region", "does not find any profile in a list"]),
        ({"ec2_metadata_service_endpoint": "nowhere"}, ["for its `ec2_metadata_service_endpoint`"]),
    ],
)  # fmt: skip
def test_likely_mistakes_are_warned_of(
    settings: Mapping[str, SettingValue], words: list[str]
) -> None:
    found = warnings_for(settings)
    assert len(found) == len(words), found
    for sentence, part in zip(found, words, strict=True):
        assert part in sentence


def test_default_profile_warning_names_later_sources() -> None:
    [found] = warnings_for({"retry_mode": "legacy"}, "default")
    assert "then uses the credentials of the container or EC2" in found


def test_no_dotnet_warning_for_a_store_that_dotnet_does_not_read() -> None:
    assert warnings_for({"retry_mode": "legacy"}, for_dotnet=False) == []


def test_warnings_show_no_secret() -> None:
    assert warnings_for({**KEYS, "aws_secret_access_key": '"quoted"'}) == []


def test_settings_that_botocore_reads_are_known() -> None:
    read = {row[0] for row in botocore.configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES.values()}
    assert read - {None} <= SETTINGS.keys() | READ_BY_OTHERS


def test_each_setting_is_in_one_table() -> None:
    assert not SETTINGS.keys() & READ_BY_OTHERS


@pytest.mark.parametrize("value", ['"abc"', "'abc'", '""'])
@pytest.mark.parametrize("name", ["aws_secret_access_key", "aws_session_token", "my_password"])
def test_a_secret_in_quotes_is_refused(name: str, value: str) -> None:
    with pytest.raises(ProfileInvalid, match="is in quotes") as caught:
        check_setting(name, value)
    assert "abc" not in str(caught.value)


def test_mfa_serial_is_accepted_with_keys() -> None:
    check_writable(Profile("p", {**KEYS, "mfa_serial": "arn:aws:iam::123456789012:mfa/u"}))
