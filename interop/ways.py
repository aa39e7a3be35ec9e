"""The ways in which keystead hands credentials to a program, each as its user would set it up."""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.command import KEYSTEAD, Done, run

SECONDS = 120.0
NO_METADATA = {"AWS_EC2_METADATA_DISABLED": "true"}


@dataclass(frozen=True)
class Given:
    """What a way has to work with: a profile of ``location``, and a client in a new home."""

    profile: str
    location: Path
    home: Path
    environ: Mapping[str, str]
    command: Sequence[str]

    def keystead(self, verb: str, *arguments: str) -> list[str]:
        """A command line of keystead with that file."""
        return [KEYSTEAD, verb, "--location", str(self.location), *arguments]

    def run(self, argv: Sequence[str], variables: Mapping[str, str] = NO_METADATA) -> Done:
        """Runs a command in the home, with ``variables`` besides."""
        environ = {**self.environ, **variables}
        return run(argv, environ=environ, cwd=self.home, seconds=SECONDS)


@dataclass(frozen=True)
class Way:
    """One way; ``title`` is its column in the table, ``meaning`` the words below it."""

    name: str
    title: str
    meaning: str
    run: Callable[[Given], Done]


def _process(given: Given) -> Done:
    line = shlex.join(given.keystead("process", given.profile))
    folder = given.home / ".aws"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "config"
    config.write_text(f"[profile by-process]\ncredential_process = {line}\n")
    try:
        return given.run(given.command, {**NO_METADATA, "AWS_PROFILE": "by-process"})
    finally:
        config.unlink()


def _env(given: Given) -> Done:
    ask = shlex.join(given.keystead("env", "--shell", "bash", given.profile))
    return given.run(["bash", "-c", f'eval "$({ask})" && exec "$@"', "bash", *given.command])


def _exec(given: Given) -> Done:
    return given.run(given.keystead("exec", given.profile, "--", *given.command))


def _exec_endpoint(given: Given) -> Done:
    return given.run(given.keystead("exec", "--endpoint", given.profile, "--", *given.command))


def _serve(given: Given) -> Done:
    with _serving(given, "--container") as variables:
        return given.run(given.command, {**NO_METADATA, **variables})


def _serve_imds(given: Given) -> Done:
    with _serving(given, "--imds") as variables:
        return given.run(given.command, variables)


@contextlib.contextmanager
def _serving(given: Given, kind: str) -> Iterator[dict[str, str]]:
    """The variables that a running `keystead serve` says."""
    process = subprocess.Popen(
        given.keystead("serve", kind, "--json", given.profile),
        env=dict(given.environ),
        cwd=given.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            assert process.stdout is not None
            text = ""
            for line in process.stdout:
                text += line
                if line == "]\n":
                    break
            (shown,) = json.loads(text)
            yield shown["variables"]
        finally:
            process.terminate()


WAYS = (
    Way("process", "`credential_process`", "a profile whose `credential_process` is `keystead process NAME`", _process),
    Way("env", "`env`", 'the variables of `eval "$(keystead env NAME)"`', _env),
    Way("exec", "`exec`", "the variables of `keystead exec NAME -- CLIENT`", _exec),
    Way("exec-endpoint", "`exec --endpoint`", "an endpoint of containers' credentials, with its token in a variable", _exec_endpoint),
    Way("serve", "`serve`", "the endpoint of `keystead serve NAME`, with its token in a file", _serve),
    Way("serve-imds", "`serve --imds`", "the metadata service, version 2, of `keystead serve --imds NAME`", _serve_imds),
)
