"""``python -m benchmarks [ROUNDS]``: times the stores, writes docs/benchmarks.md and its plots."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from benchmarks import peers
from benchmarks.plot import plot
from benchmarks.rounds import rounds
from benchmarks.world import Action, World

SIZES = (10, 1_000, 10_000, 100_000)
ROUNDS = {10: 21, 1_000: 11, 10_000: 5, 100_000: 2}
COMMAND_ROUNDS = {10: 7, 1_000: 5, 10_000: 3, 100_000: 2}
LOOK_UPS = 31
SLOW_MS = 5_000
"""The warm-up of an action that takes longer is its first round."""
DOCS = Path(__file__).parent.parent / "docs"

_Label = TypeVar("_Label", int, str)

Times = dict[str, dict[int, list[float]]]
"""Milliseconds of each round by label and number of profiles."""


def main() -> None:
    """Run everything; takes some minutes."""
    library: Times = {}
    commands: Times = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        aws = peers.aws_cli_1()
        worlds = {size: World(folder / str(size), size) for size in SIZES}
        for size, world in worlds.items():
            print(f"{size} profiles", file=sys.stderr)
            for label, found in _time(world.in_process(), ROUNDS[size]).items():
                library.setdefault(label, {})[size] = found
            for label, found in _time(world.commands(aws), COMMAND_ROUNDS[size]).items():
                commands.setdefault(label, {})[size] = found
        look_ups = _time({size: world.look_up for size, world in worlds.items()}, LOOK_UPS)
        memory = {size: world.bytes_per_profile() for size, world in worlds.items()}
    (DOCS / "benchmarks").mkdir(exist_ok=True)
    (DOCS / "benchmarks.md").write_text(_page(library, commands, look_ups, memory))
    for file, title, times in (
        ("library.svg", "In one process", library),
        ("commands.svg", "As a command, its start included", commands),
    ):
        lines = {
            label: [(size, statistics.median(found)) for size, found in of_label.items()]
            for label, of_label in times.items()
        }
        text = plot(title, "profiles in the files", "milliseconds", lines)
        (DOCS / "benchmarks" / file).write_text(text)


def _time(actions: Mapping[_Label, Action], count: int) -> dict[_Label, list[float]]:
    """Time each action once per round, so that a slow machine affects all of them."""
    taken: dict[_Label, list[float]] = {label: [] for label in actions}
    warm_ups = {label: _run(action) for label, action in actions.items()}  # loads, fills caches
    for number in range(rounds(count)):
        for label, action in actions.items():
            is_counted = number == 0 and warm_ups[label] > SLOW_MS
            taken[label].append(warm_ups[label] if is_counted else _run(action))
    return taken


def _run(action: Action) -> float:
    """The milliseconds of one run."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def _page(
    library: Times,
    commands: Times,
    look_ups: Mapping[int, list[float]],
    memory: Mapping[int, float],
) -> str:
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
    pairs = zip(look_ups[10_000], look_ups[10], strict=True)
    more = statistics.median(large - small for large, small in pairs)
    edit = statistics.median(library["keystead: edit one"][10_000])
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"""# Benchmarks

<!-- Written by `make bench`. -->

Every number is the median of several rounds of one run, in which all programs took turns on the
same files. Each profile has its keys in `credentials`, region and output in `config`; the last one
is looked up or edited. A ratio is the median of the ratios within the rounds.
Run on {datetime.now(UTC):%Y-%m-%d} with Python {python} on a
{os.uname().sysname} machine with {os.cpu_count()} processors that was also doing other work, so
the ratios are more meaningful than the times. `make bench` repeats the measurement.

## Speed-up

| profiles |{"".join(f" {size:,} |" for size in SIZES)}
| --- |{" ---: |" * len(SIZES)}
{chr(10).join(ratios)}

*Load all* reads every profile with all its settings, compared with `load_config` and
`raw_config_parse` of botocore. *Look up one* is compared with a botocore session's
`get_scoped_config` and `get_credentials`. The commands are compared with `aws configure get` and
`set` of the AWS CLI 1, both including Python's start. `keystead set` also locks the file, saves an
undo copy, replaces the file atomically and flushes file and folder.

A look-up among 10,000 profiles took {more:.1f} ms longer than one among 10; an edit
among 10,000, including all flushes, took {edit:.0f} ms. Loaded profiles take
{memory[10_000]:,.0f} bytes of memory per profile at 10,000 profiles, {memory[100_000]:,.0f} at
100,000, the text of the files included.

## Milliseconds

{_table(library)}

{_table(commands)}

![Milliseconds over the number of profiles, in one process](benchmarks/library.svg)

![Milliseconds over the number of profiles, as a command](benchmarks/commands.svg)
"""


def _ratio(times: Times, what: str, ours: str, other: str) -> str:
    cells = []
    for size in SIZES:
        rounds = zip(times[ours][size], times[other][size], strict=True)
        cells.append(f" {statistics.median(theirs / own for own, theirs in rounds):.1f} |")
    return f"| {what} |" + "".join(cells)


def _table(times: Times) -> str:
    head = "| profiles |" + "".join(f" {size:,} |" for size in SIZES)
    rows = [
        f"| {label} |" + "".join(f" {statistics.median(found[size]):,.1f} |" for size in SIZES)
        for label, found in times.items()
    ]
    return "\n".join([head, "| --- |" + " ---: |" * len(SIZES), *rows])


if __name__ == "__main__":
    main()
