"""What is taken from botocore: a session that reads no files, and the table of regions.

botocore would refuse shared files that the SDK rules accept, and look for credentials of its own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any

_VARIABLES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def isolated_session(kind: type[Any] | None = None) -> Any:  # noqa: ANN401  # botocore has no types
    """A new session without profile, config file and credentials file.

    ``kind`` is its class, None `botocore.session.Session`.
    """
    from botocore.session import Session

    return (kind or Session)(session_vars=_VARIABLES)


def service_session(service: str) -> Any:  # noqa: ANN401  # as above
    """An `isolated_session` that knows ``service`` alone: to look through the models of all
    services takes botocore as long as the call itself.

    The next call of a chain goes to the same service, and a session that has read its model makes
    a client thirty times as fast. Sessions are not safe for threads, so each thread keeps its own,
    and that of one service, as models may be large.
    """
    if getattr(_last, "service", None) != service:
        _last.session = _service_session(service)
        _last.service = service
    return _last.session


_last = local()


def _service_session(service: str) -> Any:  # noqa: ANN401  # as above
    from botocore.exceptions import DataNotFoundError

    session = isolated_session()
    loader = session.get_component("data_loader")

    def available(type_name: str) -> list[str]:
        try:
            loader.list_api_versions(service, type_name)
        except DataNotFoundError:
            return []
        return [service]

    loader.list_available_services = available
    return session


def region_names() -> dict[str, str]:
    """The regions that botocore knows, each with what it is called, in the order of names.

    Read from botocore's data without loading botocore, since completion asks for it.
    """
    found: dict[str, str] = {}
    for partition in _partitions():
        for name, row in partition["regions"].items():
            found[name] = str(row.get("description") or name)
    return {name: found[name] for name in sorted(found) if not name.endswith("-global")}


def partition_of(region: str | None) -> str:
    """The partition that a region belongs to, such as ``aws-cn``; ``aws`` for an unknown one."""
    for partition in _partitions():
        if region and re.fullmatch(partition["regionRegex"], region):
            return str(partition["id"])
    return "aws"


def _partitions() -> Iterator[dict[str, Any]]:
    package = find_spec("botocore")
    for folder in (package and package.submodule_search_locations) or ():
        table = json.loads((Path(folder) / "data" / "partitions.json").read_bytes())
        yield from table["partitions"]
