"""``python -m benchmarks.hot``: times `keystead process` and writes docs/benchmarks-hot.md."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import peers
from benchmarks.plot import plot
from benchmarks.world import World
from keystead.audit.grantee import Grantee
from keystead.audit.log import MAX_FILE_BYTES, AuditLog
from keystead.model.credentials import Credentials
from keystead.system import System
from keystead.system.executable import Executable

SIZES = (10, 1_000, 10_000)
ROUNDS = 41
AUDIT_LINES = 500
FLOOR = "python -c pass"
LAUNCHER = "the launcher"
COMMAND = "keystead process"
WITHOUT = "keystead process, no agent"
SLOW_ROUNDS = 7
"""Rounds of commands that take a tenth of a second or more: all but the first three."""
DOCS = Path(__file__).parent.parent / "docs"
KEYSTEAD = Path(sys.executable).parent / "keystead"

Command = Sequence[str | Path]
Times = dict[str, dict[int, list[float]]]
"""Milliseconds of each round by label and number of profiles."""


def main() -> None:
    """Run everything; takes some minutes, longer the first time, as it fetches other programs."""
    times: Times = {}
    with tempfile.TemporaryDirectory(prefix="hot-") as name:
        for size in SIZES:
            world = World(Path(name) / str(size), size)
            try:
                commands = _commands(world, Path(name) / f"launcher-{size}")
                for label, found in _time(commands, world.environ).items():
                    times.setdefault(label, {})[size] = found
                if size == SIZES[0]:
                    counts = _instructions(commands, world.environ)
                    audit = _audit_lines(world)
            finally:
                subprocess.run([KEYSTEAD, "agent", "stop"], env=world.environ, check=True)
    (DOCS / "benchmarks-hot.md").write_text(_page(times, counts, audit))
    lines = {
        label: [(size, statistics.median(found)) for size, found in of_label.items()]
        for label, of_label in times.items()
    }
    (DOCS / "benchmarks").mkdir(exist_ok=True)
    text = plot("Handing credentials over", "profiles in the files", "milliseconds", lines)
    (DOCS / "benchmarks" / "hot.svg").write_text(text)


def _commands(world: World, launcher: Path) -> dict[str, Command]:
    """The commands to time, each run once to warm up the agent and the caches."""
    environ = world.environ
    subprocess.run(
        [KEYSTEAD, "agent", "launcher", launcher], env=environ, check=True, capture_output=True
    )
    found: dict[str, Command] = {
        FLOOR: (sys.executable, "-c", "pass"),
        COMMAND: (KEYSTEAD, "process", world.last),
        LAUNCHER: (launcher, world.last),
        WITHOUT: ("/usr/bin/env", "KEYSTEAD_AGENT=off", KEYSTEAD, "process", world.last),
    }
    outputs = {label: _run(command, environ) for label, command in found.items()}
    assert len({outputs[label] for label in (COMMAND, LAUNCHER, WITHOUT)}) == 1
    for label, (peer, program) in peers.available(environ).items():
        found[label] = peer.command(program, world.last)
        assert world.last_key_id.encode() in _run(found[label], environ), label
    return found


def _run(command: Command, environ: Mapping[str, str]) -> bytes:
    return subprocess.run(command, env=environ, check=True, capture_output=True).stdout


def _time(commands: Mapping[str, Command], environ: Mapping[str, str]) -> dict[str, list[float]]:
    """Time each command once per round, so that a slow machine affects all of them."""
    taken: dict[str, list[float]] = {label: [] for label in commands}
    for number in range(ROUNDS):
        for label, command in commands.items():
            if number < SLOW_ROUNDS or label in (FLOOR, COMMAND, LAUNCHER):
                start = time.perf_counter()
                _run(command, environ)
                taken[label].append((time.perf_counter() - start) * 1000)
    return taken


def _instructions(
    commands: Mapping[str, Command], environ: Mapping[str, str]
) -> dict[str, int] | None:
    """The number of instructions of each command; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    count = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    found: dict[str, int] = {}
    for label in (FLOOR, LAUNCHER, COMMAND):
        done = subprocess.run(
            [*count, *commands[label]],
            env={**environ, "PYTHONHASHSEED": "0"},
            check=True,
            capture_output=True,
            text=True,
        )
        found[label] = int(re.findall(r"Collected : (\d+)", done.stderr)[0])
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


def _page(times: Times, counts: dict[str, int] | None, audit: dict[str, list[float]]) -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    absent = " and ".join(peers.NOT_TO_BE_HAD)
    sizes = f"|{''.join(f' {size:,} |' for size in SIZES)}\n| --- |{' ---: |' * len(SIZES)}"
    ratios = "\n".join(
        f"| {label} |"
        + "".join(f" {_ratio(found[size], times[FLOOR][size]):.2f} |" for size in SIZES)
        for label, found in times.items()
    )
    medians = "\n".join(
        f"| {label} |" + "".join(f" {statistics.median(found[size]):.1f} |" for size in SIZES)
        for label, found in times.items()
    )
    lines = "\n".join(
        f"| {label} | {statistics.median(found):.2f} | {_percentile(found, 99):.2f} |"
        for label, found in audit.items()
    )
    counted = (
        "valgrind was not there to count them."
        if counts is None
        else "\n".join(
            [
                "| | millions | more than the first |",
                "| --- | ---: | ---: |",
                *(
                    f"| {label} | {count / 1e6:.1f} | {(count - counts[FLOOR]) / 1e6:+.1f} |"
                    for label, count in counts.items()
                ),
            ]
        )
    )
    return f"""# Benchmarks of credential_process

<!-- Written by `make bench`. -->

The time that a tool waits for credentials from `credential_process`: a command from start to end,
with a warm [agent](agent.md) unless stated otherwise. The profile is the last of the given number,
with its keys in `credentials`. All took turns in {ROUNDS} rounds of one run (the slow ones
in {SLOW_ROUNDS} of them), on {datetime.now(UTC):%Y-%m-%d} with Python {python}; the ratios are more
meaningful than the times. `python -c pass` only starts and ends the same interpreter.

The other programs are in separate environments, with compiled byte code; each printed the correct
key. `boto3` is a one-line script. {absent} are missing: they were not available
from Go's module proxy.

![milliseconds by number of profiles](benchmarks/hot.svg)

## Ratio to `python -c pass`

The median of the ratios within the rounds.

| profiles {sizes}
{ratios}

## Milliseconds

| profiles {sizes}
{medians}

## A line of the audit log

Included in each of the times above: appending a grant to the audit log, with lock and hash. Median
and 99th percentile of {AUDIT_LINES} lines.

| | median, ms | 99 %, ms |
| --- | ---: | ---: |
{lines}

## Instructions

Counted by callgrind, with {SIZES[0]} profiles. A test limits the launcher to the first line plus
10 million.

{counted}
"""


def _percentile(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _ratio(times: Sequence[float], floor: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(times, floor, strict=False))


if __name__ == "__main__":
    main()
