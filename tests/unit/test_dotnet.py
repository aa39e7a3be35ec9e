"""The table of the .NET SDK's rules, compared with the results of two versions of the SDK.

`tests/cases/dotnet/reading.json` has 236 pairs of shared files and, for each version, the profiles
it lists and finds: type, settings that credentials are made of, and region. A version that says
the same as 4.1 is left out.
"""

from __future__ import annotations

import json

import pytest

from keystead.model.dotnet import TYPED, V3, V4, VERSIONS, Hides, hiding, profile_type, stray
from keystead.model.profile import Profile
from tests.casefile import CASES

READINGS = json.loads((CASES / "dotnet" / "reading.json").read_text(encoding="utf-8"))

TYPES = [
    (case, name, found)
    for case, said in READINGS.items()
    if said[V4] != "refused"
    for name, found in said[V4]["profiles"].items()
    if isinstance(found, dict)
]
TYPED_CASES = [case for case in READINGS if case.startswith(("bad-", "max-", "retry-", "bool-"))]


@pytest.mark.parametrize(("case", "name", "found"), TYPES, ids=lambda part: str(part)[:30])
def test_a_profile_has_the_type_that_the_sdk_gives_it(
    case: str, name: str, found: dict[str, dict[str, str]]
) -> None:
    assert found["type"] == profile_type(Profile(name, found["settings"]))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", TYPED_CASES)
def test_present_value_hides_what_the_sdk_did_not_find(case: str, version: str) -> None:
    said = READINGS[case].get(version, READINGS[case][V4])
    if said == "refused":
        return
    text = READINGS[case]["files"]["config"]
    pairs = (line.partition("=")[::2] for line in text.splitlines()[1:])
    settings = {key.strip(): value.strip() for key, value in pairs}
    hidden = [h for h in hiding(Profile("dev", settings), ()) if version in h.versions]
    if said["listed"] == "refused":
        assert [one.hides for one in hidden] == [Hides.ALL]
    else:
        assert [one.hides for one in hidden] == ([] if said["listed"] else [Hides.PROFILE])


@pytest.mark.parametrize(
    ("setting", "value", "versions"),
    [
        ("use_fips_endpoint", "TRUE", ()),
        ("use_fips_endpoint", "1", VERSIONS),
        ("retry_mode", "legacy", (V4,)),
        ("retry_mode", "ADAPTIVE", ()),
        ("max_attempts", "+3", ()),
        ("max_attempts", "2147483648", VERSIONS),
        ("request_min_compression_size_bytes", "10485760", ()),
        ("request_min_compression_size_bytes", "10485761", VERSIONS),
        ("toolkit_artifact_guid", "4d4ed4f82c5c4bbfb8a52b1f4d9a1f11", ()),
        ("region", "EU-WEST-1", ()),
        ("region", "eu_west_1", VERSIONS),
        ("region", "a.b", (V3,)),
        ("region", "x" * 64, (V4,)),
        ("region", "", (V3,)),
        ("ec2_metadata_service_endpoint", "localhost:80", ()),
        ("ec2_metadata_service_endpoint", "169.254.169.254", VERSIONS),
    ],
)
def test_limits_of_setting_values(setting: str, value: str, versions: tuple[str, ...]) -> None:
    assert TYPED[setting].hidden_from(value) == versions


def test_setting_that_makes_a_profile_untyped_is_named() -> None:
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "s"}
    assert stray(Profile("a", keys)) is None
    assert stray(Profile("a", {**keys, "mfa_serial": "arn:aws:iam::123456789012:mfa/me"})) == (
        "mfa_serial"
    )
    assert stray(Profile("a", {**keys, "credential_process": "x"})) == "credential_process"


def test_effect_on_default_is_reported_with_the_chain() -> None:
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "s"}
    hidden = hiding(Profile("default", {**keys, "retry_mode": "legacy", "sso_session": "x"}), ())
    assert [one.setting for one in hidden] == ["sso_session", "retry_mode"]
    assert hidden[1].consequence("prod") == "the .NET SDK 4.1 does not find the profile"
    assert "credentials of the container" in hidden[1].consequence("default")
    assert "any profile in a list" in hidden[0].consequence("prod")
