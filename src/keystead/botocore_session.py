"""A botocore session that reads no files: what it needs is handed to it.

botocore would refuse shared files that the SDK rules accept, and look for credentials of its own.
"""

from __future__ import annotations

import os
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
    """
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
