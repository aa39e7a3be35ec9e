"""``python -m benchmarks.hot``: times `keystead process` with a warm agent, writes a page of it."""

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

from benchmarks.plot import plot
from benchmarks.world import World

SIZES = (10, 1_000, 10_000)
ROUNDS = 41
FLOOR = "python -c pass"
LAUNCHER = "the launcher"
COMMAND = "keystead process"
WITHOUT = "keystead process, no agent"
AWS = "aws configure export-credentials"
SLOW = {WITHOUT: 7, AWS: 5}
DOCS = Path(__file__).parent.parent / "docs"
KEYSTEAD = Path(sys.executable).parent / "keystead"

Command = Sequence[str | Path]
Times = dict[str, dict[int, list[float]]]
"""Milliseconds of each round by label and number of profiles."""


def main() -> None:
    """Runs everything; takes about a minute."""
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
            finally:
                subprocess.run([KEYSTEAD, "agent", "stop"], env=world.environ, check=True)
    (DOCS / "benchmarks-hot.md").write_text(_page(times, counts))
    lines = {
        label: [(size, statistics.median(found)) for size, found in of_label.items()]
        for label, of_label in times.items()
    }
    (DOCS / "benchmarks").mkdir(exist_ok=True)
    text = plot("Handing credentials over", "profiles in the files", "milliseconds", lines)
    (DOCS / "benchmarks" / "hot.svg").write_text(text)


def _commands(world: World, launcher: Path) -> dict[str, Command]:
    """What is timed, each run once so that the agent is warm and all is compiled and cached."""
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
    for aws in ("/usr/bin/aws", shutil.which("aws") or "aws"):
        command = (aws, "configure", "export-credentials", "--profile", world.last)
        try:
            _run(command, environ)
        except (OSError, subprocess.CalledProcessError):
            continue  # version 1 has no such command
        return {**found, AWS: command}
    return found


def _run(command: Command, environ: Mapping[str, str]) -> bytes:
    return subprocess.run(command, env=environ, check=True, capture_output=True).stdout


def _time(commands: Mapping[str, Command], environ: Mapping[str, str]) -> dict[str, list[float]]:
    """Each once per round, so that what slows the machine slows all of them."""
    taken: dict[str, list[float]] = {label: [] for label in commands}
    for number in range(ROUNDS):
        for label, command in commands.items():
            if number < SLOW.get(label, ROUNDS):
                start = time.perf_counter()
                _run(command, environ)
                taken[label].append((time.perf_counter() - start) * 1000)
    return taken


def _instructions(
    commands: Mapping[str, Command], environ: Mapping[str, str]
) -> dict[str, int] | None:
    """How many instructions each executes; None where there is no valgrind."""
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


def _page(times: Times, counts: dict[str, int] | None) -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    aws = "" if AWS in times else "An AWS CLI that has `export-credentials` was not there.\n\n"
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
    return f"""# Benchmarks of the hot way

<!-- Written by `make bench`. -->

What a tool waits for when it asks for credentials by `credential_process`: a command from its start
to its end, with a warm [agent](agent.md) except where it says otherwise. The profile is the last of
so many, with its keys in `credentials`. All took turns in {ROUNDS} rounds of one run (the slow ones
in {min(SLOW.values())} to {max(SLOW.values())} of them), on {datetime.now(UTC):%Y-%m-%d} with
Python {python}; the ratios say more than the times. `python -c pass` is the interpreter of the same
virtual environment, starting and ending.

{aws}![milliseconds by number of profiles](benchmarks/hot.svg)

## As a multiple of a Python that does nothing

The median of the ratios within a round.

| profiles {sizes}
{ratios}

## Milliseconds

| profiles {sizes}
{medians}

## Instructions

As callgrind counts them, at {SIZES[0]} profiles. A test holds the launcher to the first line and
10 million.

{counted}
"""


def _ratio(times: Sequence[float], floor: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(times, floor, strict=False))


if __name__ == "__main__":
    main()
