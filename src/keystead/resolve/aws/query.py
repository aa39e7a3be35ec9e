"""The Query protocol of STS: a form as the request, XML as the answer.

The tables repeat what botocore's model of the service says; tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlencode

from keystead.resolve.aws.protocol import Request, failing
from keystead.system.http import Answer
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from xml.etree.ElementTree import Element

VERSION = "2011-06-15"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"

LEAST = {
    "DurationSeconds": 900,
    "ExternalId": 2,
    "Key": 1,
    "Name": 2,
    "Policy": 1,
    "ProviderId": 4,
    "RoleArn": 20,
    "RoleSessionName": 2,
    "SerialNumber": 9,
    "SourceIdentity": 2,
    "TokenCode": 6,
    "TransitiveTagKeys": 1,
    "Value": 0,
    "WebIdentityToken": 4,
    "arn": 20,
}
"""The least length of a parameter, or of each string in it; for the one integer its least value."""

NESTED = {"PolicyArns": {"arn"}, "Tags": {"Key", "Value"}}
"""Lists of structures: the members of each."""

_SIZES = {"SessionTokenUtilization": int, "SessionTokenSize": int}
_CREDENTIALS = {
    "Credentials": {
        "AccessKeyId": str,
        "SecretAccessKey": str,
        "SessionToken": str,
        "Expiration": datetime,
    },
    **_SIZES,
}
_ROLE = {
    **_CREDENTIALS,
    "AssumedRoleUser": {"AssumedRoleId": str, "Arn": str},
    "PackedPolicySize": int,
    "SourceIdentity": str,
}


class Operation(NamedTuple):
    """One operation: ``members`` of its result, by their types or nested."""

    required: frozenset[str]
    optional: frozenset[str]
    members: Mapping[str, Any]
    is_signed: bool = True
    service: str = "sts"


_MFA = frozenset({"DurationSeconds", "SerialNumber", "TokenCode"})
_POLICIES = frozenset({"DurationSeconds", "Policy", "PolicyArns"})
_ROLE_REQUIRED = frozenset({"RoleArn", "RoleSessionName"})

OPERATIONS = {
    "AssumeRole": Operation(
        _ROLE_REQUIRED,
        _POLICIES | _MFA | {"ExternalId", "SourceIdentity", "Tags", "TransitiveTagKeys"},
        _ROLE,
    ),
    "AssumeRoleWithWebIdentity": Operation(
        _ROLE_REQUIRED | {"WebIdentityToken"},
        _POLICIES | {"ProviderId"},
        {**_ROLE, "Audience": str, "Provider": str, "SubjectFromWebIdentityToken": str},
        is_signed=False,
    ),
    "GetCallerIdentity": Operation(
        frozenset(), frozenset(), {"Account": str, "Arn": str, "UserId": str}
    ),
    "GetFederationToken": Operation(
        frozenset({"Name"}),
        _POLICIES | {"Tags"},
        {
            **_CREDENTIALS,
            "FederatedUser": {"FederatedUserId": str, "Arn": str},
            "PackedPolicySize": int,
        },
    ),
    "GetSessionToken": Operation(frozenset(), _MFA, _CREDENTIALS),
}


def is_valid(operation: Operation, parameters: Mapping[str, Any]) -> bool:
    """Whether the parameters are known to be what botocore would send unchanged."""
    names = parameters.keys()
    return operation.required <= names <= operation.required | operation.optional and all(
        _fits(name, value) for name, value in parameters.items()
    )


def _fits(name: str, value: object) -> bool:
    if name in NESTED:
        return isinstance(value, list) and all(
            isinstance(row, dict)
            and row.keys() == NESTED[name]
            and all(_fits(inner, text) for inner, text in row.items())
            for row in value
        )
    if name == "TransitiveTagKeys":
        return isinstance(value, list) and all(_is_text(name, text) for text in value)
    if name == "DurationSeconds":
        return type(value) is int and value >= LEAST[name]
    return _is_text(name, value)


def _is_text(name: str, value: object) -> bool:
    return isinstance(value, str) and len(value) >= LEAST[name]


def request(operation: str, parameters: Mapping[str, Any]) -> Request:
    """The request. Raises `ValueError` for text that has no encoding."""
    rows = [("Action", operation), ("Version", VERSION)]
    for name, value in parameters.items():
        rows += _rows(name, value)
    return Request("POST", "/", {"Content-Type": _FORM}, urlencode(rows).encode())


def _rows(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # of JSON's kinds
    if isinstance(value, list):
        if not value:
            yield name, ""
        for number, element in enumerate(value, 1):
            yield from _rows(f"{name}.member.{number}", element)
    elif isinstance(value, dict):
        for inner, element in value.items():
            yield from _rows(f"{name}.{inner}", element)
    else:
        yield name, str(value)


def result(operation: str, answer: Answer) -> dict[str, Any]:
    """What a successful answer says.

    Raises `LookupError` where it is not one, and `ValueError` for a number or time that is not one.
    """
    root = _children(_root(answer.body))
    found = _structure(root[f"{operation}Result"], OPERATIONS[operation].members)
    more = root.get("ResponseMetadata", ())
    return found | {"ResponseMetadata": {_tag(node): node.text for node in more}}


def refusal(answer: Answer) -> dict[str, Any]:
    """What another answer says: ``Error`` with ``Code`` and ``Message``, and the request's id.

    Raises `LookupError` where it is not that.
    """
    without_words = failing(answer)
    if without_words:
        return without_words
    found = _texts(_root(answer.body))
    errors = found.get("Errors")
    if isinstance(errors, dict):
        found |= errors
    request = {"RequestId": found["RequestId"]} if "RequestId" in found else {}
    if isinstance(found.setdefault("Error", {}), dict):
        return {"Error": found["Error"], "ResponseMetadata": request}
    raise LookupError("Error")


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


def _root(body: bytes) -> Element:
    from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

    # The parser limits what entities may expand to, and an answer is small.
    parser = XMLParser(target=TreeBuilder(), encoding="utf-8")  # noqa: S314
    try:
        parser.feed(body)
        return parser.close()
    except ParseError:
        raise LookupError("XML") from None


def _tag(node: Element) -> str:
    return node.tag.rpartition("}")[2]


def _children(node: Element) -> dict[str, Element]:
    return {_tag(child): child for child in reversed(node)}  # the first of each name


def _texts(node: Element) -> dict[str, Any]:
    return {
        name: _texts(child) if len(child) else child.text for name, child in _children(node).items()
    }


def _structure(node: Element, members: Mapping[str, Any]) -> dict[str, Any]:
    found = _children(node)
    return {
        name: _structure(found[name], kind)
        if isinstance(kind, Mapping)
        else _READ[kind](found[name].text or "")
        for name, kind in members.items()
        if name in found
    }


def _moment(text: str) -> datetime:
    if _MOMENT.fullmatch(text):
        return datetime.fromisoformat(text)
    from botocore.utils import parse_timestamp

    found: datetime = parse_timestamp(text)
    return found


_READ: Mapping[type, Callable[[str], object]] = {str: str, int: int, datetime: _moment}
