"""``python -m devtools.soak [REQUESTS]``: measures an agent's memory over a million requests.

The requests are of every kind, including invalid ones. The first twentieth is the warm-up that
fills its caches.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from devtools.command import KEYSTEAD, clean_environ
from keystead.agent import protocol
from keystead.agent.answer_cache import MOST_ANSWERS, MOST_KEYS

REQUESTS = 1_000_000
STEPS = 20
"""The number of measurements; the first is after the warm-up."""

MOST_GROWTH_KB = 2048
"""Less than three bytes for each of a million requests; an allocator takes 1 MiB at a time."""

FILE = """[dev]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
"""


class Request(NamedTuple):
    """A request and its expected status."""

    method: bytes
    target: bytes
    body: bytes
    status: int


def requests(scope: bytes) -> Iterator[Request]:
    """Endless requests of all kinds; ``scope`` is that of the cached answer for `dev`."""
    grant = ["AKIAIOSFODNN7EXAMPLE", "profile dev", None, "/nowhere"]
    answer = {"body": "x" * 800, "grant": grant, "scope": "", "token": [], "renew_at": None}
    keep = json.dumps(answer).encode()
    key = json.dumps({"record": "r", "key": "00" * 32, "epoch": None}).encode()
    hot = Request(b"POST", b"/ready/dev", scope, 200)
    for number in range(MOST_ANSWERS):  # which fills it at once
        yield Request(b"PUT", b"/ready/p%d" % number, keep, 200)
        if number % (MOST_ANSWERS // MOST_KEYS) == 0:
            yield Request(b"PUT", b"/keys/k%d" % number, key, 200)
            yield hot  # which keeps it
    for number in itertools.count():
        yield from [hot] * 8
        if number % 100 == 0:  # the agent runs a command for it
            yield Request(b"GET", b"/process/dev", b"", 200)
        yield Request(b"GET", b"/process/dev", b"PATH=/elsewhere", 400)
        yield Request(b"GET", b"/status", b"", 200)
        yield Request(b"PUT", b"/ready/p%d" % (number % (2 * MOST_ANSWERS)), keep, 200)
        yield Request(b"PUT", b"/keys/k%d" % (number % (2 * MOST_KEYS)), key, 200)
        yield Request(b"GET", b"/keys/none", b"", 404)
        yield Request(b"POST", b"/ready/dev", b"another environment", 404)
        yield Request(b"PUT", b"/ready/x", b"{", 400)


def weights(path: bytes, pid: int, environ: dict[bytes, bytes], count: int) -> Iterator[int]:
    """Send ``count`` requests to the agent at ``path``; its memory in KiB after each step."""
    scope = protocol.scope(environ)
    assert scope is not None
    wanted = itertools.islice(requests(scope), count)
    step = count // STEPS
    for number, request in enumerate(wanted, start=1):
        answer = protocol.ask(path, request.method, request.target, request.body)
        assert answer.startswith(b"HTTP/1.1 %d " % request.status), (request.target, answer[:80])
        if number % step == 0:
            yield memory_kb(pid)


def memory_kb(pid: int) -> int:
    """The resident memory of the process in KiB."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])


def main() -> int:
    """Start a separate agent and measure it; the exit code is 1 if its memory has grown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    with tempfile.TemporaryDirectory(prefix="k-") as name:
        home = Path(name)
        (home / ".aws").mkdir()
        path = home / ".aws" / "credentials"
        path.touch(mode=0o600)
        path.write_text(FILE)
        environ = {**clean_environ(os.environ), "HOME": name, "KEYSTEAD_HOME": f"{name}/k"}
        subprocess.run([KEYSTEAD, "process", "dev"], env=environ, check=True, capture_output=True)
        shown = subprocess.run(
            [KEYSTEAD, "agent", "status", "--json"], env=environ, check=True, capture_output=True
        )
        status = json.loads(shown.stdout)
        try:
            return _weigh(os.fsencode(status["socket"]), status["pid"], environ, count)
        finally:
            subprocess.run([KEYSTEAD, "agent", "stop"], env=environ, check=True)


def _weigh(path: bytes, pid: int, environ: dict[str, str], count: int) -> int:
    print(f"before{'':8} {memory_kb(pid):6} KiB", flush=True)
    raw = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    found = []
    for kb in weights(path, pid, raw, count):
        found.append(kb)
        print(f"{count // STEPS * len(found):9} done {kb:6} KiB", flush=True)
    growth = found[-1] - found[0]
    print(f"{growth} KiB more after {count} requests than after the first {count // STEPS}")
    return 0 if growth < MOST_GROWTH_KB else 1


if __name__ == "__main__":
    sys.exit(main())
