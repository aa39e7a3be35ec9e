"""``python -m benchmarks.resolve [ROUNDS]``: times roles, writes docs/benchmarks-resolve.md."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import botocore.session
from botocore.utils import JSONFileCache

import keystead
from benchmarks import peers
from benchmarks.plot import plot
from benchmarks.rounds import rounds
from devtools.command import KEYSTEAD
from keystead.app import App
from keystead.system import System

SIZES = (10, 10_000)
HOPS = (1, 2, 3, 4, 5)
COMMAND_HOPS = (1, 5)
ROUNDS = {10: 9, 10_000: 3}
COMMAND_ROUNDS = {10: 3, 10_000: 2}
UNCACHED, CACHED = "uncached", "cached"
OURS, THEIRS, AWS = "keystead", "botocore", "the AWS CLI"
DOCS = Path(__file__).parent.parent / "docs"
ROLE = "arn:aws:iam::123456789012:role/{name}"

# Ends when its standard input closes, so with this process.
_SERVER = """
import sys
from devtools.emulators import moto
with moto() as emulator:
    print(emulator.upstream, flush=True)
    sys.stdin.read()
"""


class Key(NamedTuple):
    """One number: program, with a cache or without, number of profiles and of roles."""

    who: str
    state: str
    size: int
    hops: int


class Timed(NamedTuple):
    """The action to time, and its preparation, which is not timed."""

    before: Callable[[], object]
    action: Callable[[], object]


Times = dict[Key, list[float]]
"""Milliseconds of each round."""


def main() -> None:
    """Run everything; takes less than five minutes."""
    library: Times = {}
    commands: Times = {}
    with tempfile.TemporaryDirectory(prefix="resolve-") as name, _moto() as url:
        aws = peers.aws_cli_1()
        for size in SIZES:
            chains = Chains(Path(name) / str(size), size, url)
            for hops in HOPS:
                print(f"{size} profiles, {hops} roles", file=sys.stderr)
                library |= _time(chains.in_process(hops), ROUNDS[size])
                if hops in COMMAND_HOPS:
                    commands |= _time(chains.commands(hops, aws), COMMAND_ROUNDS[size])
    (DOCS / "benchmarks").mkdir(exist_ok=True)
    (DOCS / "benchmarks-resolve.md").write_text(_page(library, commands))
    for size in SIZES:
        lines = {
            f"{who}, {state}": [
                (hops, statistics.median(library[Key(who, state, size, hops)])) for hops in HOPS
            ]
            for who in (OURS, THEIRS)
            for state in (UNCACHED, CACHED)
        }
        title = f"Credentials of a role, {size:,} profiles"
        text = plot(title, "roles on the way", "milliseconds", lines)
        (DOCS / "benchmarks" / f"resolve-{size}.svg").write_text(text)


@contextlib.contextmanager
def _moto() -> Iterator[str]:
    """The address of an STS in a separate process, so that it takes no time from this one."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin
    assert server.stdout
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait()


class Chains:
    """Shared files with ``size`` profiles, the last of them roles over roles over keys."""

    def __init__(self, folder: Path, size: int, url: str) -> None:
        self._folder = folder / ".aws"
        self._folder.mkdir(parents=True)
        fill = [f"profile-{number:06}" for number in range(size - len(HOPS) - 1)]
        roles = [f"role-{number}" for number in HOPS]
        config = [f"[profile {name}]\nregion = eu-west-1\noutput = json\n" for name in fill]
        for name, source in zip(roles, ["base", *roles], strict=False):
            arn = ROLE.format(name=name)
            config.append(f"[profile {name}]\nrole_arn = {arn}\nsource_profile = {source}\n")
        keys = [
            f"[{name}]\naws_access_key_id = AKIA{number:016}\n"
            f"aws_secret_access_key = {number:040}\n"
            for number, name in enumerate([*fill, "base"])
        ]
        (self._folder / "config").write_text("\n".join(config))
        (self._folder / "credentials").touch(mode=0o600)
        (self._folder / "credentials").write_text("\n".join(keys))
        self._size = size
        self._cached = folder / "botocore"
        self._of_aws = self._folder / "cli"
        unset = ("AWS_", "KEYSTEAD_", "PYTHON")  # PYTHONDONTWRITEBYTECODE, for one
        clean = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
        self.environ = {
            **clean,
            "HOME": str(folder),
            "KEYSTEAD_HOME": str(folder / "keystead"),
            "KEYSTEAD_AGENT": "off",
            "AWS_CONFIG_FILE": str(self._folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._folder / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": url,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def in_process(self, hops: int) -> dict[Key, Timed]:
        """The actions of a program with its modules loaded."""
        name = f"role-{hops}"
        os.environ.update(self.environ)

        def ours() -> None:
            assert keystead.credentials(name).session_token

        def theirs() -> None:
            session = botocore.session.Session(profile=name)
            provider = session.get_component("credential_provider").get_provider("assume-role")
            provider.cache = JSONFileCache(str(self._cached))  # as in the AWS CLI
            found = session.get_credentials()
            assert found
            assert found.get_frozen_credentials().token

        return self._rows(hops, {OURS: ours, THEIRS: theirs})

    def commands(self, hops: int, aws: Path | None) -> dict[Key, Timed]:
        """The commands of a shell: GetCallerIdentity, with Python's start."""
        name = f"role-{hops}"
        actions = {OURS: lambda: self._run(KEYSTEAD, "whoami", name)}
        if aws:
            whoami = ("sts", "get-caller-identity", "--profile", name)
            actions[AWS] = lambda: self._run(aws, *whoami)
        return self._rows(hops, actions)

    def _rows(self, hops: int, actions: Mapping[str, Callable[[], object]]) -> dict[Key, Timed]:
        return {
            Key(who, state, self._size, hops): Timed(
                self._forget if state is UNCACHED else _nothing, action
            )
            for who, action in actions.items()
            for state in (UNCACHED, CACHED)
        }

    def _forget(self) -> None:
        App(System(environ=dict(self.environ))).sessions.clear()
        for folder in (self._cached, self._of_aws):
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, env=self.environ, check=True, capture_output=True)


def _nothing() -> None:
    """The preparation of a cached action."""


def _time(rows: Mapping[Key, Timed], count: int) -> Times:
    """Time each action once per round, so that a slow machine affects all of them."""
    taken: Times = {key: [] for key in rows}
    for number in range(rounds(count) + 1):
        for key, row in rows.items():
            row.before()
            start = time.perf_counter()
            row.action()
            if number:  # the first round is the warm-up
                taken[key].append((time.perf_counter() - start) * 1000)
    return taken


def _page(library: Times, commands: Times) -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    against = [(library, THEIRS, HOPS, "in one process, against botocore")]
    if any(key.who == AWS for key in commands):
        against.append((commands, AWS, COMMAND_HOPS, "as a command, against the AWS CLI"))
    ratios = [
        f"| {state}, {where}, {size:,} profiles |{_ratios(times, Key(who, state, size, 0), hops)}"
        for times, who, hops, where in against
        for state in (UNCACHED, CACHED)
        for size in SIZES
    ]
    newline = "\n"
    return f"""# Benchmarks of roles

<!-- Written by `make bench`. -->

Credentials of a chain of one to five roles, with moto as STS on the same machine; calls to AWS over
a network take longer, for all programs alike. Every number is the median of several rounds of one
run, in which all programs took turns; a ratio is the median of the ratios within the rounds.
*Uncached* makes one AssumeRole call for each role, *cached* none: the last session is cached on
disk. botocore uses the AWS CLI's file cache, as it has no other; it and the AWS CLI cache sessions
in plain text, keystead encrypts them. Each round reads the files, plans, and reads the cache. In
one process keystead caches the model of STS; botocore reads it once for each session, and each
profile requires a new session.
Run on {datetime.now(UTC):%Y-%m-%d} with Python {python} on a {os.uname().sysname} machine with
{os.cpu_count()} processors. `make bench` repeats the measurement.

## Speed-up

| roles in the chain |{"".join(f" {hops} |" for hops in HOPS)}
| --- |{" ---: |" * len(HOPS)}
{newline.join(ratios)}

The commands are `keystead whoami` and `aws sts get-caller-identity` of the AWS CLI 1, which has no
command that prints credentials of a role: both include Python's start and one call with the
credentials. keystead runs without its agent here; it is faster [with it](benchmarks-commands.md).

## Milliseconds in one process

{_table(library, HOPS)}

## Milliseconds as a command

{_table(commands, COMMAND_HOPS)}

![Milliseconds over the roles on the way, 10 profiles](benchmarks/resolve-10.svg)

![Milliseconds over the roles on the way, 10,000 profiles](benchmarks/resolve-10000.svg)
"""


def _ratios(times: Times, other: Key, of: tuple[int, ...]) -> str:
    """The speed-up over the other program, a cell for each number of roles."""
    cells = []
    for hops in HOPS:
        if hops not in of:
            cells.append(" |")
            continue
        theirs = times[other._replace(hops=hops)]
        rounds = zip(times[other._replace(who=OURS, hops=hops)], theirs, strict=True)
        cells.append(f" {statistics.median(them / own for own, them in rounds):.1f} |")
    return "".join(cells)


def _table(times: Times, of: tuple[int, ...]) -> str:
    head = "| roles in the chain |" + "".join(f" {hops} |" for hops in of)
    rows = []
    for who, state, size in dict.fromkeys((key.who, key.state, key.size) for key in times):
        found = (statistics.median(times[Key(who, state, size, hops)]) for hops in of)
        cells = "".join(f" {ms:,.1f} |" for ms in found)
        rows.append(f"| {who}, {state}, {size:,} profiles |{cells}")
    return "\n".join([head, "| --- |" + " ---: |" * len(of), *rows])


if __name__ == "__main__":
    main()
