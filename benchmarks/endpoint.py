"""``python -m benchmarks.endpoint``: times the endpoint, writes docs/benchmarks-endpoint.md.

Two loads, both of 10,000 requests over 64 persistent connections. *Paced*: requests at a steady
rate, each on the connection that was idle longest; measures latency. *At full*: each connection
sends its next request after each answer; measures throughput.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from devtools.command import KEYSTEAD, clean_environ

REQUESTS = 10_000
CONNECTIONS = 64
RATE = 500
DOCS = Path(__file__).parent.parent / "docs"
FILE = """[base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
region = eu-west-1
"""


def main() -> None:
    """Run everything; takes about a minute."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".aws").mkdir()
        path = folder / ".aws" / "credentials"
        path.touch(mode=0o600)
        path.write_text(FILE)
        environ = {
            **clean_environ(os.environ),
            "HOME": name,
            "KEYSTEAD_HOME": str(folder / "keystead"),
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        with subprocess.Popen(
            [KEYSTEAD, "serve", "base", "--json"],
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            try:
                assert server.stdout
                text = ""
                for line in server.stdout:
                    text += line
                    if line == "]\n":
                        break
                (shown,) = json.loads(text)
                figures = _measure(shown, server.pid)
            finally:
                server.send_signal(signal.SIGTERM)
    (DOCS / "benchmarks-endpoint.md").write_text(_page(figures))


def _measure(shown: dict[str, dict[str, str]], pid: int) -> dict[str, float]:
    variables = shown["variables"]
    url = urlsplit(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    token = Path(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()
    request = (
        f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: {token}\r\n\r\n"
    ).encode()
    client = _Client(str(url.hostname), int(url.port or 0), request)
    asyncio.run(client.full(REQUESTS // 10))  # warm
    before = _resident(pid)
    paced = asyncio.run(client.paced(REQUESTS, RATE))
    start = time.perf_counter()
    full = asyncio.run(client.full(REQUESTS))
    seconds = time.perf_counter() - start
    for _ in range(4):
        asyncio.run(client.full(REQUESTS))
    return {
        "paced p50": _percentile(paced, 50),
        "paced p99": _percentile(paced, 99),
        "full p50": _percentile(full, 50),
        "full p99": _percentile(full, 99),
        "rate": REQUESTS / seconds,
        "before": before,
        "after": _resident(pid),
        "failed": client.failed,
    }


class _Client:
    """Repeats one request and records the time of each answer."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self._where = host, port
        self._request = request
        self.failed = 0

    async def full(self, requests: int) -> list[float]:
        """All connections at once, at full speed."""
        taken: list[float] = []

        async def one(times: int) -> None:
            reader, writer = await asyncio.open_connection(*self._where)
            taken.extend([await self._ask(reader, writer) for _ in range(times)])
            writer.close()

        share, rest = divmod(requests, CONNECTIONS)
        await asyncio.gather(*(one(share + (n < rest)) for n in range(CONNECTIONS)))
        return taken

    async def paced(self, requests: int, rate: int) -> list[float]:
        """``rate`` requests a second."""
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            idle.put_nowait(await asyncio.open_connection(*self._where))
        taken: list[float] = []

        async def one() -> None:
            connection = await idle.get()
            taken.append(await self._ask(*connection))
            idle.put_nowait(connection)

        loop = asyncio.get_running_loop()
        start = loop.time()
        tasks = []
        for number in range(requests):
            await asyncio.sleep(start + number / rate - loop.time())
            tasks.append(asyncio.create_task(one()))
        await asyncio.gather(*tasks)
        while not idle.empty():
            idle.get_nowait()[1].close()
        return taken

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        start = time.perf_counter()
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        taken = time.perf_counter() - start
        self.failed += not head.startswith(b"HTTP/1.1 200 ")
        return taken * 1000


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _resident(pid: int) -> float:
    """The resident memory of the process in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("there is no VmRSS in /proc")


def _page(found: dict[str, float]) -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    paced = f"{found['paced p50']:.2f} | {found['paced p99']:.2f}"
    full = f"{found['full p50']:.1f} | {found['full p99']:.1f}"
    return f"""# Benchmarks of the endpoint

<!-- Written by `make bench`. -->

`keystead serve` under {REQUESTS:,} requests over {CONNECTIONS} persistent connections, server
and client on one machine with {os.cpu_count()} cores, Python {python}. Requests that failed:
{found["failed"]:.0f}.

| load | p50, ms | p99, ms |
| --- | ---: | ---: |
| paced: {RATE} requests a second | {paced} |
| at full: {found["rate"]:,.0f} requests a second | {full} |

*Paced* is the latency for one program while many others send requests, from the first byte sent to
the last byte received, including the client's own time. The goal is a p50 below 1 ms and a p99
below 10 ms. *At full* each connection sends its next request
after each answer, so each request waits for {CONNECTIONS - 1} others: the rate
is more meaningful than the times, and the client takes half of the machine.

Memory: {found["before"]:.1f} MB before, {found["after"]:.1f} MB after {6 * REQUESTS:,} requests.
"""


if __name__ == "__main__":
    main()
