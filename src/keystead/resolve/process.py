"""Programs of the user's: the setting ``credential_process``, and what it prints.

Its output is a secret from the first byte to the last, so errors quote none of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal

from keystead.errors import Origin, ProfileInvalid, ProviderError
from keystead.model.credentials import Credentials
from keystead.model.mfa import MFA_VARIABLE
from keystead.resolve import commandline
from keystead.resolve.keydocument import BadDocument, read_credentials, read_object
from keystead.system import System, child

TIME_LIMIT_SECONDS = 60.0
MOST_BYTES = 1024 * 1024
VERSION = 1

RUNNING = "KEYSTEAD_RUNNING_PROCESS"
"""Tells a keystead that was started by a ``credential_process`` which commands it is inside of."""

_WITHOUT_SHELL = (
    "the command is run without a shell, so pipes, redirections, variables and `~` mean nothing "
    "in it; put them into a script and name that"
)


def process_credentials(command: str, system: System, where: Origin | None = None) -> Credentials:
    """The credentials that ``command`` prints; ``where`` is the place of the setting.

    It is run as `Program.output` says, and prints one JSON object of at most `MOST_BYTES`:
    ``Version`` 1, ``AccessKeyId``, ``SecretAccessKey``, and perhaps ``SessionToken``,
    ``Expiration`` (ISO 8601) and ``AccountId``.

    Raises `ProviderError` for a program that prints something else, without a byte of it, and
    what running it raises.
    """
    program = Program("credential_process", command, where)
    try:
        credentials = _read(program.output(system), program.name)
    except BadDocument as error:
        raise program.refused(
            f"printed something that cannot be used: it {error}",
            "see the AWS documentation of credential_process for the form",
        ) from None
    if not credentials.fresh(system.clock()):
        raise program.refused("gave credentials that have ended", "check this machine's clock")
    return credentials


class Program:
    """The program that a setting such as ``credential_process`` names.

    The command is parted into words as the platform's shell would. Raises `ProfileInvalid` for a
    command that is none.
    """

    def __init__(self, setting: str, command: str, where: Origin | None) -> None:
        self._setting = setting
        self._command = command
        self._where = where
        self._words = _words(setting, command, where)
        self.name = os.path.basename(self._words[0])

    def output(self, system: System) -> bytes:
        """What it prints.

        It is run without a shell, with the environment save the MFA code, which is good for one
        use. Standard error is ours, so that it can speak to a person; it can ask on ``/dev/tty``,
        and reads standard input only where that is a terminal. After `TIME_LIMIT_SECONDS`, and on
        Ctrl-C, it is ended with everything in its process group.

        Raises `ProviderError` for a program that fails, `ProfileInvalid` for one that starts
        itself through keystead.
        """
        environ = {name: text for name, text in system.environ.items() if name != MFA_VARIABLE}
        environ[RUNNING] = self._running(system)
        try:
            return _output(self._words, environ)
        except _Failed as failure:
            raise self.refused(failure.what, failure.hint) from None

    def refused(self, what: str, hint: str | None) -> ProviderError:
        """The error for what it did: ``what`` follows its name."""
        hint = _WITHOUT_SHELL if commandline.needs_shell(self._words) else hint
        return ProviderError(f"{self._setting} `{self.name}` {what}", hint=hint, where=self._where)

    def _running(self, system: System) -> str:
        """The value of `RUNNING` for it. Raises `ProfileInvalid` when it is inside itself."""
        text = self._command.encode("utf-8", "surrogatepass")
        mark = hashlib.sha256(text).hexdigest()[:16]
        above = system.environ.get(RUNNING, "").split()
        if mark in above:
            raise ProfileInvalid(
                f"`{self._setting}` runs keystead, which would run the same command again",
                hint="let it name another profile, one that has credentials of its own",
                where=self._where,
            )
        return " ".join([*above, mark])


class _Failed(Exception):
    """What the program did, as words that follow its name, and what to do."""

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def _output(words: list[str], environ: dict[str, str]) -> bytes:
    """What the program prints. Raises `_Failed`."""
    program = shutil.which(words[0], path=environ.get("PATH", os.defpath))
    try:
        finished = child.run(
            # As it was written where nothing is found: the system then says why.
            [program or words[0], *words[1:]],
            environ,
            seconds=TIME_LIMIT_SECONDS,
            most_bytes=MOST_BYTES,
        )
    except (FileNotFoundError, NotADirectoryError):
        raise _Failed("was not found", "give the whole path of the program") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is no command").lower()
        raise _Failed(f"cannot be run: {reason}", "check that the file is executable") from None
    except child.TooSlow:
        raise _Failed(
            f"did not end within {TIME_LIMIT_SECONDS:.0f} seconds and was ended",
            "run the command by hand to see what it waits for",
        ) from None
    except child.TooMuch:
        raise _Failed(f"printed more than {MOST_BYTES // 1024} KiB") from None
    if finished.code < 0:
        raise _Failed(f"was killed by {_signal_name(-finished.code)}")
    if finished.code:
        raise _Failed(f"failed with exit code {finished.code}", "run it by hand to see why")
    return finished.output


def _words(setting: str, command: str, where: Origin | None) -> list[str]:
    split = commandline.split_windows if os.name == "nt" else commandline.split_posix
    try:
        words = split(command)
    except ValueError:
        raise ProfileInvalid(f"`{setting}` has a quote that does not end", where=where) from None
    if not words or not words[0]:
        raise ProfileInvalid(f"`{setting}` names no command", where=where)
    return words


def _read(output: bytes, name: str) -> Credentials:
    document = read_object(output)
    version = document.get("Version")
    if version is None:
        raise BadDocument("has no `Version`")
    if type(version) is not int or version != VERSION:
        raise BadDocument(f"has another `Version` than {VERSION}")
    return read_credentials(document, "SessionToken", source=f"credential_process {name}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
