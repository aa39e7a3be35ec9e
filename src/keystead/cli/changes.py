"""Plain commands that change profiles: set, remove, rename, copy."""

from __future__ import annotations

import os
import re

from keystead import caller
from keystead.cli.command import FORCE, LOCATION, NAME, Arguments, Context, argument, command
from keystead.cli.dry_run import DRY_RUN, dry
from keystead.console.removal import naming, remove_profiles, warn_of_remains
from keystead.errors import ProfileNotFound, UsageError
from keystead.model.advice import READ_BY_OTHERS
from keystead.model.profile import Profile, SettingValue
from keystead.model.settings import SETTINGS, is_secret
from keystead.secret import Secret, reads_as_name
from keystead.stores.base import ProfileStore
from keystead.stores.registry import STORES
from keystead.text.encoding import utf8_text

_SECRETS_HINT = "pipe lines of key=value to --secrets-from -"
_FROM_TO = (
    argument("old", metavar="OLD", help="the profile"),
    argument("new", metavar="NEW", help="the new name"),
    LOCATION,
    argument("--force", action="store_true", help="replace a profile of that name"),
    DRY_RUN,
)


@command(
    "set",
    "create a profile or change its settings",
    NAME,
    argument(
        "settings",
        metavar="KEY=VALUE",
        nargs="*",
        help="a setting; KEY alone asks for its value",
    ),
    argument("--unset", metavar="KEY", action="append", help="remove a setting"),
    argument("--store", choices=[row.name for row in STORES], help="where to save it"),
    LOCATION,
    argument(
        "--secrets-from",
        metavar="SOURCE",
        help="read key=value lines with secrets from standard input (-) or fd:N",
    ),
    DRY_RUN,
    details="A secret is never an argument: it is prompted for, or read by --secrets-from.",
)
@dry
def set_(context: Context, args: Arguments) -> None:
    """``keystead set NAME``."""
    store, current = _target(context, args)
    if current is None:
        _require_no_setting(args.name)
    changes: dict[str, SettingValue | None] = {}
    for word in args.settings:
        key, equals, value = word.partition("=")
        key = key.strip()
        is_known = key.lower() in SETTINGS.keys() | READ_BY_OTHERS
        if not equals and not is_known:
            raise UsageError(
                "an argument is neither KEY=VALUE nor the name of a setting",
                hint="it is not shown, as it may be a secret; see `keystead set --help`",
            )
        if not equals:
            changes[key] = _ask(context, key)
        elif is_secret(key):
            shown = f"`{key}`" if is_known or reads_as_name(key) else "what is named here"
            raise UsageError(
                f"{shown} is a secret, and a secret is never an argument",
                id="secret-not-shown",
                hint=f"{_SECRETS_HINT}, or give the bare name of the setting to be asked for it",
            )
        else:
            changes[key] = value
    changes |= dict.fromkeys(args.unset or [])
    if args.secrets_from:
        changes |= _read_secrets(args.secrets_from)
    if not changes:
        changes["aws_access_key_id"] = _ask_key_id(context)
    has_secret = "aws_secret_access_key" in changes or (
        current is not None and current.has("aws_secret_access_key")
    )
    if changes.get("aws_access_key_id") and not has_secret:
        changes["aws_secret_access_key"] = _ask(context, "aws_secret_access_key")
    store.change(args.name, lambda _: changes)
    for note in store.find(args.name).notes:
        context.console.warn(note)
    given = {key: value for key, value in changes.items() if value}
    context.app.advise(store, args.name, given, args.location)


def _require_no_setting(name: str) -> None:
    """Refuse a setting in place of the name of a new profile; its value may be a secret."""
    key, equals, _ = name.partition("=")
    if equals and key.strip().lower() in SETTINGS.keys() | READ_BY_OTHERS:
        raise UsageError(
            f"`{key.strip()}=` is a setting, and the name of the profile comes first",
            hint="such as `keystead set NAME region=eu-west-1`",
        )


def _target(context: Context, args: Arguments) -> tuple[ProfileStore, Profile | None]:
    """The store to write: the requested one, else that of the profile, else the first."""
    snapshot = context.app.snapshot(args.location)
    if args.store:
        store = context.app.store(args.store)
        try:
            return store, store.find(args.name)
        except ProfileNotFound:
            return store, None
    try:
        return snapshot.locate(args.name)
    except ProfileNotFound:
        return snapshot.parts[0][0], None


def _ask_key_id(context: Context) -> str:
    hint = "name what to set, such as region=eu-west-1"
    found = context.app.system.terminal.ask("access key id", hint=hint)
    if not found:
        raise UsageError("nothing was set", hint=f"type an access key id, or {hint}")
    return found


def _ask(context: Context, key: str) -> Secret:
    return Secret(context.app.system.terminal.ask_secret(key, hint=_SECRETS_HINT))


def _read_secrets(source: str) -> dict[str, SettingValue | None]:
    """The ``key=value`` lines of standard input (``-``) or a descriptor (``fd:N``)."""
    descriptor = re.fullmatch("fd:([0-9]{1,9})", source)
    if source != "-" and not descriptor:
        raise UsageError(
            "`--secrets-from` takes - or fd:N", id="secrets-from-unusable", hint=_SECRETS_HINT
        )
    number = int(descriptor[1]) if descriptor else 0
    caller.process.require_own_process()
    try:
        with os.fdopen(number, "rb", closefd=number > 2) as stream:  # noqa: PLR2004  # the standard ones
            lines = utf8_text(
                stream.read(), "what `--secrets-from` reads", error=UsageError
            ).splitlines()
    except OSError as error:
        raise UsageError(
            f"descriptor {number} cannot be read", id="secrets-from-unusable"
        ) from error
    secrets: dict[str, SettingValue | None] = {}
    for number, line in enumerate(lines, 1):
        key, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals:
            raise UsageError(
                f"line {number} of `--secrets-from` is not key=value", id="secrets-from-unusable"
            )
        secrets[key.strip()] = Secret(value.strip())
    return secrets


@command(
    "remove",
    "remove profiles",
    argument("names", metavar="NAME", nargs="+", help="profiles"),
    LOCATION,
    FORCE,
    DRY_RUN,
    details="The question names the profiles that have it as their source.",
)
@dry
def remove(context: Context, args: Arguments) -> None:
    """``keystead remove NAME...``."""
    app, console = context.app, context.console
    remove_profiles(app, console, args.names, args.location, force=args.force)


@command(
    "rename",
    "give a profile another name",
    *_FROM_TO,
    argument(
        "--keep-references",
        action="store_true",
        help="do not change the profiles that refer to it",
    ),
    details="References to it are changed too: `source_profile` of other profiles, and "
    "`credential_process` and `mfa_process` that are `keystead process NAME` or "
    "`aws ... --profile NAME`. References in another store that also has a profile of the "
    "old name are unchanged.",
)
@dry
def rename(context: Context, args: Arguments) -> None:
    """``keystead rename OLD NEW``."""
    chain, console = context.app.chain(args.location), context.console
    keep: bool = args.keep_references
    dependents = chain.rename(args.old, args.new, force=args.force, keep_references=keep)
    others = [profile for profile in dependents if profile.name != args.old]
    if others and keep:
        console.warn(f"{naming(others, 'still')} `{args.old}`")
    elif others:
        console.note(f"{naming(others, 'now')} `{args.new}`")
    warn_of_remains(context.app, console, chain, args.old, args.new)


@command("copy", "copy a profile within its store", *_FROM_TO)
@dry
def copy(context: Context, args: Arguments) -> None:
    """``keystead copy OLD NEW``."""
    store, _ = context.app.snapshot(args.location).locate(args.old)
    store.copy(args.old, args.new, force=args.force)
