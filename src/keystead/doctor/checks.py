"""The table of checks: a new check is a row here and a function in this package."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.app import App
from keystead.doctor import environment, files, network, versions
from keystead.doctor.result import Check, Result, refused
from keystead.errors import KeysteadError

CHECKS: tuple[Check, ...] = (
    Check("versions", "keystead, Python, libraries, AWS CLI", versions.versions),
    Check("files", "only you can read the shared files", files.shared_files),
    Check("lint", "what `keystead lint` finds, in one line", files.lint),
    Check("folders", "no other user may write in the folders", files.folders),
    Check("store", "the encrypted store is sound, and what opens it", files.store),
    Check("launcher", "the launcher of `credential_process` is unchanged", files.launcher),
    Check("keyring", "the keyring of the operating system answers", files.keyring),
    Check("environment", "no variable contradicts another or a profile", environment.environment),
    Check("services", "STS and IAM Identity Center answer; the clock is right", network.services),
)


def examine(app: App) -> Iterator[tuple[Check, Result]]:
    """The results of all checks, in order. An error that stops a check is a problem."""
    for check in CHECKS:
        try:
            for result in check.run(app):
                yield check, result
        except KeysteadError as error:
            yield check, refused(error)
