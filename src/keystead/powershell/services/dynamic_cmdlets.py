"""Service cmdlets as rows of the cmdlet table, created on demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache, partial

from keystead.powershell.cmdlet import CHANGING, COMMON, Cmdlet, Parameter
from keystead.powershell.services.index import Index
from keystead.powershell.services.model import Operation, find_operation
from keystead.powershell.services.name_overrides import UNSUPPORTED as OF_CMDLET
from keystead.powershell.services.parameters import (
    FORCE,
    SERVICE_PARAMETERS,
    UNSUPPORTED,
    Field,
    asks_first,
    changes,
    fields,
    meaning,
    own_switches,
)
from keystead.powershell.services.response import properties
from keystead.powershell.services.run import run
from keystead.powershell.unsupported import OF_POWERSHELL
from keystead.system import System

# Names for members of a request that have the name of a common parameter.
_OF_EVERY_CMDLET = frozenset(
    (
        *(name.lower() for row in (*COMMON, *CHANGING, FORCE) for name in row.names),
        *(name.lower() for name in OF_POWERSHELL),
    )
)


class ServiceCmdlets:
    """The cmdlets of all services."""

    def find(self, name: str) -> Cmdlet | None:
        """The cmdlet of that name in any letter case; only its service's model is read."""
        return cmdlet(name.lower())

    def names(self, like: str) -> Iterable[str]:
        """The cmdlets of the services that ``like`` may belong to."""
        return Index(System()).cmdlets_like(like)  # the table has no System


@cache
def cmdlet(name: str) -> Cmdlet | None:
    """The cmdlet of that name, None when there is none."""
    operation = find_operation(name)
    return cmdlet_of(operation) if operation else None


def cmdlet_of(operation: Operation) -> Cmdlet:
    """The row of the cmdlet that calls ``operation``."""
    others = (*own_switches(operation), *SERVICE_PARAMETERS)
    reserved = _OF_EVERY_CMDLET.union(name.lower() for row in others for name in row.names)
    rows = fields(operation, reserved)
    calls = f"calls {operation.name} of {operation.service.title}"
    return Cmdlet(
        operation.cmdlet,
        meaning(operation.traits) or calls,
        (*(row.parameter for row in rows), *others),
        partial(run, operation, rows),
        outputs=partial(properties, operation),
        changes=_targets(rows) if changes(operation) else None,
        asks=asks_first(operation),
        refused=_refused(operation, {name.lower() for row in rows for name in row.parameter.names}),
    )


def _refused(operation: Operation, taken: Collection[str]) -> tuple[Parameter, ...]:
    """The parameters of the AWS Tools that are refused by name."""
    own = {**OF_CMDLET.get(operation.service.name, {}), **OF_CMDLET.get(operation.cmdlet, {})}
    rows = (
        Parameter(name, "not supported", kind="any", by_property=False, refused=hint)
        for name, hint in own.items()
    )
    return tuple(row for row in (*UNSUPPORTED, *rows) if row.name.lower() not in taken)


def _targets(rows: Iterable[Field]) -> tuple[str, ...]:
    """The parameters that name what the cmdlet changes: the positional ones."""
    return tuple(row.parameter.name for row in rows if row.parameter.position is not None)
