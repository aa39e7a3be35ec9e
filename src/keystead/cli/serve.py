"""``keystead serve``: local endpoints from which SDKs get credentials."""

from __future__ import annotations

from keystead import caller
from keystead.cli.command import JSON, LOCATION, SESSION, Arguments, Context, argument, command
from keystead.http.sockets import HOPS, LOOPBACK
from keystead.outside import whole
from keystead.printable import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.serve.wiring import Endpoint


def _port(text: str) -> int:
    return whole(text, 0, 65535)


def _hops(text: str) -> int:
    return whole(text, 1, 64)


@command(
    "serve",
    "local endpoints from which SDKs get credentials",
    argument("names", metavar="NAME", nargs="*", help="profiles; else the default search"),
    argument(
        "--container",
        action="store_true",
        help="the protocol of container credentials (default)",
    ),
    argument("--imds", action="store_true", help="the EC2 metadata service, version 2 only"),
    argument(
        "--port",
        metavar="N",
        type=_port,
        default=0,
        help="the first port; else free ports",
    ),
    argument(
        "--host",
        metavar="ADDRESS",
        default=LOOPBACK,
        help="the IP address to listen on; else 127.0.0.1",
    ),
    argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="another name of this host that clients may use",
    ),
    argument(
        "--hop-limit",
        metavar="N",
        type=_hops,
        default=HOPS,
        help="the maximum number of hops of an answer, from 1 to 64; else 1",
    ),
    SESSION,
    LOCATION,
    JSON,
    details="Ctrl-C stops it. Clients find it by the variables that it prints.",
)
def run(context: Context, args: Arguments) -> None:
    """``keystead serve [NAME ...]``."""
    from keystead.serve.wiring import listening  # imports an HTTP server

    caller.process.require_own_process()

    with listening(
        context.app,
        args.names,
        args.location,
        container=args.container or not args.imds,
        imds=args.imds,
        in_session=args.session,
        host=args.host,
        port=args.port,
        hop_limit=args.hop_limit,
        allowed_hosts=args.allow_host,
        note=context.console.note,
    ) as served:
        served.run(lambda: _show(context, served.endpoints, as_json=args.json))


def _show(context: Context, endpoints: list[Endpoint], *, as_json: bool) -> None:
    if as_json:
        context.console.json([row._asdict() for row in endpoints])
    else:
        lines = (
            [f"# {row.profile} ({row.kind})", *(f"{k}={v}" for k, v in row.variables.items())]
            for row in endpoints
        )
        context.console.show("\n\n".join("\n".join(map(one_line, block)) for block in lines))
    context.console.flush()
