"""The user's programs, such as ``credential_process``. Errors never quote their output."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from keystead.errors import Origin, ProfileInvalid, ProviderError
from keystead.model import command_line
from keystead.model.mfa import MFA_VARIABLE
from keystead.model.profile import Profile
from keystead.resolve.ring import RUNNING, Link, require_no_ring, with_link
from keystead.system import System, child
from keystead.system.executable import which
from keystead.system.file_versions import change_token
from keystead.system.path import Path

TIME_LIMIT_SECONDS = 60.0
MOST_BYTES = 1024 * 1024

_CACHED_BY = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "KEYSTEAD_HOME")
"""Variables in addition to those of AWS that cached output may depend on."""

_WITHOUT_SHELL = (
    "the command is run without a shell, so pipes, redirections, variables and `~` have no "
    "effect; put them into a script and run it"
)


class Program:
    """The program that a setting of a profile, such as ``credential_process``, names.

    The command is split into words as the platform's shell would. Raises `ProfileInvalid` for a
    command that cannot be run.
    """

    def __init__(self, setting: str, profile: Profile) -> None:
        self._setting = setting
        self._profile = profile
        self._where = profile.where(setting)
        self._command = profile.text(setting) or ""
        self._words = _words(setting, self._command, self._where)
        self.name = os.path.basename(self._words[0])

    def output(self, system: System) -> bytes:
        """What it prints.

        It is run without a shell, with the environment save the MFA code, which is good for one
        use. Standard error is ours, so that it can speak to a person; it can ask on ``/dev/tty``,
        and reads standard input only where that is a terminal. After `TIME_LIMIT_SECONDS`, and on
        Ctrl-C, it is ended with everything in its process group.

        Raises `ProviderError` for a program that fails, `ProfileCycle` for one that starts itself
        through keystead.
        """
        self.require_no_ring(system)
        try:
            return _output(self._words, self._environ(system))
        except _Failed as failure:
            raise self.refused(failure.what, failure.hint) from None

    def refused(self, what: str, hint: str | None) -> ProviderError:
        """The error for what it did: ``what`` follows its name."""
        hint = _WITHOUT_SHELL if command_line.needs_shell(self._words) else hint
        return ProviderError(
            f"{self._setting} `{self.name}` {what}",
            id="credential-process-failed",
            hint=hint,
            where=self._where,
        )

    def require_no_ring(self, system: System) -> None:
        """Raises `ProfileCycle` where keystead was started, over whatever way, by this program."""
        require_no_ring(self._link, system.environ, self._where)

    def inputs(self, system: System) -> list[object]:
        """All that keystead can know of what its output depends on.

        The command with the version of each file that it names, the whole environment, the
        folder, the versions of the shared files, and the terminal on standard input.
        """
        folders = system.folders
        return [
            self._words,
            self._versions(system),
            sorted(self._environ(system).items()),
            _folder(),
            change_token((folders.config_file, folders.credentials_file)),
            child.stdin_terminal(),
        ]

    def cached_inputs(self, system: System) -> list[object]:
        """What its output depends on where the profile says that it may be cached.

        The command with the version of each file that it names, the variables of AWS, the home
        folder, and the paths and versions of the shared files.
        """
        shared = (system.folders.config_file, system.folders.credentials_file)
        given = sorted(
            item
            for item in self._environ(system).items()
            if item[0].startswith("AWS_") or item[0] in _CACHED_BY
        )
        return [self._words, self._versions(system), given, change_token(shared)]

    def files(self) -> list[Path] | None:
        """The files that the command names by their whole path; None where it finds one otherwise,
        so that it may be another one for another process.
        """
        if not os.path.isabs(self._words[0]):
            return None
        named = [word for word in self._words if os.path.exists(word)]
        return [Path(word) for word in named] if all(map(os.path.isabs, named)) else None

    def _versions(self, system: System) -> list[object]:
        program = _found(self._words[0], system.environ)
        return [program, change_token((program or self._words[0], *self._words[1:]))]

    def _environ(self, system: System) -> dict[str, str]:
        environ = {name: text for name, text in system.environ.items() if name != MFA_VARIABLE}
        return environ | {RUNNING: with_link(self._link, environ)}

    @property
    def _link(self) -> Link:
        return Link.of(self._setting, self._profile, self._command)


class _Failed(Exception):
    """A failure as a predicate that follows the program's name, and a hint."""

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def _output(words: list[str], environ: dict[str, str]) -> bytes:
    """What the program prints. Raises `_Failed`."""
    program = _found(words[0], environ)
    try:
        finished = child.run(
            # Unchanged if it is not found, for the system's error.
            [program or words[0], *words[1:]],
            environ,
            seconds=TIME_LIMIT_SECONDS,
            most_bytes=MOST_BYTES,
        )
    except (FileNotFoundError, NotADirectoryError):
        raise _Failed("was not found", "give the full path of the program") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is not a valid command").lower()
        raise _Failed(f"cannot be run: {reason}", "check that the file is executable") from None
    except child.TooSlow:
        raise _Failed(
            f"did not end within {TIME_LIMIT_SECONDS:.0f} seconds and was ended",
            "run the command yourself to see what it waits for",
        ) from None
    except child.TooMuch:
        raise _Failed(f"printed more than {MOST_BYTES // 1024} KiB") from None
    if finished.code < 0:
        raise _Failed(f"was killed by {_signal_name(-finished.code)}")
    if finished.code:
        raise _Failed(f"failed with exit code {finished.code}", "run it yourself to see why")
    return finished.output


def _found(word: str, environ: Mapping[str, str]) -> str | None:
    """The program file that the word names, None where there is none."""
    return which(word, environ.get("PATH", os.defpath))


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


def _words(setting: str, command: str, where: Origin | None) -> list[str]:
    split = command_line.split_windows if os.name == "nt" else command_line.split_posix
    try:
        words = split(command)
    except ValueError:
        raise ProfileInvalid(
            f"`{setting}` has a quote that is not closed",
            id="credential-process-malformed",
            where=where,
        ) from None
    if not words or not words[0]:
        raise ProfileInvalid(
            f"`{setting}` names no command", id="credential-process-malformed", where=where
        )
    return words


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
