"""Plain commands with an endpoint: serve, and exec --endpoint."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from keystead.app import App, Location
from keystead.app.program import NO_SHARED_FILES, prepare
from keystead.audit.log import Grant
from keystead.cli.command import Context
from keystead.cli.role_options import role_options
from keystead.delivery import exec as child
from keystead.errors import UsageError
from keystead.http import sockets
from keystead.http.application import Application, Service
from keystead.http.guards import Request, host_names
from keystead.http.tokens import FixedToken, TokenFile, new_token
from keystead.model.credentials import Credentials
from keystead.model.role_options import RoleOptions
from keystead.serve.audit_writer import Ledger
from keystead.serve.container import ContainerService, path_of
from keystead.serve.metadata import MetadataService
from keystead.serve.served import ServedProfile
from keystead.stores.default_readings import DefaultReadings
from keystead.system import process_info
from keystead.system.executable import executable_at
from keystead.system.printable import one_line
from keystead.system.protection import protect

_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105  # a variable's name
_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  # a variable's name
_IMDS = "AWS_EC2_METADATA_SERVICE_ENDPOINT"


class _Shown(NamedTuple):
    """What a client is to be told of one profile."""

    profile: str
    kind: str
    url: str
    variables: dict[str, str]


def serve(context: Context, args: argparse.Namespace) -> None:
    """``keystead serve [NAME ...]``."""
    from keystead.http.server import EndpointServer

    protect()
    app = context.app
    host = sockets.address(args.host)
    if not sockets.is_loopback(host):
        context.console.warn(
            f"whoever reaches {host} can ask this endpoint; over the network all of it is readable"
        )
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(app))
        names = dict.fromkeys(args.names or [_default(app, args.location)])
        profiles = [_served(app, name, args, ledger.writer(name)) for name in names]
        tokens = []
        for profile in profiles:
            _tell_of_keys(context, profile.name, args)
            profile.prepare()
            tokens.append(TokenFile.make(app.system.folders.state / "endpoint"))
            stack.callback(tokens[-1].remove)
        pairs = list(zip(profiles, tokens, strict=True))
        ports = iter(range(args.port, args.port + 1000) if args.port else [0] * 1000)
        listening = []
        services: dict[int, Service] = {}
        shown: list[_Shown] = []
        if args.container or not args.imds:
            sock = sockets.listen(host, next(ports), args.hop_limit)
            listening.append(sock)
            where = sockets.address_of(sock)
            services[where[1]] = ContainerService(
                {profile.name: (profile, token) for profile, token in pairs}, app.system.clock
            )
            for profile, token in pairs:
                url = sockets.url(where, path_of(profile.name))
                variables = {_URI: url, _TOKEN_FILE: str(token.path)}
                shown.append(_Shown(profile.name, "container", url, variables))
        if args.imds:
            admits = _own_programs(context) if sockets.is_loopback(host) else _anybody
            for profile, token in pairs:
                sock = sockets.listen(host, next(ports), args.hop_limit)
                listening.append(sock)
                where = sockets.address_of(sock)
                services[where[1]] = MetadataService(
                    profile, token, app.system.clock, admits=admits
                )
                url = sockets.url(where)
                shown.append(_Shown(profile.name, "imds", url, {_IMDS: url}))
        addresses = [sockets.address_of(sock) for sock in listening]
        server = EndpointServer(
            Application(services, host_names(addresses, args.allow_host)), listening
        )
        if DefaultReadings(app.system).gives_credentials():
            context.console.warn(
                "profile `default` takes precedence over an endpoint: clients with these shared "
                "files need "
                + " ".join(f"{name}={value}" for name, value in NO_SHARED_FILES.items())
            )
        server.run(lambda: _show(context, shown, as_json=args.json))


def _show(context: Context, shown: Sequence[_Shown], *, as_json: bool) -> None:
    if as_json:
        context.console.json([row._asdict() for row in shown])
    else:
        lines = (
            [f"# {row.profile} ({row.kind})", *(f"{k}={v}" for k, v in row.variables.items())]
            for row in shown
        )
        context.console.show("\n\n".join("\n".join(map(one_line, block)) for block in lines))
    context.console.flush()


def run_with_endpoint(context: Context, args: argparse.Namespace, command: Sequence[str]) -> int:
    """``keystead exec NAME --endpoint -- COMMAND``."""
    app = context.app
    pid = os.getpid()
    program = executable_at(child.require(command, app.system.environ))

    def granted(credentials: Credentials, _request: Request) -> None:
        app.granted(Grant.to(pid, program, args.name, "exec", credentials))

    options = role_options(context, args)
    profile = _served(app, args.name, args, granted, options)
    _tell_of_keys(context, args.name, args, options)
    profile.prepare()
    token = new_token()
    sock = sockets.listen(sockets.LOOPBACK, 0)
    where = sockets.address_of(sock)
    service = ContainerService({args.name: (profile, FixedToken(token))}, app.system.clock)
    application = Application({where[1]: service}, host_names([where], ()))
    given = {_URI: sockets.url(where, path_of(args.name)), _TOKEN: token}
    selected = app.select(args.name, args.location)
    hide_files = args.hide_files
    if not hide_files and selected.default_readings.gives_credentials():
        context.console.note(
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
            (at_end or _nothing)()
            keep_port(sock, f"{_URI}={given[_URI]}")

        start_sidecar(serve_on, end)
        return child.run(command, environment)
    else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
        from keystead.http.server import EndpointServer

        with EndpointServer(application, [sock]).running():
            return child.attend(command, environment, at_end or _nothing)


def _default(app: App, location: Location) -> str:
    name = app.plan(None, location).profile
    if not name:
        raise UsageError("the default search comes to no profile", hint="name one to serve")
    return name


def _served(
    app: App,
    name: str,
    args: argparse.Namespace,
    granted: Callable[[Credentials, Request], None],
    options: RoleOptions | None = None,
) -> ServedProfile:
    location = args.location

    def open_profile() -> Callable[[], Credentials]:
        provider = app.profile_credentials(
            name,
            location,
            options=options,
            granted=lambda *_: None,
            in_session=args.session,
        )
        return provider.retrieve

    return ServedProfile(
        name,
        open_profile=open_profile,
        version=app.watch(location),
        clock=app.system.clock,
        region=app.select(name, location).region,
        granted=granted,
    )


def _tell_of_keys(
    context: Context, name: str, args: argparse.Namespace, options: RoleOptions | None = None
) -> None:
    """Says so where a user's own keys go out: they do not end, and not every SDK takes them."""
    made = context.app.plan(name, args.location, options, in_session=True)
    if made.user_session and made.base.kind == "static" and not (made.steps or args.session):
        context.console.note(
            f"profile `{name}` goes out as a user's own keys; SDKs for Java and Rust need --session"
        )


def _nothing() -> None:
    """Nothing is to be done when the command has ended."""


def _anybody(_request: Request) -> bool:
    return True


def _own_programs(context: Context) -> Callable[[Request], bool]:
    """Lets in programs of this user and of root, where the system tells whose they are."""
    if sys.platform == "win32" or not process_info.knows_connections():
        context.console.warn("every user of this machine can ask the metadata endpoint")
        return _anybody
    else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
        own = {0, os.getuid()}

        def admits(request: Request) -> bool:
            end = process_info.connection(request.peer, request.local) if request.peer else None
            return end is not None and end.uid in own

        return admits
