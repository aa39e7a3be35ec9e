"""``python -m benchmarks.commands [ROUNDS]``: times commands from start to end.

All programs take turns with the same files and the same STS. Writes docs/benchmarks-commands.md.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import center, peers, sts
from benchmarks.peers import EXEC, LIST, PROCESS, START, WHOAMI, Command, Peer
from benchmarks.plot import plot
from benchmarks.rounds import rounds
from benchmarks.world import ROLE, World
from devtools.command import KEYSTEAD
from keystead.audit.grantee import Grantee
from keystead.audit.log import MAX_FILE_BYTES, AuditLog
from keystead.model.credentials import Credentials
from keystead.system import System
from keystead.system.executable import Executable

SIZES = (10, 1_000, 10_000)
ROUNDS = rounds(11)
SLOW_ROUNDS, SLOW_MS = rounds(3), 300
"""How many rounds a slow command takes part in, and what is slow."""
SECONDS = 60
"""The time limit of a command."""
AT_ONCE = 50
AUDIT_LINES = 500
DOCS = Path(__file__).parent.parent / "docs"

PROMPT = "`status --prompt`"
FLOOR, CURL = "`python -c pass`", "curl"
COLD = "credentials of a role, one AssumeRole"
SSO_COLD, SSO_WARM = "SSO role, cold", "SSO role, warm"
WORKS = {
    START: "the version",
    PROCESS: "keys for `credential_process`",
    COLD: COLD,
    SSO_COLD: "SSO role, cold: one GetRoleCredentials with a cached login",
    SSO_WARM: "SSO role, warm",
    WHOAMI: "whose keys: one GetCallerIdentity",
    EXEC: "`exec NAME -- true`",
    LIST: "the names of all profiles",
}
"""What several programs do; its title on the page."""
OURS: dict[str, Sequence[str]] = {
    START: ("--version",),
    PROCESS: ("process", "NAME"),
    COLD: ("process", ROLE),
    SSO_COLD: ("process", center.PROFILE),
    SSO_WARM: ("process", center.PROFILE),
    WHOAMI: ("whoami", "NAME"),
    EXEC: ("exec", "NAME", "--", "true"),
    LIST: ("list",),
    "`show`": ("show", "NAME"),
    "`env`": ("env", "NAME"),
    "`plan`": ("plan", "NAME"),
    "`explain`": ("explain", "NAME"),
    PROMPT: ("status", "--prompt", "NAME"),
    "`agent status`": ("agent", "status"),
    "`audit`": ("audit",),
    "`lint`": ("lint",),
    "`set --dry-run`": ("set", "NAME", "region=eu-west-2", "--dry-run"),
    "`rename --dry-run`": ("rename", "NAME", "renamed", "--dry-run"),
    "the TAB key": ("__complete", "show", "profile-00000"),
}
SHOWS = {COLD: "ASIAIOSFODNN7EXAMPLE", SSO_COLD: "ASIA", SSO_WARM: "ASIA"}
"""What the output of a work must contain."""
PLOTS = {PROCESS: "process.svg", COLD: "role.svg", LIST: "list.svg", EXEC: "exec.svg"}


class Row(NamedTuple):
    """One command to time; ``before`` is run before each round and not timed."""

    work: str
    who: str
    command: Command
    environ: Mapping[str, str]
    before: Callable[[], object] = lambda: None
    shows: str = ""
    """What its output must contain."""


Times = dict[tuple[str, str], dict[int, list[float]]]
"""Milliseconds of each round, by work, program and number of profiles."""


def main() -> None:
    """Run everything; takes some minutes, longer the first time, as it fetches other programs."""
    times: Times = {}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        sts.running(Path(name)) as service,
        center.running() as sso,
    ):
        others = peers.available(os.environ)
        for size in SIZES:
            print(f"{size} profiles", file=sys.stderr)
            world = World(Path(name) / str(size), size)
            sso.prepare(world)
            world.environ.update({**service.environ, **sso.environ})
            for peer, _ in others.values():
                peer.prepare(world)
            try:
                rows = [*_rows(world, service), *_others(world, service, others)]
                for key, found in _time(rows, ROUNDS).items():
                    times.setdefault(key, {})[size] = found
                if size == SIZES[0]:
                    counts = _instructions(rows)
                    at_once = _at_once(rows, service)
                    audit = _audit_lines(world)
            finally:
                subprocess.run([KEYSTEAD, "agent", "stop"], env=world.environ, check=True)
    (DOCS / "benchmarks-commands.md").write_text(_page(times, counts, at_once, audit))
    (DOCS / "benchmarks").mkdir(exist_ok=True)
    for work, file in PLOTS.items():
        lines = {
            who.replace("`", ""): [(size, statistics.median(ms)) for size, ms in found.items()]
            for (of, who), found in times.items()
            if of == work
        }
        title = WORKS[work].replace("`", "")
        text = plot(title, "profiles in the files", "milliseconds", lines)
        (DOCS / "benchmarks" / file).write_text(text)


def _rows(world: World, service: sts.Sts) -> Iterator[Row]:
    """The floors, and keystead with and without its agent."""
    warm = world.environ
    alone = {**warm, "KEYSTEAD_AGENT": "off"}
    forget = partial(_forget, world)

    def cache(*words: str) -> None:
        _quiet((KEYSTEAD, *words, world.last), warm)

    cached = {
        PROCESS: partial(cache, "process"),
        PROMPT: partial(cache, "status", "--prompt"),
    }

    for work, words in OURS.items():
        yield Row(work, FLOOR, (sys.executable, "-c", "pass"), warm)
        before = {**cached, COLD: forget, SSO_COLD: forget}.get(work, lambda: None)
        shows = SHOWS.get(work, world.last_key_id if work == PROCESS else "")
        command = (KEYSTEAD, *(world.last if word == "NAME" else word for word in words))
        for who, environ in (("keystead", warm), ("keystead, no agent", alone)):
            if (work, who) == ("`agent status`", "keystead, no agent"):
                continue
            if work == SSO_WARM:
                before = partial(_quiet, command, environ)
            yield Row(work, who, command, environ, before, shows)
    for work, action in ((COLD, "AssumeRole"), (WHOAMI, "GetCallerIdentity")):
        ask = ("curl", "-sS", "--cacert", service.certificate, "-d", f"Action={action}")
        yield Row(work, CURL, (*ask, service.url), warm)
    for who, more in (("the launcher", ()), ("the native launcher", ("--native",))):
        path = Path(world.environ["HOME"]) / who.replace(" ", "-")
        words = [KEYSTEAD, "agent", "launcher", path, *more]
        if subprocess.run(words, env=warm, check=False, capture_output=True).returncode == 0:
            yield Row(PROCESS, who, (path, world.last), warm, cached[PROCESS], world.last_key_id)


def _others(
    world: World, service: sts.Sts, others: Mapping[str, tuple[Peer, str | Path]]
) -> Iterator[Row]:
    """The other programs."""
    for who, (peer, program) in others.items():
        environ = {**world.environ, **peer.environ(service.proxy)}
        forget = partial(_forget, world)
        for work in peer.works:
            name = {peers.ROLE: ROLE, peers.SSO: center.PROFILE}.get(work, world.last)
            command = peer.command(program, work, name)
            if work == peers.ROLE:
                yield Row(COLD, who, command, environ, forget, SHOWS[COLD])
            elif work == peers.SSO:
                fill = partial(_quiet, command, environ)
                yield Row(SSO_COLD, who, command, environ, forget, SHOWS[SSO_COLD])
                yield Row(SSO_WARM, who, command, environ, fill, SHOWS[SSO_WARM])
            else:
                yield Row(work, who, command, environ)


def _quiet(command: Command, environ: Mapping[str, str]) -> None:
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=SECONDS)


def _forget(world: World) -> None:
    """Delete the cached sessions of roles, keystead's and those of the AWS CLI."""
    _quiet((KEYSTEAD, "cache", "clear"), world.environ)
    shutil.rmtree(Path(world.environ["HOME"]) / ".aws" / "cli", ignore_errors=True)


def _run(row: Row) -> float:
    """The milliseconds of one run."""
    row.before()
    start = time.perf_counter()
    done = subprocess.run(
        row.command, env=row.environ, capture_output=True, check=True, timeout=SECONDS
    )
    taken = (time.perf_counter() - start) * 1000
    assert row.shows in done.stdout.decode(), row.command
    return taken


def _time(rows: Sequence[Row], count: int) -> dict[tuple[str, str], list[float]]:
    """Time each command once per round, so that a slow machine affects all of them."""
    usable = []
    for row in rows:
        try:
            usable.append((row, _run(row)))  # starts the agent, fills the caches
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            why = (error.stderr or b"it took too long").decode()
            print(f"{row.who}, {row.work}, is left out: {why}", file=sys.stderr)
    taken: dict[tuple[str, str], list[float]] = {(row.work, row.who): [] for row, _ in usable}
    for number in range(count):
        for row, first in usable:
            if number < SLOW_ROUNDS or first < SLOW_MS:
                taken[row.work, row.who].append(_run(row))
    return taken


def _at_once(rows: Sequence[Row], service: sts.Sts) -> dict[str, tuple[float, int]]:
    """The seconds that many cold processes take together, and their calls of STS, by program."""
    found = {}
    for row in rows:
        if row.work != COLD or row.who in (FLOOR, CURL):
            continue
        row.before()
        service.calls.clear()
        start = time.perf_counter()
        running = [
            subprocess.Popen(row.command, env=row.environ, stdout=subprocess.DEVNULL)
            for _ in range(AT_ONCE)
        ]
        assert not any(process.wait() for process in running), row.command
        found[row.who] = time.perf_counter() - start, service.calls["AssumeRole"]
    return found


def _instructions(rows: Sequence[Row]) -> dict[str, int]:
    """The number of instructions of each way to a cached answer; empty without valgrind."""
    if shutil.which("valgrind") is None:
        return {}
    count = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    found: dict[str, int] = {}
    for row in rows:
        if row.work == PROCESS and (row.who == FLOOR or row.shows) and "no agent" not in row.who:
            row.before()
            done = subprocess.run(
                [*count, *row.command],
                env={**row.environ, "PYTHONHASHSEED": "0"},
                check=True,
                capture_output=True,
                text=True,
            )
            found[row.who] = int(re.findall(r"Collected : (\d+)", done.stderr)[0])
    return found


def _audit_lines(world: World) -> dict[str, list[float]]:
    """Milliseconds of single lines of the audit log, by the size of the log."""
    log = AuditLog(System(environ=world.environ))
    credentials = Credentials(world.last_key_id, "", source="x")
    grantee = Grantee("process", 4711, Executable("aws", None))

    def times() -> list[float]:
        found = []
        for _ in range(AUDIT_LINES):
            start = time.perf_counter()
            log.record(world.last, credentials, grantee)
            found.append((time.perf_counter() - start) * 1000)
        return found

    log.path.parent.mkdir(parents=True, exist_ok=True)
    log.path.unlink(missing_ok=True)
    new = times()
    line = log.path.read_bytes().splitlines(keepends=True)[-1]
    with log.path.open("ab") as file:
        while file.tell() < MAX_FILE_BYTES - 2 * AUDIT_LINES * len(line):
            file.write(line * 100)
    return {"a new log": new, f"a log of nearly {MAX_FILE_BYTES // 2**20} MiB": times()}


def _page(
    times: Times,
    counts: Mapping[str, int],
    at_once: Mapping[str, tuple[float, int]],
    audit: Mapping[str, list[float]],
) -> str:
    works = dict.fromkeys(work for work, _ in times)
    together = "\n".join(
        f"| {who} | {seconds:.2f} | {calls} |" for who, (seconds, calls) in at_once.items()
    )
    lines = "\n".join(
        f"| {label} | {statistics.median(found):.2f} | {_percentile(found, 99):.2f} |"
        for label, found in audit.items()
    )
    latency, load = sts.LATENCY_SECONDS * 1000, os.getloadavg()[0]
    python = platform.python_version()
    counted = "\n".join(f"| {who} | {count / 1e6:.1f} |" for who, count in counts.items())
    return f"""# Benchmarks of commands

<!-- Written by `make bench`. -->

Commands from start to end, side by side with other programs. All took turns in {ROUNDS} rounds of
one run (those above {SLOW_MS} ms in {SLOW_ROUNDS}), on {datetime.now(UTC):%Y-%m-%d} with Python
{python} on a machine with {os.cpu_count()} processors and a load average of {load:.1f}
at the end. Medians, in milliseconds; *ratio* is the median of the ratios within the rounds, with
{SIZES[0]} profiles, to {FLOOR}, which only starts and ends the same interpreter, or to curl where
STS is called. The ratios are more meaningful than the times.

`keystead` is the command with a warm [agent](agent.md). The profile is the last of the given
number, with its keys in `credentials`; the role has it as its source. STS is a server on this
machine that answers over TLS after {latency:.0f} ms, as one in a near region does; what was
cached of it is deleted before each call. IAM Identity Center is one in a process of this machine,
with the same delay over HTTP; the login is valid, and *warm* means that the program has printed
the same credentials just before. `boto3` is a script of one line, and caches none. Programs that
are not on PATH or could not be fetched are left out.

{chr(10).join(_section(times, work) for work in works)}
## {AT_ONCE} processes at once

Each prints credentials of the same role, which nobody has cached.

| | seconds | calls of AssumeRole |
| --- | ---: | ---: |
{together}

## A line of the audit log

Included in each of the times above: appending a grant to the audit log, with lock and hash. Median
and 99th percentile of {AUDIT_LINES} lines.

| | median, ms | 99 %, ms |
| --- | ---: | ---: |
{lines}

## Instructions

Counted by callgrind for a cached answer of `credential_process`, in millions.

| | |
| --- | ---: |
{counted}
"""


def _section(times: Times, work: str) -> str:
    title, base = WORKS.get(work, work), CURL if (work, CURL) in times else FLOOR
    rows = [
        f"| {who} |"
        + "".join(f" {statistics.median(found[size]):,.1f} |" for size in SIZES if size in found)
        + f" {_ratio(found[SIZES[0]], times[work, base][SIZES[0]]):.2f} |"
        for (of, who), found in times.items()
        if of == work
    ]
    plotted = f"\n![milliseconds by number of profiles](benchmarks/{PLOTS.get(work)})\n"
    return "\n".join(
        [
            f"## {title[:1].upper()}{title[1:]}",
            "",
            f"| profiles |{''.join(f' {size:,} |' for size in SIZES)} ratio |",
            f"| --- |{' ---: |' * len(SIZES)} ---: |",
            *rows,
            plotted if work in PLOTS else "",
        ]
    )


def _percentile(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _ratio(times: Sequence[float], floor: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(times, floor, strict=False))


if __name__ == "__main__":
    main()
