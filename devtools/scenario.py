"""Runs a scenario: a text file of commands, input files and expected results.

`tests/scenarios/README.md` describes the format. Scenarios use only the real command, its files and
the emulator's recorder, not keystead's modules.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from devtools.command import SCRIPTS, run
from devtools.emulators import Emulator, furnish

_WILDCARDS = {"<digits>": r"\d+", "<word>": r"\S+", "<any>": r".*"}
_WILD = re.compile("|".join(_WILDCARDS) + r"|\$HOME")
# These deliver credentials or show a file, so their output may contain a secret.
_HANDS_OVER = re.compile(r"(?i)\bkeystead (process|env|exec)\b|--reveal\b|\bcat\b")
_TAKES_BODY = frozenset({"file", "content", "calls"})
_WORDS = _TAKES_BODY | {"uses", "env", "plain", "same", "absent"}


class ScenarioFailed(Exception):
    """The scenario fails or its file is not valid; with file:line."""


@dataclass
class Step:
    """One directive with its lines."""

    line: int
    word: str
    argument: str
    body: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: int = 0


@dataclass(frozen=True)
class Bench:
    """The environment of a scenario. ``leaks`` finds the secrets in a text."""

    home: Path
    environ: Mapping[str, str]
    emulator: Callable[[str], Emulator]
    leaks: Callable[[str], list[str]]


def hands_over(command: str) -> bool:
    """Whether ``command`` may print a secret on standard output."""
    return _HANDS_OVER.search(command) is not None


def parse(text: str, name: str) -> list[Step]:
    """The steps of a scenario. Raises `ScenarioFailed` for an invalid line."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), start=1):
        word, _, rest = line.partition(" ")
        last = steps[-1] if steps else None
        command = last if last and last.word == "$" else None
        if not line or word == "#":
            continue
        if word == "$" or word in _WORDS:
            steps.append(Step(number, word, rest))
        elif word == "|" and last and (command or last.word in _TAKES_BODY):
            last.body.append(rest)
        elif word == "!" and command:
            command.errors.append(rest)
        elif word == "=" and command and rest.isdecimal():
            command.code = int(rest)
        else:
            raise ScenarioFailed(f"{name}:{number}: this line does not belong here: {line}")
    return steps


def play(path: Path, bench: Bench) -> set[Path]:
    """Run the scenario in ``path``. Raises `ScenarioFailed` at the first difference.

    Returns the files in which it expects secrets in plain text.
    """
    player = _Player(path.name, bench)
    player.play(parse(path.read_text(encoding="utf-8"), path.name))
    return player.plain


class _Player:
    def __init__(self, name: str, bench: Bench) -> None:
        self._name = name
        self._bench = bench
        self._home = bench.home
        self._environ = dict(bench.environ)
        self._environ["PATH"] = f"{SCRIPTS}{os.pathsep}{self._environ['PATH']}"
        self._written: dict[str, bytes] = {}
        self.plain: set[Path] = set()
        self._emulator: Emulator | None = None

    def play(self, steps: list[Step]) -> None:
        verbs = {
            "uses": self._uses,
            "env": self._env,
            "file": self._file,
            "plain": self._is_plain,
            "$": self._command,
            "same": self._same,
            "content": self._content,
            "absent": self._absent,
            "calls": self._calls,
        }
        for step in steps:
            verbs[step.word](step)

    def _uses(self, step: Step) -> None:
        self._emulator = self._bench.emulator(step.argument)
        furnish(self._emulator)
        self._environ.update(self._emulator.environ)

    def _env(self, step: Step) -> None:
        name, _, value = step.argument.partition("=")
        self._environ[name] = value.replace("$HOME", str(self._home))

    def _file(self, step: Step) -> None:
        path = self._home / step.argument
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = "".join(f"{line}\n" for line in step.body).encode()
        path.touch(mode=0o600)
        path.write_bytes(data)
        self._written[step.argument] = data
        self.plain.add(path)

    def _is_plain(self, step: Step) -> None:
        self.plain.add(self._home / step.argument)

    def _command(self, step: Step) -> None:
        shell = shutil.which("sh") or "sh"
        done = run([shell, "-c", step.argument], environ=self._environ, cwd=self._home)
        shown = {"standard error": done.stderr}
        if not hands_over(step.argument):
            shown["standard output"] = done.stdout
        for stream, text in shown.items():
            for secret in self._bench.leaks(text):
                self._fail(step, f"{secret} shows on {stream}")
        differences = [
            *self._differences("standard output", step.body, done.stdout),
            *self._differences("standard error", step.errors, done.stderr),
        ]
        if done.code != step.code:
            differences.append(f"exit code {done.code}, not {step.code}")
        if differences:
            self._fail(step, f"$ {step.argument}\n" + "\n".join(differences))

    def _same(self, step: Step) -> None:
        if step.argument not in self._written:
            self._fail(step, f"the scenario did not write {step.argument}")
        self._compare(step, self._written[step.argument].decode().split("\n")[:-1], literal=True)

    def _content(self, step: Step) -> None:
        self._compare(step, step.body, literal=False)

    def _absent(self, step: Step) -> None:
        if (self._home / step.argument).exists():
            self._fail(step, f"{step.argument} exists")

    def _calls(self, step: Step) -> None:
        if self._emulator is None:
            self._fail(step, "no emulator is in use")
        made = "".join(f"{call}\n" for call in self._emulator.recorder.calls)
        self._emulator.recorder.clear()
        if differences := self._differences("calls", step.body, made):
            self._fail(step, "\n".join(differences))

    def _compare(self, step: Step, expected: list[str], *, literal: bool) -> None:
        try:
            data = (self._home / step.argument).read_bytes()
        except FileNotFoundError:
            self._fail(step, f"there is no {step.argument}")
        text = data.decode(errors="backslashreplace")
        if differences := self._differences(step.argument, expected, text, literal=literal):
            self._fail(step, "\n".join(differences))

    def _differences(
        self, title: str, expected: list[str], text: str, *, literal: bool = False
    ) -> list[str]:
        actual = text.split("\n")
        if actual[-1]:
            actual[-1] += " <no newline at the end>"
        else:
            actual.pop()
        if not literal:
            # Replace a line that matches a pattern by the pattern: it is not a difference.
            patterns = [(line, self._pattern(line)) for line in expected]
            actual = [
                next((line for line, pattern in patterns if pattern.fullmatch(got)), got)
                for got in actual
            ]
        return list(difflib.unified_diff(expected, actual, f"expected {title}", title, lineterm=""))

    def _pattern(self, line: str) -> re.Pattern[str]:
        literals = _WILD.split(line)
        wild = [
            _WILDCARDS.get(found) or re.escape(str(self._home)) for found in _WILD.findall(line)
        ]
        joined = re.escape(literals[0])
        for pattern, literal in zip(wild, literals[1:], strict=True):
            joined += pattern + re.escape(literal)
        return re.compile(joined)

    def _fail(self, step: Step, what: str) -> NoReturn:
        raise ScenarioFailed(f"{self._name}:{step.line}: {what}")
