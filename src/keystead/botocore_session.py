"""What is taken from botocore: a session that reads no files, and the table of regions.

botocore would refuse shared files that the SDK rules accept, use the settings of another profile,
and search for credentials itself.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import local
from types import MappingProxyType

from keystead.model.client_settings import NO_CLIENT_SETTINGS, SETTINGS, ClientSettings
from keystead.model.endpoints import IGNORE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def isolated_session(kind: type[Any] | None = None) -> Any:  # noqa: ANN401  # botocore has no types
    """A new session without profile, config file and credentials file, whose clients are made with
    its attribute ``client_settings``, and not by the variables that belong to those.

    ``kind`` is its class, None `botocore.session.Session`. The attribute ``profile_settings`` has
    what else a profile sets, such as the application's name in the user agent.
    """
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as KNOWN
    from botocore.session import Session

    ours = {"region": KNOWN["region"], IGNORE: KNOWN[IGNORE]}
    ours |= {row.name: KNOWN[row.name] for row in SETTINGS if row.name in KNOWN}
    unread = {
        name: (setting, None, default, convert)
        for name, (setting, _, default, convert) in ours.items()
    }
    base: Any = kind or Session
    session = _configured(base)(session_vars={**_FILES, **unread})
    _unread_s3(session)
    return session


@cache
def _configured(kind: type[Any]) -> Any:  # noqa: ANN401  # as above
    class ConfiguredSession(kind):  # type: ignore[misc]  # as above
        """A session whose clients are made with the `ClientSettings` that it is given."""

        client_settings: ClientSettings = NO_CLIENT_SETTINGS
        profile_settings: Mapping[str, Any] = MappingProxyType({})

        def get_scoped_config(self) -> dict[str, Any]:
            """What botocore takes for the settings of the profile."""
            settings = self.client_settings
            # The addresses are given to each client, so botocore is to look for none.
            return {**self.profile_settings, **settings.settings(), IGNORE: "true"}

        def create_client(  # noqa: PLR0917  # botocore's own signature
            self,
            service_name: str,
            region_name: str | None = None,
            api_version: str | None = None,
            use_ssl: bool = True,  # botocore's own signature
            verify: bool | str | None = None,
            endpoint_url: str | None = None,
            *args: Any,  # noqa: ANN401
            **options: Any,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401  # as above
            """A client for the address that is configured for its service, if there is one."""
            config = options.get("config")
            if endpoint_url is None and not getattr(config, IGNORE, None):
                endpoint_url = self.client_settings.endpoints.url(service_id(service_name))
            return super().create_client(
                service_name,
                region_name,
                api_version,
                use_ssl,
                verify,
                endpoint_url,
                *args,
                **options,
            )

    return ConfiguredSession


def _unread_s3(session: Any) -> None:  # noqa: ANN401  # as above
    """Has the settings of S3 come from the profile's block alone, without their variables."""
    from botocore.configprovider import (
        DEFAULT_S3_CONFIG_VARS,
        ConfigChainFactory,
        SectionConfigProvider,
    )

    factory = ConfigChainFactory(session, environ={})
    chains = {
        name: factory.create_config_chain(name, None, setting, default, convert)
        for name, (setting, _, default, convert) in DEFAULT_S3_CONFIG_VARS.items()
    }
    provider = SectionConfigProvider("s3", session, chains)
    session.get_component("config_store").set_config_provider("s3", provider)


def service_id(client: str) -> str:
    """The id of a service, in lower case with underscores, by botocore's name for its client."""
    from botocore import utils

    name = utils.SERVICE_NAME_ALIASES.get(client, client)
    name = utils.CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES.get(name, name)
    return str(name).replace("-", "_").lower()


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
    for partition in partitions():
        for name, row in partition["regions"].items():
            found[name] = str(row.get("description") or name)
    return {name: found[name] for name in sorted(found) if not name.endswith("-global")}


def partition_of(region: str | None) -> str:
    """The partition that a region belongs to, such as ``aws-cn``; ``aws`` for an unknown one."""
    for partition in partitions():
        if region and re.fullmatch(partition["regionRegex"], region):
            return str(partition["id"])
    return "aws"


def partitions() -> Iterator[dict[str, Any]]:
    """The partitions that botocore knows, by its own data."""
    folder = _folder("botocore")
    if folder:
        yield from json.loads((folder / "data" / "partitions.json").read_bytes())["partitions"]


def trust_store() -> str:
    """The file of certificates that botocore trusts: that of certifi if it is installed."""
    folder = _folder("certifi")
    if folder is None:
        return str((_folder("botocore") or Path()) / "cacert.pem")
    file = folder / "cacert.pem"
    if "certifi" not in sys.modules and file.is_file():
        return str(file)
    import certifi  # distributions, and programs that replace the function, have another file

    return str(certifi.where())


def _folder(package: str) -> Path | None:
    found = find_spec(package)
    return next(map(Path, (found and found.submodule_search_locations) or ()), None)
