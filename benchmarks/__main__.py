"""``python -m benchmarks``: times all in one run and writes docs/benchmarks.md with its plots."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.plot import plot
from benchmarks.world import Action, World, install_aws_cli

SIZES = (10, 1_000, 10_000, 100_000)
ROUNDS = {10: 21, 1_000: 11, 10_000: 9, 100_000: 3}
COMMAND_ROUNDS = {10: 7, 1_000: 5, 10_000: 3, 100_000: 2}
DOCS = Path(__file__).parent.parent / "docs"

Times = dict[str, dict[int, float]]
"""Median milliseconds by label and number of profiles."""


def main() -> None:
    """Runs everything; takes some minutes."""
    library: Times = {}
    commands: Times = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        aws = install_aws_cli(folder / "aws-cli")
        if aws is None:
            print("the AWS CLI cannot be installed here; it is left out", file=sys.stderr)
        for size in SIZES:
            world = World(folder / str(size), size)
            print(f"{size} profiles", file=sys.stderr)
            _time(world.in_process(), size, ROUNDS[size], library)
            _time(world.commands(aws), size, COMMAND_ROUNDS[size], commands)
    (DOCS / "benchmarks").mkdir(exist_ok=True)
    (DOCS / "benchmarks.md").write_text(_page(library, commands))
    for file, title, times in (
        ("library.svg", "In one process", library),
        ("commands.svg", "As a command, its start included", commands),
    ):
        lines = {label: list(of_label.items()) for label, of_label in times.items()}
        text = plot(title, "profiles in the files", "milliseconds", lines)
        (DOCS / "benchmarks" / file).write_text(text)


def _time(actions: dict[str, Action], size: int, rounds: int, times: Times) -> None:
    """Each action once per round, so that what slows the machine slows all of them."""
    taken: dict[str, list[float]] = {label: [] for label in actions}
    for action in actions.values():
        action()  # modules are loaded, files are cached
    for _ in range(rounds):
        for label, action in actions.items():
            start = time.perf_counter()
            action()
            taken[label].append((time.perf_counter() - start) * 1000)
    for label, found in taken.items():
        times.setdefault(label, {})[size] = statistics.median(found)


def _page(library: Times, commands: Times) -> str:
    ratios = [
        _ratio(library, "load all", "keystead: load all", "botocore: load all"),
        _ratio(library, "look up one", "keystead: look up one", "botocore: look up one"),
    ]
    if "aws configure get" in commands:
        ratios += [
            _ratio(commands, "read one, as a command", "keystead show", "aws configure get"),
            _ratio(commands, "change one, as a command", "keystead set", "aws configure set"),
        ]
    else:
        ratios.append("| the AWS CLI could not be installed |" + " |" * len(SIZES))
    find, edit = library["keystead: look up one"], library["keystead: edit one"]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"""# Benchmarks

<!-- Written by `make bench`. -->

Every number is the median of several rounds of one run, in which all programs took turns on the
same files: each profile has its keys in `credentials`, region and output in `config`, and the one
looked up or edited is the last. Run on {datetime.now(UTC):%Y-%m-%d} with Python {python} on a
{os.uname().sysname} machine with {os.cpu_count()} processors that did other work meanwhile, so
the ratios say more than the times. `make bench` runs it anew.

## How many times as fast as the other

| profiles |{"".join(f" {size:,} |" for size in SIZES)}
| --- |{" ---: |" * len(SIZES)}
{chr(10).join(ratios)}

*Load all* is every profile with all its settings, against `load_config` and `raw_config_parse` of
botocore. *Look up one* is against a botocore session's `get_scoped_config` and `get_credentials`.
The commands are those of this project against `aws configure get` and `set` of the AWS CLI 1; they
start Python first. `keystead set` locks, keeps what it replaces, flushes file and folder and
replaces the file whole, which `aws configure set` does not.

A look-up among 10,000 profiles took {find[10_000] - find[10]:.1f} ms more than one among 10, an
edit among 10,000 took {edit[10_000]:.0f} ms.

## Milliseconds

{_table(library)}

{_table(commands)}

![Milliseconds over the number of profiles, in one process](benchmarks/library.svg)

![Milliseconds over the number of profiles, as a command](benchmarks/commands.svg)
"""


def _ratio(times: Times, what: str, ours: str, other: str) -> str:
    cells = (f" {times[other][size] / times[ours][size]:.1f} |" for size in SIZES)
    return f"| {what} |" + "".join(cells)


def _table(times: Times) -> str:
    head = "| profiles |" + "".join(f" {size:,} |" for size in SIZES)
    rows = [
        f"| {label} |" + "".join(f" {found[size]:,.1f} |" for size in SIZES)
        for label, found in times.items()
    ]
    return "\n".join([head, "| --- |" + " ---: |" * len(SIZES), *rows])


if __name__ == "__main__":
    main()
