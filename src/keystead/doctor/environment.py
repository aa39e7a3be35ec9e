"""Checks of variables in the environment."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.app import App
from keystead.doctor.result import Result, ok, problem, warning
from keystead.errors import KeysteadError, ProfileNotFound
from keystead.model.variables import PROFILE, misspelt, profile_in_effect

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105  # a variable's name
_FILES = ("AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE", "KEYSTEAD_PASSPHRASE_FILE")
"""Variables that name a required file."""


def environment(app: App) -> Iterator[Result]:
    """Variables that contradict each other, name missing things, or override a profile."""
    found = [*_pair(app), *_profiles(app), *_files(app), *_misspelt(app)]
    yield from found or [ok("no variable causes a conflict")]


def _pair(app: App) -> Iterator[Result]:
    environ = app.system.environ
    given = [name for name in _KEYS if environ.get(name)]
    if len(given) == 1:
        missing = next(name for name in _KEYS if name not in given)
        yield problem(f"{given[0]} is set without {missing}", f"unset {given[0]}, or set both")
    if environ.get(_TOKEN) and not given:
        yield warning(f"{_TOKEN} is set without keys", f"unset {_TOKEN}")
    if len(given) == len(_KEYS):
        named, profile = profile_in_effect(environ) or (None, "default")
        if _exists(app, profile):
            others = "JS v3 and .NET 3.7 take" if named else ".NET 3.7 takes"
            unset = " ".join(name for name in (*_KEYS, _TOKEN) if environ.get(name))
            yield warning(
                f"keys in the environment take precedence over profile `{profile}`"
                + (f" of {named}" if named else "")
                + f", but {others} the profile",
                f"unset {unset}, or run programs with `keystead exec --hide-files`",
            )


def _profiles(app: App) -> Iterator[Result]:
    environ = app.system.environ
    named = {name: environ[name] for name in PROFILE if environ.get(name)}
    for variable, profile in named.items():
        if not _exists(app, profile):
            fix = f"unset {variable}, or name one that `keystead list` shows"
            yield problem(f"{variable} names the profile `{profile}`, which does not exist", fix)
    first = next((name for name in reversed(PROFILE) if name in environ), None)  # botocore's order
    if first and not environ[first]:
        yield warning(
            f"{first} is set and empty: botocore and the AWS CLI look for a profile of that name "
            "and fail; keystead and most SDKs ignore the variable",
            f"unset {first}",
        )
    if len(set(named.values())) > 1:
        yield warning(
            "AWS_PROFILE and AWS_DEFAULT_PROFILE name two profiles; botocore and the AWS CLI take "
            "the second, others the first",
            "unset AWS_DEFAULT_PROFILE",
        )


def _files(app: App) -> Iterator[Result]:
    for variable in _FILES:
        name = app.system.environ.get(variable)
        if name and not app.system.folders.expand(name).exists():
            # The value is not quoted, as it may be a passphrase in place of its file.
            fix = f"unset {variable}, or name a file that exists"
            yield problem(f"{variable} names a file that does not exist", fix)


def _misspelt(app: App) -> Iterator[Result]:
    for name, meant in misspelt(app.system.environ):
        fix = f"unset {name}, or set {meant[0]}" if meant else f"unset {name}"
        yield warning(f"unknown variable {name}", fix)


def _exists(app: App, profile: str) -> bool:
    try:
        app.snapshot().find(profile)
    except ProfileNotFound:
        return False
    except KeysteadError:  # reported by the checks of files and store
        return True
    return True
