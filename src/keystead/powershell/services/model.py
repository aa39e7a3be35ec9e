"""botocore's model of a service, read without importing botocore, once in a process."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from keystead.powershell.services.folders import MODEL, PAGINATORS, folders, model_file
from keystead.powershell.services.name_overrides import NAMES
from keystead.powershell.services.naming import cmdlet_names
from keystead.powershell.services.prefixes import prefix_of, services_of
from keystead.value import Value, field

_NOTHING: Mapping[str, Any] = {}


class Shape(Value):
    """The type of a value; ``kind`` is the model's word for it."""

    name: str
    service: Service = field(repr=False)
    traits: Mapping[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """``structure``, ``list``, ``map``, ``string``, ``blob``, ``timestamp`` and the like."""
        return str(self.traits["type"])

    @property
    def members(self) -> dict[str, Shape]:
        """The members of a structure in their order; none for any other kind."""
        return {
            name: self.service.shape(row["shape"], row)
            for name, row in self.traits.get("members", _NOTHING).items()
        }

    @property
    def required(self) -> Sequence[str]:
        """The required members of a structure."""
        return tuple(self.traits.get("required", ()))

    @property
    def element(self) -> Shape:
        """The elements of a list, or the values of a map."""
        row = self.traits["member" if self.kind == "list" else "value"]
        return self.service.shape(row["shape"], row)

    @property
    def key(self) -> Shape:
        """The keys of a map."""
        return self.service.shape(self.traits["key"]["shape"], _NOTHING)

    @property
    def values(self) -> tuple[str, ...]:
        """The valid values of a text, if the model lists them."""
        return tuple(self.traits.get("enum", ()))

    @property
    def is_document(self) -> bool:
        """Whether any JSON fits."""
        return bool(self.traits.get("document"))


class Paging(Value):
    """The paging of an operation, from botocore's table of paginators."""

    tokens_in: tuple[str, ...]
    tokens_out: tuple[str, ...]
    results: tuple[str, ...]
    limit: str | None


class Operation(Value):
    """One operation of a service."""

    name: str
    cmdlet: str
    service: Service = field(repr=False)
    traits: Mapping[str, Any] = field(repr=False)

    @property
    def input(self) -> Shape | None:
        """The structure of its request, None if it has no members."""
        row = self.traits.get("input")
        return row and self.service.shape(row["shape"], _NOTHING)

    @property
    def output(self) -> Shape | None:
        """The structure of its answer, None if it has no members."""
        row = self.traits.get("output")
        return row and self.service.shape(row["shape"], _NOTHING)

    @property
    def paging(self) -> Paging | None:
        """Its paging, None if it has none."""
        return self.service.paginators.get(self.name)


class Service:
    """One service; ``name`` is its name in botocore."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def _model(self) -> Mapping[str, Any]:
        return _read(self.name, MODEL)

    @property
    def prefix(self) -> str:
        """The prefix of its cmdlets' nouns."""
        return prefix_of(self.name)

    @property
    def title(self) -> str:
        """Its name in words."""
        return str(self._model["metadata"].get("serviceFullName", self.name))

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Its operations by their cmdlets in lower case, sorted by cmdlet."""
        rows = self._model["operations"]
        names = cmdlet_names(self.name, self.prefix, rows, NAMES.get(self.name, _NOTHING))
        found = (Operation(name, cmdlet, self, rows[name]) for name, cmdlet in names.items())
        return {row.cmdlet.lower(): row for row in sorted(found, key=lambda row: row.cmdlet)}

    @cached_property
    def paginators(self) -> Mapping[str, Paging]:
        """The paging of its operations by name."""
        table = _read(self.name, PAGINATORS).get("pagination", _NOTHING)
        return {
            name: Paging(
                _texts(row["input_token"]),
                _texts(row["output_token"]),
                _texts(row["result_key"]),
                row.get("limit_key"),
            )
            for name, row in table.items()
            if "result_key" in row
        }

    def shape(self, name: str, traits: Mapping[str, Any]) -> Shape:
        """The shape of that name; ``traits`` are those of the reference to it."""
        return Shape(name, self, {**self._model["shapes"][name], **traits})


@cache
def service(name: str) -> Service | None:
    """The service by its name in botocore, None if it does not exist."""
    return Service(name) if name in folders() else None


def find_operation(cmdlet: str) -> Operation | None:
    """The operation of a cmdlet, in any letter case; None if there is no such cmdlet."""
    for found in candidates(cmdlet):
        operation = found.operations.get(cmdlet.lower())
        if operation:
            return operation
    return None


def operation_of(service_name: str, name: str) -> Operation:
    """The operation of a service. Raises KeyError if it does not exist."""
    found = service(service_name)
    named = {row.name: row for row in found.operations.values()} if found else {}
    return named[name]


def candidates(cmdlet: str) -> Iterator[Service]:
    """The services that a cmdlet may belong to by its prefix, the likely ones first."""
    noun = cmdlet.partition("-")[2]
    for name in services_of(noun, folders()):
        found = service(name)
        if found:
            yield found


def _read(service: str, name: str) -> Mapping[str, Any]:
    """A file of a service's model; empty if it does not exist."""
    path = model_file(service, name)
    if path is None:
        return _NOTHING
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        found: Mapping[str, Any] = json.loads(file.read())
        return found


def _texts(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
