"""``python -m interop [CLIENT ...]``: fetches the clients, runs them, writes docs/clients.md."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from interop.client import ROOT, Client
from interop.clients import CLIENTS
from interop.matrix import Cell, cells
from interop.ways import WAYS

PAGE = ROOT / "docs" / "clients.md"


def main() -> int:
    """Run the named clients, else all; the page is written only after all of them."""
    names = sys.argv[1:]
    clients = [client for client in CLIENTS if not names or client.name in names]
    unknown = set(names) - {client.name for client in CLIENTS}
    if unknown:
        return _complain(f"there is no client {', '.join(sorted(unknown))}")
    missing = {name: what for client in clients for name, what in client.missing().items()}
    if missing:
        return _complain(
            f"{', '.join(missing)} is missing: install {', '.join(dict.fromkeys(missing.values()))}"
        )
    for client in clients:
        try:
            client.prepare()
        except subprocess.CalledProcessError as error:
            return _complain(f"{client.title} cannot be fetched: `{shlex.join(error.cmd)}` failed")
    versions = {client.name: client.its_version() for client in clients}
    rows: dict[str, list[Cell]] = {}
    for name, found in groupby(cells(clients), key=lambda cell: cell.client.name):
        print(f"{name}: {versions[name]}")
        rows[name] = []
        for cell in found:
            print(f"  {cell.way.name:<14} {cell.word.strip('*')}", flush=True)
            for line in cell.fault.splitlines():
                print(f"    {line}")
            rows[name].append(cell)
    if not names:
        PAGE.write_text(_page(clients, versions, rows))
    return int(any(cell.fault for row in rows.values() for cell in row))


def _complain(what: str) -> int:
    print(f"interop: {what}", file=sys.stderr)
    return 1


def _page(
    clients: Sequence[Client], versions: Mapping[str, str], rows: Mapping[str, Sequence[Cell]]
) -> str:
    head = ["client", "version", "from", *(way.title for way in WAYS)]
    lines = [
        "<!-- Made by `make interop` from a run of the clients. -->",
        "",
        "# Clients",
        "",
        f"Which programs get credentials from keystead, and how, on {datetime.now(UTC):%Y-%m-%d}:",
        "each cell is the real client, run. *Yes* says that it found a user's credentials by",
        "itself (long-term keys; at an endpoint a session of them), and in a second run those of",
        "a role, and called AWS with just these (`GetCallerIdentity`; rclone lists buckets). AWS",
        "was an emulator that checks signatures and session tokens, behind a recorder that sees",
        "whose they are.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
    ]
    for client in clients:
        words = [cell.word for cell in rows[client.name]]
        lines.append(
            f"| {client.title} | {versions[client.name]} | {client.package} | {' | '.join(words)} |"
        )
    lines += ["", "What each way is:", ""]
    lines += [f"* {way.title}: {way.meaning}" for way in WAYS]
    lines += ["", "Where it says *no*:", ""]
    lines += [line for client in clients for line in _reasons(client)]
    return "\n".join(lines) + "\n"


def _reasons(client: Client) -> Iterator[str]:
    for reason, ways in groupby(
        (way for way in WAYS if way.name in client.cannot), lambda way: client.cannot[way.name]
    ):
        yield f"* {client.title} {reason} ({', '.join(way.title for way in ways)})"


if __name__ == "__main__":
    sys.exit(main())
