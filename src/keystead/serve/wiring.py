"""Endpoints for profiles: for other programs, or for one command only."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from keystead import caller
from keystead.app import App
from keystead.app.program import NO_SHARED_FILES, prepare
from keystead.app.selection import Location, Selection
from keystead.audit.grantee import Grantee
from keystead.delivery import exec as child
from keystead.errors import UsageError
from keystead.http import sockets
from keystead.http.application import Application, Service, Turn
from keystead.http.guards import Address, Request, host_names
from keystead.http.tokens import Token, TokenFile, new_token
from keystead.model.credentials import Credentials
from keystead.model.sources.static import Static
from keystead.serve.audit_writer import AuditWriter
from keystead.serve.container import ContainerService, path_of
from keystead.serve.metadata import MetadataService
from keystead.serve.served import Retrieve, ServedProfile
from keystead.stores.default_readings import DefaultReadings
from keystead.system import connections
from keystead.system.executable import executable_at
from keystead.system.file_versions import change_token
from keystead.system.path import Path
from keystead.system.protection import protect
from keystead.value import NamedTuple, replace

_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105  # a variable's name
_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  # a variable's name
_IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_MOST_PORTS = 1000


class Endpoint(NamedTuple):
    """The endpoint of one profile, for its clients."""

    profile: str
    kind: str
    url: str
    variables: dict[str, str]


class Listening(NamedTuple):
    """Listening endpoints; ``run`` calls its argument and serves them until a signal."""

    endpoints: list[Endpoint]
    run: Callable[[Callable[[], None]], None]


@contextmanager
def listening(
    app: App,
    names: Sequence[str],
    location: Location,
    *,
    container: bool,
    imds: bool,
    in_session: bool,
    host: str,
    port: int,
    hop_limit: int,
    allowed_hosts: Collection[str],
    note: Callable[[str], None],
) -> Iterator[Listening]:
    """Endpoints of the profiles, by the container protocol, EC2's or both.

    Without ``names``: that of the default search. They listen at ``host`` and the ports from
    ``port``, or free ones for 0. Raises `KeysteadError` where a profile gives no credentials.
    """
    from keystead.http.server import EndpointServer

    protect()
    host = sockets.address(host)
    if not sockets.is_loopback(host):
        app.warn(
            f"any client that reaches {host} can use this endpoint; its traffic is not encrypted"
        )
    with ExitStack() as stack:
        ledger = stack.enter_context(AuditWriter(app))
        turn = Turn()
        pairs: list[tuple[ServedProfile, Token, Path]] = []
        for name in dict.fromkeys(names or [_default(app, location)]):
            selected = app.select(name, location, in_session=in_session)
            profile = _served(selected, name, ledger.writer(name), note, turn)
            token = TokenFile.make(app.system.folders.state / "endpoint")
            stack.callback(token.remove)
            pairs.append((profile, turn.once(token.current), token.path))
        ports = iter(range(port, port + _MOST_PORTS) if port else [0] * _MOST_PORTS)
        clock = app.system.clock
        services: dict[int, Service] = {}
        listeners = []
        endpoints: list[Endpoint] = []

        def listen() -> Address:
            listeners.append(sockets.listen(host, next(ports), hop_limit))
            return sockets.address_of(listeners[-1])

        if container:
            where = listen()
            services[where[1]] = ContainerService(
                {profile.name: (profile, token) for profile, token, _ in pairs}, clock
            )
            for profile, _, path in pairs:
                url = sockets.url(where, path_of(profile.name))
                variables = {_URI: url, _TOKEN_FILE: str(path)}
                endpoints.append(Endpoint(profile.name, "container", url, variables))
        if imds:
            admits = _own_programs(app) if sockets.is_loopback(host) else _anybody
            for profile, current, _ in pairs:
                where = listen()
                services[where[1]] = MetadataService(profile, current, clock, admits=admits)
                url = sockets.url(where)
                endpoints.append(Endpoint(profile.name, "imds", url, {_IMDS: url}))
        if DefaultReadings(app.shared.snapshot()).gives_credentials():
            needed = " ".join(f"{name}={value}" for name, value in NO_SHARED_FILES.items())
            app.warn(
                "profile `default` takes precedence over an endpoint: clients with these shared "
                f"files need {needed}"
            )
        hosts = host_names(map(sockets.address_of, listeners), allowed_hosts)
        server = EndpointServer(Application(services, hosts, turn), listeners)
        yield Listening(endpoints, server.run)


def run_with_endpoint(
    selected: Selection,
    name: str,
    command: Sequence[str],
    *,
    hide_files: bool,
    note: Callable[[str], None],
) -> int:
    """Runs the command with a private endpoint; returns its exit code."""
    caller.process.require_own_process()  # the endpoint may run helpers later
    app = selected.app
    program = executable_at(child.require(command, app.system.environ))
    grantee = Grantee("exec", program=program)

    def granted(credentials: Credentials, _request: Request) -> None:
        app.record_grant(name, credentials, grantee)

    turn = Turn()
    profile = _served(selected, name, granted, note, turn)
    token = new_token()
    sock = sockets.listen(sockets.LOOPBACK, 0)
    where = sockets.address_of(sock)
    service = ContainerService({name: (profile, token.encode)}, app.system.clock)
    application = Application({where[1]: service}, host_names([where], ()), turn)
    given = {_URI: sockets.url(where, path_of(name)), _TOKEN: token}
    if not hide_files and selected.default_readings.gives_credentials():
        note(
            "profile `default` would take precedence over the endpoint: the command sees no "
            "shared files"
        )
        hide_files = True
    environment, at_end = prepare(app, selected, given, hide_files=hide_files)
    if sys.platform == "linux":
        from keystead.delivery.sidecar import start_sidecar
        from keystead.http.gone import keep_port

        def serve_on() -> None:
            from keystead.http.server import EndpointServer

            EndpointServer(application, [sock]).run(lambda: None)

        def end() -> None:
            if at_end:
                at_end()
            keep_port(sock, f"{_URI}={given[_URI]}")

        start_sidecar(serve_on, end)
        return child.run(command, environment)
    else:  # noqa: RET505  # a branch for the type checker of each platform
        from keystead.http.server import EndpointServer

        with EndpointServer(application, [sock]).running():
            return child.attend(command, environment, at_end or (lambda: None))


def _default(app: App, location: Location) -> str:
    name = app.select(None, location).plan.profile
    if not name:
        raise UsageError(
            "the default search finds no profile",
            id="no-profile-named",
            hint="give the name of a profile to serve",
        )
    return name


def _served(
    selected: Selection,
    name: str,
    granted: Callable[[Credentials, Request], None],
    note: Callable[[str], None],
    turn: Turn,
) -> ServedProfile:
    """The profile with its first credentials, retrieved while prompts are possible.

    Warns about long-term keys, which not every SDK accepts from an endpoint.
    """
    files: list[Path] = []

    def watch(found: Selection) -> None:
        files[:] = found.resolver.input_files(found.plan) or ()

    def open_profile() -> Retrieve:
        found = selected.renewed()
        watch(found)
        return found.provider(None).retrieve

    watch(selected)
    profile = ServedProfile(
        name,
        open_profile=open_profile,
        version=turn.once(lambda: (selected.change_token(), change_token(files))),
        clock=selected.system.clock,
        region=selected.region,
        granted=granted,
    )
    made = replace(selected, in_session=True).plan
    own_keys = isinstance(made.base, Static) and not (made.steps or selected.in_session)
    if made.user_session and own_keys:
        note(f"profile `{name}` gives long-term keys; the SDKs for Java and Rust need --session")
    profile.prepare()
    return profile


def _anybody(_request: Request) -> bool:
    return True


def _own_programs(app: App) -> Callable[[Request], bool]:
    """Admits programs of this user and of root, where their user is known."""
    if sys.platform == "win32" or not connections.knows_connections():
        app.warn("every user of this machine can ask the metadata endpoint")
        return _anybody
    else:  # noqa: RET505  # a branch for the type checker of each platform
        own = {0, os.getuid()}

        def admits(request: Request) -> bool:
            end = connections.connection(request.peer, request.local) if request.peer else None
            return end is not None and end.uid in own

        return admits
