"""``python -m benchmarks.endpoint [ROUNDS]``: times it, writes docs/benchmarks-endpoint.md.

The load is that of wrk, which is written in C, as a client in Python takes half of the machine.
aws-vault's endpoint of the same protocol takes turns with ours where aws-vault is on PATH.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks import peers, sts
from benchmarks.rounds import rounds
from benchmarks.world import ROLE, World
from devtools.command import KEYSTEAD, served

CONNECTIONS = (1, 64, 256)
SECONDS = 4
ROUNDS = rounds(3)
OURS = "keystead serve"
DOCS = Path(__file__).parent.parent / "docs"
_URI, _TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_SHOW = f"""
import json, os, sys
print(json.dumps([os.environ["{_URI}"], os.environ["{_TOKEN}"]]), flush=True)
sys.stdin.read()
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class Load(NamedTuple):
    """What wrk reports: requests in a second, latency in milliseconds, failed requests."""

    rate: float
    p50: float
    p99: float
    failed: int


class Endpoint(NamedTuple):
    """A running endpoint."""

    url: str
    token: str
    pid: int


def main() -> None:
    """Run everything; takes about a minute."""
    if shutil.which("wrk") is None:
        print("the endpoint is left out, as wrk is missing: apt-get install wrk", file=sys.stderr)
        return
    found: dict[tuple[str, int], list[Load]] = {}
    with tempfile.TemporaryDirectory(prefix="endpoint-") as name, contextlib.ExitStack() as stack:
        world = World(Path(name), 10)
        servers = {OURS: stack.enter_context(_ours(world))}
        if peers.aws_vault(world):
            service = stack.enter_context(sts.running(Path(name)))
            servers["aws-vault exec --ecs-server"] = stack.enter_context(_vault(world, service))
        before = _resident(servers[OURS].pid)
        for _ in range(ROUNDS):
            for connections in CONNECTIONS:
                for label, server in servers.items():
                    found.setdefault((label, connections), []).append(_load(server, connections))
        after = _resident(servers[OURS].pid)
    (DOCS / "benchmarks-endpoint.md").write_text(_page(found, before, after))


@contextlib.contextmanager
def _started(
    command: list[str | Path], environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def _ours(world: World) -> Iterator[Endpoint]:
    with _started([KEYSTEAD, "serve", world.last, "--json"], world.environ) as process:
        assert process.stdout
        (shown,) = json.loads(served(process.stdout))
        token = Path(shown["variables"][f"{_TOKEN}_FILE"]).read_text()
        yield Endpoint(shown["variables"][_URI], token, process.pid)


@contextlib.contextmanager
def _vault(world: World, service: sts.Sts) -> Iterator[Endpoint]:
    """aws-vault's, which is for sessions only, and only with a prompt outside of the terminal."""
    prompt = Path(world.environ["HOME"]) / "bin" / "zenity"  # not run, as nothing is asked
    prompt.parent.mkdir()
    prompt.touch(mode=0o755)
    command = ["aws-vault", "--prompt=zenity", "exec", "--ecs-server", ROLE]
    environ = {
        **world.environ,
        **service.environ,
        **peers.VAULT.environ(service.proxy),
        "PATH": f"{world.environ['PATH']}{os.pathsep}{prompt.parent}",
    }
    command += ["--", sys.executable, "-c", _SHOW]
    with _started(command, environ) as process:
        assert process.stdin
        assert process.stdout
        url, token = json.loads(process.stdout.readline())
        yield Endpoint(url, token, process.pid)
        process.stdin.close()
        process.wait()


def _load(server: Endpoint, connections: int) -> Load:
    wrk = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    done = subprocess.run(
        [*wrk, "-H", f"Authorization: {server.token}", server.url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    def latency(percent: int) -> float:
        value, unit = re.findall(rf"^ +{percent}% +([\d.]+)(\w+)$", done, re.MULTILINE)[0]
        return float(value) * _UNITS[unit]

    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", done)
    errors = re.findall(r"Socket errors: .*", done)
    (rate,) = re.findall(r"Requests/sec: +([\d.]+)", done)
    return Load(float(rate), latency(50), latency(99), int(failed[0]) if failed else len(errors))


def _resident(pid: int) -> float:
    """The resident memory of the process in megabytes."""
    (found,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found) / 1024


def _page(found: Mapping[tuple[str, int], list[Load]], before: float, after: float) -> str:
    rows = []
    for (label, connections), loads in found.items():
        rate, p50, p99, _ = (statistics.median(values) for values in zip(*loads, strict=True))
        rows.append(f"| {label} | {connections} | {rate:,.0f} | {p50:.2f} | {p99:.2f} |")
    failed = sum(load.failed for loads in found.values() for load in loads)
    newline, load = "\n", os.getloadavg()[0]
    return f"""# Benchmarks of the endpoint

<!-- Written by `make bench`. -->

The container endpoint under full load by wrk: each connection sends its next request after each
answer. Server and wrk share one machine with {os.cpu_count()} processors; load average {load:.1f}
at the end. Medians of {ROUNDS} rounds of {SECONDS} seconds, in which all took turns, on
{datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()}. {failed} requests failed.

| | connections | requests a second | p50, ms | p99, ms |
| --- | ---: | ---: | ---: | ---: |
{newline.join(rows)}

Each of keystead's answers follows a check of the token's file and of the profile files; see
[serve.md](serve.md#how-fast). Memory: {before:.1f} MB before, {after:.1f} MB after.
"""


if __name__ == "__main__":
    main()
