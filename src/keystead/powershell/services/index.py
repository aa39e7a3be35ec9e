"""The names of each service's cmdlets, cached: a service's model is read for them once.

Reading a model and naming its operations takes up to a third of a second, too long for completion.
A cached file is valid for one version of the model and of the naming rules.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from keystead.errors import FileProblem
from keystead.powershell.services import name_overrides, naming, prefixes, verbs
from keystead.powershell.services.folders import model_file, service_names
from keystead.system import System
from keystead.system.file_versions import change_token

_LETTERS = 2
"""The shortest noun to look up: shorter ones fit most services."""

_SERVICES = 3
"""The number of services in which a cmdlet is looked up."""

_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z0-9]+")

_RULES = (naming, prefixes, verbs, name_overrides)


class ServiceNames(NamedTuple):
    """The names of one service and its operations; ``service`` is its name in botocore."""

    service: str
    title: str
    cmdlets: Mapping[str, str]
    """The cmdlets by the operations that they call, sorted by cmdlet."""


class Index:
    """The names of all services, cached in the cache folder of ``system``."""

    def __init__(self, system: System) -> None:
        self._system = system

    def cmdlets_like(self, like: str) -> list[str]:
        """The cmdlets of the services that ``like``, a name or its beginning, may belong to."""
        noun = like.partition("-")[2]
        if len(noun) < _LETTERS:
            return []
        likely = prefixes.services_of(noun, service_names())[:_SERVICES]
        return [name for found in map(self.of, likely) if found for name in found.cmdlets.values()]

    def of(self, service: str) -> ServiceNames | None:
        """The names of a service, None if it does not exist."""
        model = model_file(service)
        if model is None:
            return None
        version = _version(model)
        path = self._system.folders.cmdlets / f"{service}.tsv"
        return self._cached(service, path, version) or self._read(service, path, version)

    def _cached(self, service: str, path: Path, version: str) -> ServiceNames | None:
        try:
            text = (self._system.files.read(path).data or b"").decode()
        except (FileProblem, UnicodeDecodeError):
            return None
        first, *lines = text.split("\n")
        rows = [line.split("\t") for line in lines]
        # The last row is the text after the last line feed: empty, if the file is complete.
        if first != version or len(rows) < 2 or rows[-1] != [""]:  # noqa: PLR2004  # title, end
            return None
        if not all(_CMDLET.fullmatch(row[-1]) for row in rows[1:-1]):  # a shell is to type it
            return None
        return ServiceNames(service, rows[0][0], {row[0]: row[-1] for row in rows[1:-1]})

    def _read(self, service: str, path: Path, version: str) -> ServiceNames:
        from keystead.powershell.services.model import Service

        found = Service(service)
        names = {row.name: row.cmdlet for row in found.operations.values()}
        lines = [version, found.title, *(f"{name}\t{cmdlet}" for name, cmdlet in names.items())]
        data = "".join(f"{line}\n" for line in lines).encode()
        with contextlib.suppress(FileProblem):
            self._system.files.put(path, data)
        return ServiceNames(service, found.title, names)


def _version(model: Path) -> str:
    files = (str(model), *(str(module.__file__) for module in _RULES))
    return str([version for _, version in change_token(files)])
