"""Options of `keystead serve`: what is served, and where; one of them is for `exec` as well."""

from __future__ import annotations

import argparse

from keystead.cli.command import argument
from keystead.http.sockets import HOPS, LOOPBACK
from keystead.outside import whole


def _port(text: str) -> int:
    return _number(text, range(65536))


def _hops(text: str) -> int:
    return _number(text, range(1, 65))


def _number(text: str, allowed: range) -> int:
    low, high = allowed.start, allowed.stop - 1
    try:
        return whole(text, low, high)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a number from {low} to {high}") from None


SESSION = argument(
    "--session",
    action="store_true",
    help="hand out a session in place of a user's own keys",
)

SERVE_OPTIONS = (
    argument("names", metavar="NAME", nargs="*", help="profiles; else the default search"),
    argument(
        "--container",
        action="store_true",
        help="the protocol of containers' credentials, which is the default",
    ),
    argument("--imds", action="store_true", help="EC2's metadata service, version 2 alone"),
    argument(
        "--port",
        metavar="N",
        type=_port,
        default=0,
        help="the first port; else ports that are free",
    ),
    argument(
        "--host",
        metavar="ADDRESS",
        default=LOOPBACK,
        help="the IP address to listen at; else 127.0.0.1",
    ),
    argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a further name that clients may call this host by",
    ),
    argument(
        "--hop-limit",
        metavar="N",
        type=_hops,
        default=HOPS,
        help="how many hops an answer goes, from 1 to 64; else 1",
    ),
    SESSION,
)
