"""Checks of files, folders, store, launcher and keyring."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from keystead.agent.launcher import is_native, is_of_this_version, native, own_script
from keystead.app import App
from keystead.doctor.result import Result, ok, problem, refused, warning
from keystead.errors import AgentProblem, KeysteadError
from keystead.lint.finding import Severity
from keystead.system.folders import NO_HOME
from keystead.system.path import Path
from keystead.system.status import Access


def shared_files(app: App) -> Iterator[Result]:
    """Whether both shared files are readable, and private to the user."""
    folders, files, snapshot = app.system.folders, app.system.files, app.shared.snapshot()
    named = {missing.variable: missing for missing in folders.missing_files()}
    for variable, path, private in (
        ("AWS_SHARED_CREDENTIALS_FILE", folders.credentials_file, True),
        ("AWS_CONFIG_FILE", folders.config_file, False),
    ):
        if snapshot.read(path).data is None:
            fix = f"unset {variable}, or name a file that exists"
            yield (
                warning(str(named[variable]), fix)
                if variable in named
                else ok(f"there is no {path}")
            )
            continue
        found = list(_access(path, files.access(path), private=private))
        yield from found or [ok(f"{path} is closed to other users")]


def lint(app: App) -> Iterator[Result]:
    """The number of problems that `keystead lint` finds."""
    report = app.lint()
    bad = [found for found in report.findings if found.severity is not Severity.INFO]
    if bad:
        many = "a problem" if len(bad) == 1 else f"{len(bad)} problems"
        yield warning(f"`keystead lint` finds {many} in the shared files", "run `keystead lint`")
    else:
        yield ok("`keystead lint` finds no problem in the shared files")


def folders(app: App) -> Iterator[Result]:
    """Whether other users may write in the folders of the shared files and of keystead."""
    places = app.system.folders
    if places.home == NO_HOME:
        yield warning("there is no home folder, so nothing is stored or cached", "set HOME")
    paths = (
        places.credentials_file.parent,
        places.config_file.parent,
        places.data,
        places.state,
        places.sessions,
        places.undo_copies,
    )
    found: list[Result] = []
    for path in dict.fromkeys(paths):
        access = app.system.files.access(path, folder=True)
        found += _access(path, access, private=False)
    yield from found or [ok("no other user may write in the folders of AWS and keystead")]


def store(app: App) -> Iterator[Result]:
    """Whether the encrypted store exists and is valid, and its protectors."""
    state = app.encrypted.status()
    if not state.exists:
        yield ok(f"there is no encrypted store yet ({state.path})")
        return
    opened = app.encrypted.opens_unasked()
    if app.encrypted.is_unknown:
        yield warning(
            f"{state.path} is not known as your store, and not proved yet",
            "if it is yours, unlock it by its passphrase or run `keystead store accept`",
        )
        return
    asks = not opened and "passphrase" in state.protectors
    if not opened and not asks:
        app.encrypted.unlock()  # raises the reason why it cannot be opened
    opens = "asks for the passphrase" if asks else "opens without a question"
    yield ok(f"{state.path}: protected by {', '.join(state.protectors)}; {opens}")


def launcher(app: App) -> Iterator[Result]:
    """Whether the launcher, if there is one, is unchanged; a native one is compiled to compare."""
    path = app.system.folders.launcher
    found = app.system.files.read(path).data
    if found is None:
        return
    compiled = is_native(found)
    again = f"`keystead agent launcher{' --native' if compiled else ''}`"
    if compiled and not is_of_this_version(found):
        other = "keystead was updated: it is slow until it is compiled again"
    else:
        other = "the compiler was updated" if compiled else "keystead has moved"
    try:
        expected = native(app.system) if compiled else own_script()
    except AgentProblem as error:
        yield warning(
            f"{path} cannot be compared: {error}",
            "install the compiler, or run `keystead agent launcher`",
        )
        return
    if found == expected:
        yield ok(f"{path} is as keystead wrote it")
    else:
        yield problem(
            f"{path} is not what keystead writes there: it was changed, or {other}",
            f"look at it, then run {again}",
        )


def keyring(app: App) -> Iterator[Result]:
    """The keyring of the operating system; it is used only where it opens the store."""
    try:
        used = "keyring" in app.encrypted.status().protectors
    except KeysteadError:  # reported by the check of the store
        used = False
    try:
        name = app.system.keyring.name
        if used:
            app.system.keyring.get("doctor")
    except KeysteadError as error:
        yield (
            refused(error)
            if used
            else ok(f"{error.message}; the encrypted store does not need one")
        )
        return
    yield ok(f"{name} answers" if used else f"{name} is here; the encrypted store does not use it")


def _access(path: Path, access: Access, *, private: bool) -> Iterator[Result]:
    quoted = shlex.quote(str(path))
    if access.foreign:
        fix = f"if it should be yours, run `sudo chown $(id -u) {quoted}`"
        yield problem(f"{path} belongs to another user", fix)
    elif private and access.shared:
        yield problem(f"other users may read or write {path}", f"run `chmod 600 {quoted}`")
    elif access.writable:
        yield problem(f"other users may write {path}", f"run `chmod go-w {quoted}`")
