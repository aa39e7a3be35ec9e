"""The parameters of a service cmdlet, made from the shape of its operation's request.

A member is a parameter in PowerShell's spelling, lists and tables in the singular, with botocore's
own name as an alias. The members of a structure can also be given one by one, as
``-Code_S3Bucket``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Parameter, switch
from keystead.powershell.engine.credential_parameters import (
    ACCESS_KEY,
    CREDENTIAL,
    PROFILE_LOCATION,
    PROFILE_NAME,
    REGION,
    SECRET_KEY,
    SESSION_TOKEN,
)
from keystead.powershell.services.conversion import Context, convert, type_name
from keystead.powershell.services.model import Operation, Shape
from keystead.powershell.services.name_overrides import (
    PARAMETERS,
    WHERE_TAKEN,
    WHERE_TAKEN_ANYWHERE,
)
from keystead.powershell.services.naming import singular
from keystead.powershell.unsupported import PARAMETERS as OF_ANY_CMDLET
from keystead.value import Value, replace

SET = "Default"
_TAGS = re.compile(r"<[^>]+>")
_NOT_NAME = re.compile(r"[^A-Za-z0-9]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_SECRET = re.compile(
    r"secret|password|passphrase|private_?key|plaintext|tokencode|authtoken|keymaterial",
    re.IGNORECASE,
)
_SUSPICIOUS = re.compile(
    r"secret|password|passphrase|private_?key|plaintext|token|credential|payload|keymaterial|pin$",
    re.IGNORECASE,
)
_NAMING = re.compile(r"(?:Name|Id|Arn|ARN|Identifier)s?$")
_LONGEST_MEANING = 300
_LOOKING = ("Get-", "Find-", "Search-", "Test-", "Measure-", "Read-", "Convert-", "Compare-")

SELECT = Parameter(
    "Select",
    "what to output: `*` for the whole answer, `Member.Path`, or `^Parameter`",
    by_property=False,
)
AS_JSON = switch("AsJson", "output JSON")
REVEAL = switch("Reveal", "show secrets in the answer")
FILE = Parameter(
    "File",
    "the file to send, or to write the body of the answer to",
    by_property=False,
)
NO_AUTO_ITERATION = switch("NoAutoIteration", "only one page of a long list")
MAX_ITEM = Parameter(
    "MaxItem", "at most this many items of a long list", kind="int", by_property=False
)


SERVICE_PARAMETERS = tuple(
    replace(row, by_property=False)
    for row in (
        ACCESS_KEY,
        SECRET_KEY,
        SESSION_TOKEN,
        PROFILE_NAME,
        PROFILE_LOCATION,
        CREDENTIAL,
        REGION,
        Parameter("EndpointUrl", "the endpoint to call instead of the service's default"),
    )
)
"""The common parameters of service cmdlets."""

FORCE = Parameter("Force", "do not ask", kind="switch", by_property=False)
"""The switch that answers the cmdlet's own question; never a member of a request."""

UNSUPPORTED = tuple(
    Parameter(name, "not supported", kind="any", by_property=False, refused=OF_ANY_CMDLET[name])
    for name in ("ClientConfig", "NetworkCredential")
)
"""The common parameters of the AWS Tools that keystead refuses."""


class Field(Value):
    """A parameter and the place in the request where its value goes."""

    parameter: Parameter
    place: tuple[str, ...]
    shape: Shape


def own_switches(operation: Operation) -> tuple[Parameter, ...]:
    """The switches of a service cmdlet that are neither in its request nor common to all."""
    rows = [SELECT, AS_JSON, REVEAL]
    if changes(operation):
        rows.append(FORCE)
    if operation.paging:
        rows += [NO_AUTO_ITERATION, MAX_ITEM]
    if streamed(operation.input) or streamed(operation.output):
        rows.append(FILE)
    return tuple(rows)


def changes(operation: Operation) -> bool:
    """Whether the cmdlet may change something, by its verb."""
    return not operation.cmdlet.startswith(_LOOKING)


def asks_first(operation: Operation) -> bool:
    """Whether the cmdlet removes something."""
    return operation.cmdlet.startswith("Remove-") and not operation.name.startswith("Untag")


def streamed(shape: Shape | None) -> str | None:
    """The member that is a stream of bytes, None if there is none."""
    payload = shape and shape.traits.get("payload")
    if not shape or not payload:
        return None
    member = shape.members[payload]
    return payload if member.kind == "blob" else None


def fields(operation: Operation, reserved: frozenset[str]) -> tuple[Field, ...]:
    """The fields of the operation's request.

    ``reserved`` has the names of the cmdlet's other parameters in lower case. A member with such a
    name gets that of `WHERE_TAKEN`, or the prefix ``Request``.
    """
    request = operation.input
    if request is None:
        return ()
    return tuple(_fields(operation, request, set(reserved)))


def _fields(operation: Operation, request: Shape, taken: set[str]) -> Iterator[Field]:
    renamed = PARAMETERS.get(operation.service.name, {})
    instead = WHERE_TAKEN.get((operation.service.name, operation.name), {})
    members = request.members
    names: dict[str, tuple[str, tuple[str, ...]]] = {}
    for member, shape in members.items():
        whole = spelled(member)
        many = shape.kind in ("list", "map")
        wanted = renamed.get(member) or (singular(whole) if many else whole)
        name = _free(wanted, whole, instead, taken)
        taken.add(name.lower())
        names[member] = (name, ())
    for member in members:  # the aliases last, as a name weighs more
        whole = spelled(member)
        if whole.lower() not in taken:
            taken.add(whole.lower())
            names[member] = (names[member][0], (whole,))
    lead = _leading(operation, request)
    for member, shape in members.items():
        name, aliases = names[member]
        parts = [] if shape.is_document else list(_parts(name, member, shape, taken))
        must = member in request.required and not parts and member != streamed(request)
        yield Field(
            Parameter(
                name,
                _described(shape),
                aliases,
                "any",
                sets={SET: True} if must else None,
                position=lead.index(member) if member in lead else None,
                secret=secret(member, shape),
                private=may_hold_secret(member, shape),
                values=shape.values or (("true", "false") if shape.kind == "boolean" else ()),
                type_name=type_name(shape),
            ),
            (member,),
            shape,
        )
        yield from parts


def _parts(name: str, member: str, whole: Shape, taken: set[str]) -> Iterator[Field]:
    """A parameter for each member of a structure."""
    for inner, shape in whole.members.items():
        spelling = f"{name}_{spelled(inner)}"
        if spelling.lower() not in taken:
            taken.add(spelling.lower())
            yield Field(
                Parameter(
                    spelling,
                    _described(shape),
                    kind="any",
                    secret=secret(inner, shape),
                    private=may_hold_secret(inner, shape),
                    values=shape.values,
                    type_name=type_name(shape),
                ),
                (member, inner),
                shape,
            )


def _free(wanted: str, whole: str, instead: Mapping[str, str], taken: set[str]) -> str:
    other = instead.get(whole) or WHERE_TAKEN_ANYWHERE.get(whole) or f"Request{wanted}"
    for name in (wanted, whole, other, f"Request{whole}"):
        if name.lower() not in taken:
            return name
    number = 2
    while f"{whole}{number}".lower() in taken:
        number += 1
    return f"{whole}{number}"


def _leading(operation: Operation, request: Shape) -> list[str]:
    """The positional members, in order."""
    if request.required:
        return list(request.required)
    tokens = operation.paging.tokens_in if operation.paging else ()
    naming = (name for name in request.members if _NAMING.search(name) and name not in tokens)
    return [name for name in (next(naming, None),) if name]


def spelled(member: str) -> str:
    """A member's name as PowerShell spells parameters."""
    parts = _NOT_NAME.split(member)
    return "".join(part[:1].upper() + part[1:] for part in parts)


def secret(name: str, shape: Shape) -> bool:
    """Whether a member is a secret: text or bytes, marked sensitive, with the name of a secret."""
    if shape.kind not in ("string", "blob") or not shape.traits.get("sensitive"):
        return False
    return _SECRET.search(name) is not None


def may_hold_secret(name: str, shape: Shape, above: frozenset[str] = frozenset()) -> bool:
    """Whether a member or anything in it is marked sensitive, or its name suggests a secret.

    Wider than `secret`: in doubt, a value is left out of the history.
    """
    if shape.traits.get("sensitive") or shape.is_document:
        return True
    if _SUSPICIOUS.search(name) and shape.kind not in ("boolean", "integer", "long", "timestamp"):
        return True
    if shape.name in above:
        return False
    inside = above | {shape.name}
    if shape.kind == "structure":
        return any(may_hold_secret(key, row, inside) for key, row in shape.members.items())
    if shape.kind in ("list", "map"):
        return may_hold_secret("", shape.element, inside)
    return False


def meaning(traits: Mapping[str, object]) -> str:
    """The first sentence of the model's documentation; often empty."""
    text = html.unescape(_TAGS.sub(" ", str(traits.get("documentation", ""))))
    first = _SENTENCE.split(" ".join(text.split()), maxsplit=1)[0]
    return first[:_LONGEST_MEANING].rstrip(". ")


def _described(shape: Shape) -> str:
    """The meaning of a parameter, with a list of a structure's members."""
    said = meaning(shape.traits) or f"a value of the type {type_name(shape)}"
    inner = shape.element if shape.kind == "list" else shape
    rows = [f"{name} <{type_name(row)}>" for name, row in inner.members.items()]
    return f"{said}. Members: {', '.join(rows)}" if rows and inner is not shape else said


def request_of(
    rows: tuple[Field, ...], values: Mapping[str, object], context: Context
) -> dict[str, object]:
    """The request with the bound ``values``.

    Raises `UsageError` for an invalid value and for one that is given twice.
    """
    request: dict[str, object] = {}
    for row in rows:
        name = row.parameter.name
        value = values.get(name)
        if value is None:
            continue
        found = convert(row.shape, value, f"-{name}", context)
        head, *rest = row.place
        if not rest:
            request[head] = found
            continue
        inside = request.setdefault(head, {})
        if not isinstance(inside, dict) or rest[0] in inside:
            raise UsageError(
                f"`-{name}` is also given as a part of -{name.partition('_')[0]}",
                id="conflicting-parameters",
            )
        inside[rest[0]] = found
    return request
