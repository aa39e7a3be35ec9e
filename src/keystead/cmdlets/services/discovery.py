"""The cmdlets that find cmdlets: by service, by operation, by a command of the AWS CLI."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from keystead.cmdlets.objects import AwsObject
from keystead.cmdlets.services.model import Operation, Service, service, service_names
from keystead.cmdlets.services.prefixes import prefix_of
from keystead.cmdlets.sources import Values
from keystead.cmdlets.state import State
from keystead.cmdlets.table_types import Cmdlet, Parameter, did_you_mean, near_names
from keystead.errors import UsageError

# Where the AWS CLI calls a service otherwise than botocore.
_CLI_NAMES = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}


def get_command(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-Command``: the cmdlets of keystead, or those of a service."""
    from keystead.cmdlets.table import CMDLETS  # which holds this one

    pattern = _wildcard(str(values.get("Name") or "*"))
    if values.get("Service"):
        for operation in _operations(str(values["Service"])):
            if pattern.fullmatch(operation.cmdlet):
                yield AwsObject(
                    {
                        "Name": operation.cmdlet,
                        "Operation": f"{operation.service.name}:{operation.name}",
                    }
                )
        return
    del state
    for cmdlet in CMDLETS:
        if pattern.fullmatch(cmdlet.name):
            yield AwsObject({"Name": cmdlet.name, "Operation": cmdlet.summary})


def get_cmdlet_name(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-AWSCmdletName``: the cmdlets that call an operation, with their services."""
    del state
    if values.get("AwsCliCommand"):
        yield _row(_of_cli(str(values["AwsCliCommand"])))
        return
    operation, cmdlet = values.get("ApiOperation"), values.get("CmdletName")
    found = False
    for row in _operations(str(values["Service"])) if values.get("Service") else _all():
        if _fits(operation, row.name, values) and _fits(cmdlet, row.cmdlet, values):
            found = True
            yield _row(row)
    if not found and operation and values.get("Service") and not values.get("MatchWithRegex"):
        rows = [row.name for row in _operations(str(values["Service"]))]
        near = near_names(str(operation), rows)
        raise UsageError(
            f"{values['Service']} has no operation `{operation}`",
            hint=did_you_mean(near) if near else None,
        )


def get_service(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-AWSService``: the services with the prefixes of their cmdlets."""
    del state
    names = (
        [row.name for row in _services(str(values["Service"]))]
        if values.get("Service")
        else service_names()
    )
    for name in names:
        yield AwsObject({"Service": name, "CmdletNounPrefix": prefix_of(name)})


def get_help(state: State, values: Values) -> Iterable[str]:
    """``Get-Help``: what ``keystead help CMDLET`` says."""
    from keystead.cmdlets.help import help_text
    from keystead.cmdlets.table import CMDLETS  # which holds this one

    del state
    yield help_text(CMDLETS.find(str(values["Name"])))


def _fits(wanted: object, name: str, values: Values) -> bool:
    if not wanted:
        return True
    if not values.get("MatchWithRegex"):
        return str(wanted).lower() == name.lower()
    try:
        return re.search(str(wanted), name, re.IGNORECASE) is not None
    except re.error:
        raise UsageError("the pattern is no regular expression") from None


def _operations(text: str) -> Iterator[Operation]:
    for row in _services(text):
        yield from row.operations.values()


def _all() -> Iterator[Operation]:
    for name in service_names():
        row = service(name)
        if row:
            yield from row.operations.values()


def _services(text: str) -> list[Service]:
    """The services of that name or prefix, else those whose names in words have ``text``.

    Raises `UsageError` when there is none.
    """
    wanted = text.lower()
    names = service_names()
    exact = [name for name in names if wanted in (name, prefix_of(name).lower())]
    found = [row for row in map(service, exact or names) if row]
    if not exact:
        found = [row for row in found if wanted in row.title.lower()]
    if found:
        return found
    near = near_names(text, (*names, *map(prefix_of, names)))
    raise UsageError(
        f"there is no service `{text}`",
        hint=did_you_mean(near) if near else "`keystead Get-AWSService` shows them all",
    )


def _of_cli(command: str) -> Operation:
    """The operation of a command of the AWS CLI. Raises `UsageError` for one that has none."""
    try:
        words = shlex.split(command)
    except ValueError:
        raise UsageError("the AWS CLI's command has a quote that is not closed") from None
    words = [word for word in words if not word.startswith("-")]
    if words[:1] == ["aws"]:
        del words[0]
    if len(words) < 2:  # noqa: PLR2004  # a service and an operation
        raise UsageError(
            "a command of the AWS CLI names a service and an operation",
            hint='such as "aws s3api list-buckets"',
        )
    row = service(_CLI_NAMES.get(words[0], words[0]))
    if row is None:
        raise UsageError(
            f"the AWS CLI's `{words[0]}` is no service of botocore",
            hint="`aws s3` is the CLI's own; `aws s3api` is the service",
        )
    wanted = words[1].replace("-", "").lower()
    by_name = {operation.name: operation for operation in row.operations.values()}
    for name, operation in by_name.items():
        if name.lower() == wanted:
            return operation
    near = near_names(words[1].replace("-", ""), by_name)
    raise UsageError(
        f"{words[0]} has no operation `{words[1]}`", hint=did_you_mean(near) if near else None
    )


def _row(operation: Operation) -> AwsObject:
    return AwsObject(
        {
            "CmdletName": operation.cmdlet,
            "ServiceOperation": operation.name,
            "ServiceName": operation.service.title,
            "CmdletNounPrefix": operation.service.prefix,
        }
    )


def _wildcard(text: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in text)
    return re.compile("".join(parts), re.IGNORECASE)


_SERVICE = Parameter("Service", "a service's name, prefix or a part of its name in words")

DISCOVERY = (
    Cmdlet(
        "Get-Command",
        "the cmdlets of keystead, or with -Service those of an AWS service",
        (Parameter("Name", "a name with `*` and `?`", position=0), _SERVICE),
        get_command,
    ),
    Cmdlet(
        "Get-AWSCmdletName",
        "the cmdlets that call an operation, or do what a command of the AWS CLI does",
        (
            Parameter(
                "ApiOperation",
                "an operation, such as ListBuckets",
                sets={"Query": False},
                position=0,
            ),
            Parameter("CmdletName", "a cmdlet", sets={"Query": False}),
            Parameter(
                "Service",
                "a service's name, prefix or a part of its name in words",
                sets={"Query": False},
            ),
            Parameter(
                "MatchWithRegex",
                "the names are regular expressions",
                kind="switch",
                sets={"Query": False},
            ),
            Parameter(
                "AwsCliCommand",
                "a command, such as `aws s3api list-buckets`",
                sets={"FromAwsCliCommand": True},
            ),
        ),
        get_cmdlet_name,
        default_set="Query",
    ),
    Cmdlet(
        "Get-AWSService",
        "the AWS services with the prefixes of their cmdlets",
        (
            Parameter(
                "Service", "a service's name, prefix or a part of its name in words", position=0
            ),
        ),
        get_service,
    ),
    Cmdlet(
        "Get-Help",
        "what a cmdlet does and takes",
        (Parameter("Name", "the cmdlet", sets={"Default": True}, position=0),),
        get_help,
    ),
)
