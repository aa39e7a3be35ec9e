"""Requests to STS with any text are what botocore makes of the same parameters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from keystead.botocore_session import service_session
from keystead.model.credentials import Credentials
from keystead.resolve.aws import query
from keystead.resolve.aws.signature import signed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=20, max_size=40)
TAGS = st.lists(st.fixed_dictionaries({"Key": TEXT, "Value": TEXT}), max_size=3)
ASSUMED = st.fixed_dictionaries(
    {"RoleArn": TEXT, "RoleSessionName": TEXT},
    optional={
        "DurationSeconds": st.integers(900, 43200),
        "ExternalId": TEXT,
        "Policy": TEXT,
        "PolicyArns": st.lists(st.fixed_dictionaries({"arn": TEXT}), max_size=2),
        "SourceIdentity": TEXT,
        "Tags": TAGS,
        "TransitiveTagKeys": st.lists(TEXT, max_size=2),
    },
)


@given(ASSUMED)
def test_body_is_that_of_botocore(parameters: dict[str, Any]) -> None:
    model = service_session("sts").get_service_model("sts").operation_model("AssumeRole")
    body = create_serializer("query").serialize_to_request(parameters, model)["body"]
    assert query.is_valid(query.OPERATIONS["AssumeRole"], parameters)
    assert query.request("AssumeRole", parameters).body == urlencode(body, doseq=True).encode()


WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


@given(st.binary(max_size=200), WORD, WORD, st.none() | WORD, st.datetimes(timezones=st.just(UTC)))
def test_signature_is_that_of_botocore(
    body: bytes, access_key_id: str, secret: str, token: str | None, moment: datetime
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": "sts.amazonaws.com"}
    credentials = Credentials(access_key_id, secret, token)
    ours = signed(headers, body, credentials, region="eu-west-1", service="sts", moment=moment)
    request = AWSRequest("POST", "https://sts.amazonaws.com/", headers, data=body)
    request.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
    signer = SigV4Auth(BotocoreCredentials(access_key_id, secret, token), "sts", "eu-west-1")
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    assert ours == dict(request.headers.items())
