"""Every plan of tests/cases/planning is executed as planned, against a recorder.

The calls, their order, who signs each and in which region, every parameter, and the questions that
a person is asked are exactly those of the document that `keystead plan --json` shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from devtools.service import Reply, Request, metadata_service, serving
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.model.role_options import ROLE_OPTIONS
from keystead.model.sources import SOURCES, Login, Sso, WebIdentity
from keystead.system import Terminal
from tests.canaries import SECRET_KEY, SESSION_TOKEN
from tests.casefile import Case
from tests.conftest import Keystead
from tests.unit.test_planning_cases import NOW, PLANS, app_of, asked, ids, planned

pytestmark = pytest.mark.posix("programs of POSIX")

ENDS = "2100-01-01T00:00:00Z"
BEARER = "canary-of-the-sso-cache"
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_XML = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result><Credentials>
<AccessKeyId>{1}</AccessKeyId><SecretAccessKey>{2}</SecretAccessKey>
<SessionToken>{3}</SessionToken><Expiration>{4}</Expiration>
</Credentials></{0}Result></{0}Response>"""
DOCUMENT = {
    "Version": 1,
    "Code": "Success",
    "AccessKeyId": "ASIAOFTHEBASEEXAMPLE",
    "SecretAccessKey": SECRET_KEY,
    "SessionToken": SESSION_TOKEN,
    "Token": SESSION_TOKEN,
    "Expiration": ENDS,
}


class Person(Terminal):
    """A user at a terminal who types a new code at each prompt."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    def available(self) -> bool:
        return True

    def tell(self, text: str) -> None:
        raise AssertionError(f"nothing is to be said, and this was: {text}")

    def ask_secret(self, question: str, *, hint: str) -> str:
        self.questions.append(question)
        return f"{len(self.questions):06}"


class Aws:
    """STS, single sign-on, a container's endpoint and an instance's, at one address."""

    def __init__(self) -> None:
        self.calls: list[Mapping[str, str]] = []
        self._metadata = metadata_service(DOCUMENT)

    def __call__(self, request: Request) -> Reply:
        if request.path == "/container":
            return Reply(200, DOCUMENT)
        if request.path.startswith("/latest/"):
            return self._metadata(request)
        key, region, service = _signed(request)
        if request.path == "/federation/credentials":
            self.calls.append({"operation": "GetRoleCredentials", "key": key, **request.query})
            keys = {"accessKeyId": _key(len(self.calls)), "secretAccessKey": SECRET_KEY}
            found = {**keys, "sessionToken": SESSION_TOKEN, "expiration": 4102444800000}
            return Reply(200, {"roleCredentials": found})
        form = dict(parse_qsl(request.body.decode()))
        operation = form.pop("Action")
        form.pop("Version")
        signed = {"key": key, "region": region, "service": service, "path": request.path}
        self.calls.append({"operation": operation, **signed, **form})
        values = (operation, _key(len(self.calls)), SECRET_KEY, SESSION_TOKEN, ENDS)
        return Reply(200, _XML.format(*values), {"Content-Type": "text/xml"})


def _key(number: int) -> str:
    """The access key that the call of that number, from 1 on, gives."""
    return f"ASIAEXAMPLE{number:09}"


def _signed(request: Request) -> tuple[str, str, str]:
    found = _SCOPE.search(request.headers.get("authorization", ""))
    return found.groups() if found else ("nobody", "", "")


@pytest.fixture
def aws() -> Iterator[tuple[str, Aws]]:
    answer = Aws()
    with serving(answer, lambda: NOW) as service:
        yield service.url, answer


def files(case: Case) -> dict[str, bytes]:
    """The programs and files that profiles of the case name, by path."""
    common = {
        "/opt/helper": f"#!/bin/sh\necho '{json.dumps(DOCUMENT)}'\n".encode(),
        "/opt/code": b"#!/bin/sh\necho 314159\n",
        "/run/token": b"a.web.token",
    }
    own = {k.removeprefix("file "): v for k, v in case.parts.items() if k.startswith("file ")}
    return common | own


def prepared(case: Case, home: Path, url: str) -> tuple[App, Person]:
    """keystead for the case, with its programs, files and services."""
    replaced = {
        "http://127.0.0.1:9/credentials": f"{url}/container",
        "http://127.0.0.1:9": url,
    }
    for path, content in files(case).items():
        file = home / Path(path).name
        file.write_bytes(content)
        file.chmod(0o700)
        replaced[path] = str(file)
    parts = {name: part for name, part in case.parts.items() if name != "expect"}
    for old, new in replaced.items():
        parts = {k: part.replace(old.encode(), new.encode()) for k, part in parts.items()}
    app = app_of(case._replace(parts=parts), home)
    environ = {
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    # Calls to an address of one's own need a region; those to AWS, which the plan of the case has,
    # have one anyway.
    calls = json.loads(case.parts["expect"])["calls"]
    for region in {call["region"] for call in calls if call["service"] == "sts"}:
        environ["AWS_REGION"] = region
    if "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" in app.system.environ:
        environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{url}/container"
        environ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = ""
    person = Person()
    system = replace(
        app.system,
        environ={**app.system.environ, "HOME": str(home), **environ},
        terminal=person,
    )
    return App(system), person


def log_in(base: Mapping[str, str], home: Path, isolation: Keystead) -> None:
    """The login that a source of type SSO or `aws login` uses, if it is one of these."""
    ends = f"{NOW + timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}"
    if base["kind"] == "sso":
        named = base.get("sso_session", base["sso_start_url"])
        path = home / ".aws" / "sso" / "cache" / f"{sha1(named.encode()).hexdigest()}.json"
        document: dict[str, Any] = {"accessToken": BEARER, "expiresAt": ends}
    elif base["kind"] == "login":
        named = base["login_session"]
        path = home / ".aws" / "login" / "cache" / f"{sha256(named.encode()).hexdigest()}.json"
        keys = {"accessKeyId": DOCUMENT["AccessKeyId"], "secretAccessKey": SECRET_KEY}
        token = {**keys, "sessionToken": SESSION_TOKEN, "accountId": "1" * 12, "expiresAt": ends}
        document = {"accessToken": token, "refreshToken": "r", "clientId": "c", "dpopKey": "k"}
    else:
        return
    path.parent.mkdir(parents=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(document))
    isolation.plain.add(path)


def key_of_base(base: Mapping[str, str], app: App) -> str:
    """The access key id of the credentials that a plan starts from."""
    if base["kind"] == "static":
        return app.chain().find(base["profile"]).text("aws_access_key_id") or ""
    if base["kind"] == "environment":
        return app.system.environ["AWS_ACCESS_KEY_ID"]
    return str(DOCUMENT["AccessKeyId"])


def expected(plan: dict[str, Any], of_base: str) -> list[dict[str, str]]:
    """The calls that a plan says, with who signs them."""
    base, steps = plan["base"], plan["steps"]
    asked_with: list[dict[str, str]] = []
    if base["kind"] == "sso":
        role = {"account_id": base["sso_account_id"], "role_name": base["sso_role_name"]}
        asked_with.append(role)
    if base["kind"] == "web-identity":
        asked_with.append({**_role(base), "WebIdentityToken": "a.web.token"})
    answered = plan.get("mfa_session", {}).get("mfa_serial")
    if answered:
        asked_with.append({"SerialNumber": answered})
    for step in steps:
        own = step.get("mfa_serial") if step.get("mfa_serial") != answered else None
        asked_with.append({**_role(step), **({"SerialNumber": own} if own else {})})
    found = []
    for number, (call, given) in enumerate(zip(plan["calls"], asked_with, strict=True)):
        unsigned = call["operation"] in {"GetRoleCredentials", "AssumeRoleWithWebIdentity"}
        key = _key(number) if number else of_base
        signed = {
            "region": call["region"],
            "service": "sts",
            "path": "/" + call["endpoint_url"].partition("//")[2].partition("/")[2],
        }
        if unsigned:
            signed = {"region": "", "service": "", "path": "/"}
        if call["operation"] == "GetRoleCredentials":
            signed = {}
        who = {"operation": call["operation"], "key": "nobody" if unsigned else key}
        found.append({**who, **signed, **given})
    return found


def _role(row: Mapping[str, Any]) -> dict[str, str]:
    """What the form of one call for a role has, by the words of the plan."""
    found = {"RoleArn": row["role_arn"]}
    if "external_id" in row:
        found["ExternalId"] = row["external_id"]
    for name, option in ROLE_OPTIONS.items():
        if name in row:
            value = row[name]
            value = tuple(value.items()) if isinstance(value, dict) else value
            found |= _form(option.member, option.send(value) if option.send else value)
    return found


def _form(name: str, value: Any) -> dict[str, str]:
    """A member of a request in the form of the AWS Query protocol."""
    if isinstance(value, dict):
        parts = [(f"{name}.{key}", part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{name}.member.{number}", part) for number, part in enumerate(value, 1)]
    else:
        return {name: str(value)}
    return {k: v for part in parts for k, v in _form(*part).items()}


@pytest.mark.parametrize("case", PLANS, ids=ids)
def test_run_makes_exactly_the_planned_calls(
    case: Case, home: Path, isolation: Keystead, aws: tuple[str, Aws]
) -> None:
    url, service = aws
    isolation.plain |= {home / name for name in ("config", "credentials")}
    isolation.plain |= {home / Path(path).name for path in files(case)}
    app, person = prepared(case, home, url)
    plan = planned(app, asked(case))
    log_in(plan["base"], home, isolation)
    assert service.calls == []
    assert person.questions == []

    credentials = app.select(asked(case)).credentials(Grantee("test"))

    codes = [call["TokenCode"] for call in service.calls if "TokenCode" in call]
    made = [{k: v for k, v in call.items() if k != "TokenCode"} for call in service.calls]
    assert expected(plan, key_of_base(plan["base"], app)) == made
    assert len(set(codes)) == len(codes)
    by_person = [prompt for prompt in plan["prompts"] if "answered_by" not in prompt]
    assert len(by_person) == len(person.questions)
    for prompt, question in zip(by_person, person.questions, strict=True):
        assert prompt["mfa_serial"] in question
    assert len(codes) == len(plan["prompts"])
    calls = len(plan["calls"])
    if calls:
        assert credentials.access_key_id == _key(calls)

    # What was got once by a call is not got again, as the plan now says.
    assert app.select(asked(case)).credentials(Grantee("test")) == credentials
    again = planned(app, asked(case))
    assert len(service.calls) == calls
    # Which keys a program, an instance or a container gives is not known before it is asked.
    kind = next(kind for kind in SOURCES if kind.kind == plan["base"]["kind"])
    is_known = kind.is_local or kind in {Sso, WebIdentity, Login}
    assert again["cache"]["state"] == ("fresh" if calls and is_known else "none")
    assert not is_known or not any(prompt["due"] for prompt in again["prompts"])
