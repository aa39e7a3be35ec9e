"""The cmdlets that find cmdlets: by service, by operation, by a command of the AWS CLI."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry, Values, switch
from keystead.powershell.engine.state import State
from keystead.powershell.language.comparison import wildcard
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.folders import service_names
from keystead.powershell.services.index import Index, ServiceNames
from keystead.powershell.services.prefixes import prefix_of
from keystead.value import replace

Table = Callable[[], Registry]

# Services with another name in the AWS CLI than in botocore.
_CLI_NAMES = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}


def _get_command(table: Table, state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-Command``: the cmdlets of keystead, or those of a service."""
    pattern = wildcard(str(values.get("Name") or "*"))
    if values.get("Service"):
        for found, operation, cmdlet in _rows(_services(state, str(values["Service"]))):
            if pattern.fullmatch(cmdlet):
                yield AwsObject({"Name": cmdlet, "Operation": f"{found.service}:{operation}"})
        return
    for row in table():
        if pattern.fullmatch(row.name):
            yield AwsObject({"Name": row.name, "Operation": row.summary})


def get_cmdlet_name(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-AWSCmdletName``: the cmdlets that call an operation, with their services."""
    if values.get("AwsCliCommand"):
        yield _row(*_of_cli(state, str(values["AwsCliCommand"])))
        return
    operation, cmdlet = values.get("ApiOperation"), values.get("CmdletName")
    named = str(values["Service"]) if values.get("Service") else None
    services = _services(state, named) if named else _all(state)
    found = False
    for row in _rows(services):
        if _fits(operation, row[1], values) and _fits(cmdlet, row[2], values):
            found = True
            yield _row(*row)
    if not found and operation and not values.get("MatchWithRegex"):
        near = near_names(str(operation), [name for _, name, _ in _rows(services)])
        raise UsageError(
            f"{named or 'no service'} has {'no' if named else 'an'} operation `{operation}`",
            id="unknown-operation",
            hint=did_you_mean(near) if near else None,
        )


def get_service(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-AWSService``: the services with the prefixes of their cmdlets."""
    names = (
        [row.service for row in _services(state, str(values["Service"]))]
        if values.get("Service")
        else service_names()
    )
    for name in names:
        yield AwsObject({"Service": name, "CmdletNounPrefix": prefix_of(name)})


def _get_help(table: Table, _state: State, values: Values) -> Iterable[str]:
    """``Get-Help``: the text of ``keystead help CMDLET``."""
    from keystead.powershell.engine.help import help_text

    yield help_text(table().find(str(values["Name"])))


def _fits(wanted: object, name: str, values: Values) -> bool:
    if not wanted:
        return True
    if not values.get("MatchWithRegex"):
        return str(wanted).lower() == name.lower()
    try:
        return re.search(str(wanted), name, re.IGNORECASE) is not None
    except re.error:
        raise UsageError("the pattern is not a valid regular expression") from None


def _rows(services: Iterable[ServiceNames]) -> Iterator[tuple[ServiceNames, str, str]]:
    """Each service, operation and cmdlet."""
    for found in services:
        for operation, cmdlet in found.cmdlets.items():
            yield found, operation, cmdlet


def _all(state: State) -> list[ServiceNames]:
    index = Index(state.app.system)
    return [found for name in service_names() if (found := index.of(name))]


def _services(state: State, text: str) -> list[ServiceNames]:
    """The services of that name or prefix, else those whose titles contain ``text``.

    Raises `UsageError` if there is none.
    """
    wanted = text.lower()
    names = service_names()
    index = Index(state.app.system)
    exact = [name for name in names if wanted in (name, prefix_of(name).lower())]
    found = [row for row in map(index.of, exact or names) if row]
    if not exact:
        found = [row for row in found if wanted in row.title.lower()]
    if found:
        return found
    near = near_names(text, (*names, *map(prefix_of, names)))
    raise UsageError(
        f"there is no service `{text}`",
        id="unknown-service",
        hint=did_you_mean(near) if near else "`keystead Get-AWSService` shows them all",
    )


def _of_cli(state: State, command: str) -> tuple[ServiceNames, str, str]:
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
    found = Index(state.app.system).of(_CLI_NAMES.get(words[0], words[0]))
    if found is None:
        raise UsageError(
            f"`aws {words[0]}` is not a service of botocore",
            hint="`aws s3` is the CLI's own; `aws s3api` is the service",
        )
    wanted = words[1].replace("-", "").lower()
    for operation, cmdlet in found.cmdlets.items():
        if operation.lower() == wanted:
            return found, operation, cmdlet
    near = near_names(words[1].replace("-", ""), found.cmdlets)
    raise UsageError(
        f"{words[0]} has no operation `{words[1]}`",
        id="unknown-operation",
        hint=did_you_mean(near) if near else None,
    )


def _row(found: ServiceNames, operation: str, cmdlet: str) -> AwsObject:
    return AwsObject(
        {
            "CmdletName": cmdlet,
            "ServiceOperation": operation,
            "ServiceName": found.title,
            "CmdletNounPrefix": prefix_of(found.service),
        }
    )


_SERVICE = Parameter("Service", "a service's name or prefix, or a part of its full name")
_QUERY = {"Query": False}


def cmdlets(table: Table) -> tuple[Cmdlet, ...]:
    """Their rows; ``table`` returns the table of all cmdlets."""
    return (
        Cmdlet(
            "Get-Command",
            "the cmdlets of keystead, or with -Service those of an AWS service",
            (Parameter("Name", "a name with `*` and `?`", position=0), _SERVICE),
            partial(_get_command, table),
        ),
        Cmdlet(
            "Get-AWSCmdletName",
            "the cmdlets that call an operation, or do what a command of the AWS CLI does",
            (
                Parameter(
                    "ApiOperation",
                    "an operation, such as ListBuckets",
                    sets=_QUERY,
                    position=0,
                ),
                Parameter("CmdletName", "a cmdlet", sets=_QUERY),
                replace(_SERVICE, sets=_QUERY),
                switch("MatchWithRegex", "the names are regular expressions", sets=_QUERY),
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
            (replace(_SERVICE, position=0),),
            get_service,
        ),
        Cmdlet(
            "Get-Help",
            "what a cmdlet does and takes",
            (Parameter("Name", "the cmdlet", sets={"Default": True}, position=0),),
            partial(_get_help, table),
        ),
    )
