"""Calls to STS by keystead's own client: the same requests, answers, errors and retries as
botocore's.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.retries import standard
from botocore.utils import get_environ_proxies
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from keystead.botocore_session import partitions, service_session, trust_store
from keystead.errors import ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.endpoints import Endpoints
from keystead.resolve.aws import direct, query
from keystead.resolve.aws.addresses import address
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.direct import direct_call
from keystead.system import System, http
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead
from tests.direct_calls import IN_REGION, KEYS, answer, client_libraries, outcomes, speaking

ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/dev", "RoleSessionName": "maria"}
WEB = {**ROLE, "WebIdentityToken": "header.claims.signature"}
SPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


def result(operation: str, members: str) -> str:
    inner = f"<{operation}Result>{members}</{operation}Result>"
    metadata = "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>"
    return f"<{operation}Response {SPACE}>{inner}{metadata}</{operation}Response>"


def credentials(ends: str = "2026-03-01T09:00:00Z") -> str:
    return (
        f"<Credentials><AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId>"
        f"<SecretAccessKey>{SECRET_KEY}</SecretAccessKey><SessionToken>a&amp;&#233;</SessionToken>"
        f"<Expiration>{ends}</Expiration></Credentials>"
    )


IDENTITY = result("GetCallerIdentity", "<Arn>arn</Arn><UserId/><Account>1</Account><New>2</New>")
ASSUMED = result(
    "AssumeRole",
    f"<AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>id</AssumedRoleId></AssumedRoleUser>"
    f"<PackedPolicySize>6</PackedPolicySize>{credentials()}<SourceIdentity>me</SourceIdentity>",
)


def refusal(code: str, status: int = 400, message: str = "no") -> bytes:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    text = f"<ErrorResponse {SPACE}>{error}<RequestId>id-2</RequestId></ErrorResponse>"
    return answer(text, status)


TAGS = [{"Key": "Team", "Value": ""}, {"Key": "ü/=", "Value": "a b+c~*%"}]
REQUESTS: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "identity": ("GetCallerIdentity", {}, IDENTITY),
    "role": ("AssumeRole", ROLE, ASSUMED),
    "role with all options": (
        "AssumeRole",
        {
            **ROLE,
            "DurationSeconds": 3600,
            "ExternalId": "a:b/c",
            "Policy": '{"Version": "2012-10-17"}\n',
            "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
            "SerialNumber": "arn:aws:iam::123456789012:mfa/maria",
            "SourceIdentity": "maria",
            "Tags": TAGS,
            "TokenCode": "123456",
            "TransitiveTagKeys": ["Team", "ü/="],
        },
        ASSUMED,
    ),
    "empty lists": ("AssumeRole", {**ROLE, "Tags": [], "TransitiveTagKeys": []}, ASSUMED),
    "web identity": (
        "AssumeRoleWithWebIdentity",
        WEB,
        result(
            "AssumeRoleWithWebIdentity",
            f"{credentials()}<SubjectFromWebIdentityToken>s</SubjectFromWebIdentityToken>"
            "<Audience>a</Audience><Provider>p</Provider>",
        ),
    ),
    "federated user": (
        "GetFederationToken",
        {"Name": "maria", "DurationSeconds": 900, "Policy": "{}", "Tags": TAGS},
        result(
            "GetFederationToken",
            f"{credentials()}<FederatedUser><Arn>a</Arn><FederatedUserId>b</FederatedUserId>"
            "</FederatedUser><PackedPolicySize>6</PackedPolicySize>",
        ),
    ),
    "session": (
        "GetSessionToken",
        {"DurationSeconds": 900, "SerialNumber": "GAHT12345678", "TokenCode": "123456"},
        result("GetSessionToken", credentials()),
    ),
}


@pytest.mark.parametrize("case", REQUESTS.values(), ids=REQUESTS.keys())
def test_request_and_answer_are_those_of_botocore(case: tuple[str, dict[str, Any], str]) -> None:
    operation, parameters, body = case
    keys = None if operation == "AssumeRoleWithWebIdentity" else KEYS
    ours, theirs = outcomes(operation, parameters, answer(body), keys=keys)
    assert ours.answer
    assert ours == theirs


@pytest.mark.parametrize("name", ["\udc80", "\x00", "\U0001f511 é\u2028"])
def test_text_of_any_kind_is_sent_as_by_botocore(name: str) -> None:
    parameters = {**ROLE, "Tags": [{"Key": name, "Value": name}]}
    ours, theirs = outcomes("AssumeRole", parameters, answer(ASSUMED))
    assert ours == theirs


def test_long_term_keys_send_no_token() -> None:
    keys = replace(KEYS, session_token=None)
    ours, theirs = outcomes("GetCallerIdentity", {}, answer(IDENTITY), keys=keys)
    assert ours == theirs


HTML = "<html><body>Service Unavailable</body></html>"
ANSWERS: Mapping[str, tuple[bytes, ...]] = {
    "denied": (refusal("AccessDenied", 403),),
    "expired": (refusal("ExpiredToken"),),
    "a secret in the message": (refusal("Any", 400, f"{SECRET_KEY} {SESSION_TOKEN}"),),
    "throttled": (refusal("Throttling"),),
    "throttled once": (refusal("RequestLimitExceeded", 503), answer(IDENTITY)),
    "slow provider": (refusal("IDPCommunicationError"), answer(IDENTITY)),
    "failing": (answer("", 500),),
    "failing with a page": (answer(HTML, 503),),
    "failing with another page": (answer(f"<!DOCTYPE html>{HTML}", 503),),
    "a page that is not XML": (answer("<HTML><br>no", 502),),
    "unknown status": (answer("", 599),),
    "not implemented": (answer("", 501),),
    "refused with a page": (answer(HTML, 403),),
    "refused without words": (answer("", 400),),
    "other words": (answer("<Errors><Error><Code>A</Code></Error></Errors>", 400),),
    "errors in a list": (
        answer("<R><Errors><Error><Code>A</Code><Message/></Error></Errors></R>", 400),
    ),
    "redirected": (answer("", 307, "Location: http://127.0.0.1:9/\r\n"),),
    "redirected with a page": (answer(HTML, 301, "Location: http://127.0.0.1:9/\r\n"),),
    "empty": (answer(""),),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n",),
    "a page": (answer(HTML),),
    "JSON": (answer('{"Arn": 1}'),),
    "another result": (answer(ASSUMED),),
    "an entity": (answer(IDENTITY.replace("arn", "&nbsp;")),),
    "an entity of a page": (answer(f'<!DOCTYPE html SYSTEM "a">{HTML}'.replace("Un", "&nbsp;")),),
    "compressed": (answer("\x1f\x8b", headers="Content-Encoding: gzip\r\n"),),
    "cut short": (answer(IDENTITY)[:-20],),
    "cut short once": (answer(IDENTITY)[:-20], answer(IDENTITY)),
    "hung up": (b"",),
    "hung up once": (b"", answer(IDENTITY)),
    "not HTTP": (b"SSH-2.0-OpenSSH\r\n",),
    "no length": (b"HTTP/1.1 200 OK\r\n\r\n" + IDENTITY.encode(),),
    "an old version": (b"HTTP/1.0 200 OK\r\n\r\n" + IDENTITY.encode(),),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(IDENTITY),),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"a;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\nTrailer: x\r\n\r\n"
        % (IDENTITY[:10].encode(), len(IDENTITY) - 10, IDENTITY[10:].encode()),
    ),
    "chunks cut short": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\na",),
    "no chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n",),
    "a late date": (answer(IDENTITY, headers="Date: Sun, 01 Mar 2026 10:00:00 GMT\r\n"),),
    "another form of a date": (
        answer(IDENTITY, headers="Date: Sunday, 01-Mar-26 10:00:00 GMT\r\n"),
    ),
    "not a date": (answer(IDENTITY, headers="Date: now\r\n"),),
    "a clock that is refused": (
        refusal("SignatureDoesNotMatch", 403).replace(
            b"\r\n\r\n", b"\r\nDate: Sun, 01 Mar 2026 10:00:00 GMT\r\n\r\n", 1
        ),
        answer(IDENTITY, headers="Date: Sun, 01 Mar 2026 10:00:00 GMT\r\n"),
    ),
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_have_the_outcome_of_botocore(answers: tuple[bytes, ...]) -> None:
    ours, theirs = outcomes("GetCallerIdentity", {}, *answers)
    assert ours.requests
    assert ours == theirs


@pytest.mark.parametrize(
    "ends",
    [
        "soon",
        "",
        "2026-03-01T09:00:00.5Z",
        "2026-03-01",
        "1772355600",
        "1e300",
        "2026-13-01T00:00:00Z",
    ],
)
def test_times_are_read_as_by_botocore(ends: str) -> None:
    body = result("GetSessionToken", credentials(ends))
    ours, theirs = outcomes("GetSessionToken", {}, answer(body))
    assert ours == theirs


@pytest.mark.parametrize("attempts", ["1", "2", "6", None])
def test_number_of_attempts_is_that_of_botocore(attempts: str | None) -> None:
    values = (("retry_mode", "standard"), *([("max_attempts", attempts)] if attempts else ()))
    settings = replace(IN_REGION, values=values)
    ours, theirs = outcomes("GetCallerIdentity", {}, answer("", 500), settings=settings)
    assert len(ours.requests) == int(attempts or 3)
    assert ours == theirs


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "https://127.0.0.1:1/",
        "http://name.invalid",
        "http://127.0.0.1:99999",
        f"http://{'a' * 70}.example",
    ],
)
def test_no_connection_has_the_outcome_of_botocore(url: str) -> None:
    ours, theirs = outcomes("GetCallerIdentity", {}, url=url)
    assert ours.error
    assert ours.error == theirs.error


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `localhost`, signed by itself, and a server's TLS with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret = tmp_path / "key.pem"
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(trusted, secret)
    return trusted, tls


def test_trusted_certificate_is_accepted(certificate: tuple[Path, ssl.SSLContext]) -> None:
    trusted, tls = certificate
    settings = replace(IN_REGION, values=(("ca_bundle", str(trusted)),))
    ours, theirs = outcomes(
        "GetCallerIdentity", {}, answer(IDENTITY), settings=settings, tls=tls, host="localhost"
    )
    assert ours.answer
    assert ours == theirs


@pytest.mark.parametrize(
    ("bundle", "host"),
    [("", "localhost"), ("trusted", "127.0.0.1"), ("/nowhere", "localhost"), ("key", "localhost")],
    ids=["not signed by a known one", "of another host", "no bundle", "no certificates"],
)
def test_other_certificates_are_refused_without_sending_anything(
    certificate: tuple[Path, ssl.SSLContext],
    bundle: str,
    host: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trusted, tls = certificate
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    file = str(trusted.with_name(f"{bundle}.pem")) if bundle.isalpha() else bundle
    settings = replace(IN_REGION, values=(("ca_bundle", file),) if file else ())
    ours, theirs = outcomes(
        "GetCallerIdentity", {}, answer(IDENTITY), settings=settings, tls=tls, host=host
    )
    assert (ours.requests, theirs.requests) == ([], [])
    assert "SSL validation failed for https://" in str(ours.error)
    assert ours.pauses == theirs.pauses
    if bundle != "trusted":  # botocore compares host names by itself, in other words
        assert ours.error == theirs.error


@pytest.mark.parametrize("label", ['# Label: "Amazon Root CA 1"\n', '# Label: "Another"\n', ""])
def test_every_certificate_of_a_file_is_trusted_whichever_are_tried_first(
    certificate: tuple[Path, ssl.SSLContext], label: str
) -> None:
    trusted, tls = certificate
    others = Path(trust_store()).read_text()
    trusted.write_text(f"{others}{label}{trusted.read_text()}")
    asked = {"seconds": 20, "body": b"", "likely": "Amazon Root CA"}
    with speaking((answer(IDENTITY),), tls) as (url, received):
        place = url.replace("127.0.0.1", "localhost")
        assert (
            http.ask("POST", place, {}, ca_bundle=str(trusted), **asked).body == IDENTITY.encode()
        )
        with pytest.raises(http.Unreachable, match="certificate"):
            http.ask("POST", place, {}, ca_bundle=trust_store(), **asked)
        assert len(received) == 1


def test_botocore_s_certificates_have_those_of_amazon() -> None:
    assert http._labelled(trust_store(), "Amazon Root CA").count("BEGIN CERTIFICATE") == 4


def test_answer_larger_than_any_of_sts_is_refused() -> None:
    ours, _ = outcomes("GetCallerIdentity", {}, answer(IDENTITY + " " * 300_000))
    assert "answered GetCallerIdentity with something that cannot be used" in str(ours.error)
    assert len(ours.requests) == 1


def test_silent_server_is_given_up_as_by_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "READ_SECONDS", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = replace(IN_REGION, endpoints=Endpoints(url))
        pauses: list[float] = []
        client = AwsClient(System(dict(os.environ), sleep=pauses.append), settings, KEYS)
        with pytest.raises(ProviderError) as caught:
            client.call("sts", "GetCallerIdentity", {})
    assert f'Read timeout on endpoint URL: "{url}/"' in str(caught.value)
    assert len(pauses) == 3


REGIONS = sorted({name for row in partitions() for name in row["regions"]})
DUAL_STACK, FIPS = ("use_dualstack_endpoint", "true"), ("use_fips_endpoint", "true")
SWITCHES = [(), (DUAL_STACK,), (FIPS,), (DUAL_STACK, FIPS)]


def test_addresses_and_regions_of_signatures_are_those_of_botocore() -> None:
    missing = set()
    for region, values in itertools.product([*REGIONS, None], SWITCHES):
        settings = ClientSettings(region, values=values)
        found = address("sts", settings, None)
        if found is None:
            missing.add((region, values))
        else:
            assert found == _of_botocore(settings), (region, values)
    assert not [
        region
        for region, values in missing
        if region
        and not region.endswith("-global")
        and not ("iso" in region and DUAL_STACK in values)
    ]


class _Stopped(Exception):
    pass


def _of_botocore(settings: ClientSettings) -> tuple[str, str]:
    """The address of botocore's request and the region of its signature."""
    found: list[tuple[str, str]] = []

    def stop(request: Any, region_name: str, **_: object) -> None:
        found.append((request.url, region_name))
        raise _Stopped

    client = AwsClient(System(dict(os.environ)), settings, KEYS).botocore_client("sts")
    client.meta.events.register("before-sign", stop)
    with contextlib.suppress(_Stopped):
        client.get_caller_identity()
    return found[0]


@pytest.mark.parametrize("name", query.OPERATIONS)
def test_tables_of_operations_are_those_of_the_model(name: str) -> None:
    ours = query.OPERATIONS[name]
    model = service_session("sts").get_service_model("sts").operation_model(name)
    assert ours.is_signed == (model.auth_type != "none")
    assert ours.members == _members(model.output_shape)
    if model.input_shape is None:
        return
    assert ours.required == set(model.input_shape.required_members)
    assert ours.required | ours.optional <= set(model.input_shape.members)
    for member in ours.required | ours.optional:
        shape = model.input_shape.members[member]
        inner = shape.member if shape.type_name == "list" else shape
        if inner.type_name == "structure":
            assert query.NESTED[member] == set(inner.members)
            least = {key: query.LEAST[key] for key in inner.members}
            assert least == {key: row.metadata["min"] for key, row in inner.members.items()}
        else:
            assert query.LEAST[member] == inner.metadata["min"]


def _members(shape: Any) -> dict[str, object]:
    kinds = {"string": str, "integer": int, "timestamp": datetime}
    return {
        name: _members(row) if row.type_name == "structure" else kinds[row.type_name]
        for name, row in shape.members.items()
    }


def test_error_codes_that_are_retried_are_those_of_botocore() -> None:
    transient = standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES
    throttled = standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES
    assert {*transient, *throttled, "IDPCommunicationError"} == direct.RETRIED


UNUSUAL: Mapping[str, dict[str, Any]] = {
    "a short name": {"parameters": {**ROLE, "RoleSessionName": "x"}},
    "no role": {"parameters": {"RoleSessionName": "maria"}},
    "an unknown parameter": {"parameters": {**ROLE, "Name": "a"}},
    "a text for a number": {"parameters": {**ROLE, "DurationSeconds": "900"}},
    "too few seconds": {"parameters": {**ROLE, "DurationSeconds": 899}},
    "a tag without a value": {"parameters": {**ROLE, "Tags": [{"Key": "a"}]}},
    "an empty tag": {"parameters": {**ROLE, "Tags": [{"Key": "", "Value": "a"}]}},
    "a number for text": {"parameters": {**ROLE, "ExternalId": 1234}},
    "no keys": {"credentials": None},
    "a path": {"endpoint_url": "http://127.0.0.1:1/path"},
    "a password": {"endpoint_url": "http://a:b@127.0.0.1:1"},
    "FIPS at an own address": {
        "endpoint_url": "http://127.0.0.1:1",
        "settings": replace(IN_REGION, values=(FIPS,)),
    },
    "an unknown region": {"settings": ClientSettings("eu-west-99")},
    "the old global address": {
        "settings": replace(IN_REGION, values=(("sts_regional_endpoints", "legacy"),))
    },
    "other retries": {"settings": replace(IN_REGION, values=(("retry_mode", "adaptive"),))},
    "attempts without a mode": {"settings": replace(IN_REGION, values=(("max_attempts", "2"),))},
    "too many attempts": {
        "settings": replace(IN_REGION, values=(("retry_mode", "standard"), ("max_attempts", "50")))
    },
    "another operation": {
        "call": ("sts", "GetAccessKeyInfo"),
        "parameters": {"AccessKeyId": ACCESS_KEY_ID},
    },
    "additional headers": {"headers": lambda _: {}},
    "a proxy": {"environ": {"NO_PROXY": "example.com"}},
    "other models": {"environ": {"AWS_DATA_PATH": "/models"}},
}


@pytest.mark.parametrize("given", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_unusual_calls_are_left_to_botocore(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", ".amazonaws.com,127.0.0.1")
    assert _is_own({})
    for name, value in given.pop("environ", {}).items():
        monkeypatch.setenv(name, value)
    assert not _is_own(given)


def _is_own(given: dict[str, Any]) -> bool:
    system = System(dict(os.environ))
    row = {"settings": IN_REGION, "credentials": KEYS, "call": ("sts", "AssumeRole")}
    row |= {"parameters": ROLE, **given}
    return direct_call(system, **row) is not None


PLACES = ("sts.eu-west-1.amazonaws.com", "127.0.0.1:4566", "localhost")
EXEMPT = ("", "*", "amazonaws.com", ".amazonaws.com", "a, LOCALHOST", "aws.com", "127.0.0.1", ",")


@pytest.mark.parametrize("exempt", EXEMPT)
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_proxies_are_found_as_by_the_standard_library(
    exempt: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(variable)
    for place in PLACES:
        assert not http.is_proxied(f"https://{place}/")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv(name, exempt)
    for place, scheme in itertools.product(PLACES, ("http", "https")):
        url = f"{scheme}://{place}/"
        assert http.is_proxied(url) == (scheme in get_environ_proxies(url)), url


@pytest.mark.parametrize(
    "words",
    [
        ("process", "dev"),
        ("whoami", "base"),
        ("Get-STSCallerIdentity", "-ProfileName", "base"),
        ("Get-STSSessionToken", "-ProfileName", "base"),
    ],
)
def test_calls_to_sts_load_no_client_library(
    keystead: Keystead, write_credentials: Callable[[str], Path], words: tuple[str, ...]
) -> None:
    write_credentials(
        f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
        f"region = eu-west-1\n[dev]\nrole_arn = {ROLE['RoleArn']}\nsource_profile = base\n"
        "region = eu-west-1\n"
    )
    bodies = {
        "process": result("AssumeRole", credentials("2099-01-01T00:00:00Z")),
        "Get-STSSessionToken": result("GetSessionToken", credentials("2099-01-01T00:00:00Z")),
    }
    with speaking((answer(bodies.get(words[0], IDENTITY)),)) as (url, received):
        done = keystead(*words, env={"AWS_ENDPOINT_URL": url, "PYTHONPROFILEIMPORTTIME": "1"})
        assert len(received) == 1
    assert done.code == 0
    assert "keystead.resolve.aws.query" in done.stderr
    assert not client_libraries(done.stderr)
