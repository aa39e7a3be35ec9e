"""The ways to deliver credentials from keystead to a program, set up as a user would."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.command import KEYSTEAD, Done, run, served

SECONDS = 120.0
NO_METADATA = {"AWS_EC2_METADATA_DISABLED": "true"}


@dataclass(frozen=True)
class Given:
    """The input of a way: a profile, and a client's command in a home.

    ``shell`` evaluates the output of `keystead env`.
    """

    profile: str
    home: Path
    environ: Mapping[str, str]
    command: Sequence[str]
    shell: str

    def run(self, argv: Sequence[str], variables: Mapping[str, str] = NO_METADATA) -> Done:
        """Run a command in the home with additional ``variables``."""
        environ = {**self.environ, **variables}
        return run(argv, environ=environ, cwd=self.home, seconds=SECONDS)


@dataclass(frozen=True)
class Way:
    """One way; ``title`` is its column in the table, ``meaning`` its description.

    ``ending``: it delivers a session in place of long-term keys.
    """

    name: str
    title: str
    meaning: str
    run: Callable[[Given], Done]
    ending: bool = False


def _process(given: Given) -> Done:
    return _configured(given, f"credential_process = {KEYSTEAD} process NAME")


def _launcher(given: Given) -> Done:
    return _configured(given, given.run([KEYSTEAD, "agent", "launcher"]).stdout)


def _configured(given: Given, line: str) -> Done:
    """Run the client with a profile that has the line, with NAME replaced by keystead's profile."""
    folder = given.home / ".aws"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "config"
    config.write_text(f"[profile by-process]\n{line.replace('NAME', given.profile)}\n")
    try:
        return given.run(given.command, {**NO_METADATA, "AWS_PROFILE": "by-process"})
    finally:
        config.unlink()


def _env(given: Given) -> Done:
    if given.shell == "powershell":
        client = " ".join("'" + word.replace("'", "''") + "'" for word in given.command)
        variables = f"& {KEYSTEAD} env --shell powershell {given.profile}"
        line = f"{variables} | Out-String | Invoke-Expression; & {client}; exit $LASTEXITCODE"
        return given.run(["pwsh", "-NoProfile", "-NonInteractive", "-Command", line])
    line = f'eval "$({KEYSTEAD} env --shell bash {given.profile})" && exec "$@"'
    return given.run(["bash", "-c", line, "bash", *given.command])


def _exec(given: Given) -> Done:
    return given.run([KEYSTEAD, "exec", given.profile, "--", *given.command])


def _exec_endpoint(given: Given) -> Done:
    return given.run(
        [KEYSTEAD, "exec", given.profile, "--endpoint", "--session", "--", *given.command]
    )


def _serve(given: Given) -> Done:
    with _serving(given, "--container") as variables:
        return given.run(given.command, {**NO_METADATA, **variables})


def _serve_imds(given: Given) -> Done:
    with _serving(given, "--imds") as variables:
        return given.run(given.command, variables)


@contextlib.contextmanager
def _serving(given: Given, kind: str) -> Iterator[dict[str, str]]:
    """The variables printed by a running `keystead serve`."""
    process = subprocess.Popen(
        [KEYSTEAD, "serve", given.profile, kind, "--session", "--json"],
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
            (shown,) = json.loads(served(process.stdout))
            yield shown["variables"]
        finally:
            process.terminate()


WAYS = (
    Way(
        "process",
        "`credential_process`",
        "a profile in `~/.aws/config` whose `credential_process` is `keystead process NAME`",
        _process,
    ),
    Way(
        "launcher",
        "launcher",
        "the same with the line that `keystead agent launcher` prints",
        _launcher,
    ),
    Way(
        "env",
        "`env`",
        'the variables that `eval "$(keystead env NAME)"` sets, or in PowerShell'
        " `keystead env NAME | Out-String | Invoke-Expression`",
        _env,
    ),
    Way("exec", "`exec`", "the variables that `keystead exec NAME -- CLIENT` sets", _exec),
    Way(
        "exec-endpoint",
        "`exec --endpoint`",
        "the endpoint of `keystead exec NAME --endpoint --session -- CLIENT`, with its token in a"
        " variable",
        _exec_endpoint,
        ending=True,
    ),
    Way(
        "serve",
        "`serve`",
        "the endpoint of `keystead serve NAME --session`, with its token in a file",
        _serve,
        ending=True,
    ),
    Way(
        "serve-imds",
        "`serve --imds`",
        "the metadata service of `keystead serve NAME --imds --session`, version 2",
        _serve_imds,
        ending=True,
    ),
)
