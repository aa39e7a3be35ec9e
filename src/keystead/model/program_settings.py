"""How a program that is given credentials gets the settings of their profile. Pure.

What variables can say goes by variables. What they cannot say is what the program would take from
``default`` in the shared files, or leave out: then it needs its own config file, in which
``default`` has the profile's settings. That file holds no secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from keystead.model.client_settings import NO_CLIENT_SETTINGS, SETTINGS, ClientSettings
from keystead.model.endpoints import IGNORE_VARIABLE, NO_ENDPOINTS
from keystead.value import Value

_SECTION = "keystead"


class ProgramSettings(Value):
    """``variables`` say what they can; ``differing`` names the settings with which the program
    would send other requests all the same.
    """

    variables: Mapping[str, str]
    differing: tuple[str, ...]


def program_settings(
    wanted: ClientSettings, defaults: Iterable[ClientSettings], environ: Mapping[str, str]
) -> ProgramSettings:
    """What a program needs to send requests by ``wanted``, which is in effect.

    ``defaults`` is what ``default`` of the shared files sets, in each way to read it; ``environ``
    the rest of the program's environment.
    """
    known = tuple(defaults) or (NO_CLIENT_SETTINGS,)
    variables = wanted.variables()
    if wanted.endpoints.called == NO_ENDPOINTS and any(
        default.endpoints.called != NO_ENDPOINTS for default in known
    ):
        variables[IGNORE_VARIABLE] = "true"
    elif not wanted.endpoints.ignored and any(default.endpoints.ignored for default in known):
        variables[IGNORE_VARIABLE] = "false"
    for row in SETTINGS:
        unset = wanted.get(row.name) is None and any(default.get(row.name) for default in known)
        if row.variable and row.absent and unset:
            variables[row.variable] = row.absent
    whole = {**environ, **variables}
    found = [name for default in known for name in wanted.differing(default.with_variables(whole))]
    return ProgramSettings(variables, tuple(dict.fromkeys(found)))


def config_text(settings: ClientSettings, others: str = "") -> str:
    """A config file in which ``default`` has these settings, with ``others`` behind it."""
    values: dict[str, str | dict[str, str]] = settings.settings()
    addresses = settings.endpoints.called
    if addresses.all:
        values["endpoint_url"] = addresses.all
    if addresses.services:
        values["services"] = _SECTION
    services: dict[str, str | dict[str, str]] = {
        name: {"endpoint_url": url} for name, url in addresses.services
    }
    lines = [*_section("default", values)]
    if services:
        lines += ["", *_section(f"services {_SECTION}", services)]
    return "\n".join(lines) + "\n" + (f"\n{others}" if others else "")


def _section(title: str, values: Mapping[str, str | dict[str, str]]) -> Iterator[str]:
    yield f"[{title}]"
    for name, value in values.items():
        if isinstance(value, str):
            yield f"{name} = {_continued(value)}"
            continue
        yield f"{name} ="
        yield from (f"  {inner} = {_continued(text)}" for inner, text in value.items())


def _continued(value: str) -> str:
    return value.replace("\n", "\n    ")
