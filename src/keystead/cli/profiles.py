"""Plain commands on profiles: list, show, set, remove, rename, copy."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Mapping

from keystead import caller
from keystead.cli.command import Context
from keystead.console.removal import naming, remove_profiles, warn_of_remains
from keystead.console.tables import table
from keystead.errors import ProfileNotFound, UsageError
from keystead.model.advice import READ_BY_OTHERS
from keystead.model.profile import Profile, SettingValue
from keystead.model.settings import SETTINGS, is_secret
from keystead.secret import MASK, Secret, reads_as_name
from keystead.stores.base import ProfileStore
from keystead.text.dialect import Skipped
from keystead.text.encoding import utf8_text

_SECRETS_HINT = "pipe lines of key=value to --secrets-from -"


def list_(context: Context, args: argparse.Namespace) -> None:
    """``keystead list``."""
    snapshot = context.app.snapshot(args.location)
    found = snapshot.profiles()
    shown = [profile for profile in found if args.all or profile.type]
    rows = [_row(profile, args.all) for profile in shown]
    if args.all:
        for store, part in snapshot.parts:
            rows += [_skipped_row(section, store.type_name) for section in part.skipped()]
    if args.json:
        context.console.json(rows)
        return
    headings = {"name": "Name", "type": "Type", "store_type_name": "Store", "location": "Location"}
    if args.all:
        headings["problem"] = "Problem"
    context.console.show(table([{headings[k]: row[k] for k in headings} for row in rows]))
    if context.app.encrypted.is_unknown:
        context.console.note(
            "the encrypted store is not remembered here yet, so nothing proves what it lists; "
            "`keystead doctor` says what to do"
        )
    if not found:
        context.console.note("there are no profiles yet; `keystead set NAME` makes one")
    if len(shown) < len(found):
        context.console.note(
            f"{len(found) - len(shown)} more cannot give credentials; "
            "`keystead list --all` shows them and why"
        )


def _row(profile: Profile, full: bool) -> dict[str, object]:  # internal
    kind = profile.type
    row: dict[str, object] = {
        "name": profile.name,
        "type": kind.name if kind else None,
        "store_type_name": profile.store_type_name,
        "location": profile.location,
    }
    if full:
        row["problem"] = profile.problem()
    return row


def _skipped_row(section: Skipped, type_name: str) -> dict[str, object]:
    return {
        "name": section.title,
        "type": None,
        "store_type_name": type_name,
        "location": section.where.file,
        "problem": f"{section.where}: {section.why}",
    }


def show(context: Context, args: argparse.Namespace) -> None:
    """``keystead show NAME``."""
    profile = context.app.snapshot(args.location).find(args.name)
    settings = {key: _shown(key, value) for key, value in profile.settings.items()}
    if args.json:
        details = {key: {"value": value, **_place(profile, key)} for key, value in settings.items()}
        context.console.json({**_row(profile, full=True), "settings": details})
        return
    rows = [
        {"Setting": name, "Value": value, "Where": str(profile.where(key) or "")}
        for key, shown in settings.items()
        for name, value in _flat(key, shown)
    ]
    kind = profile.type.name if profile.type else "none"
    context.console.show(f"{profile.name} ({kind}, {profile.store_type_name})\n")
    context.console.show(table(rows))
    problem = profile.problem()
    if problem:
        context.console.warn(f"profile `{profile.name}`: {problem}")
    for note in profile.notes:
        context.console.warn(note)


def _place(profile: Profile, key: str) -> dict[str, object]:
    where = profile.where(key)
    return {"file": where.file, "line": where.line} if where else {}


def _flat(key: str, value: str | dict[str, str]) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        return [(key, value)]
    return [(f"{key}.{inner}", text) for inner, text in value.items()]


def _shown(key: str, value: SettingValue) -> str | dict[str, str]:
    """A value for display: secrets and encrypted values are masked."""
    if isinstance(value, Mapping):
        return {k: MASK if is_secret(k) else v for k, v in value.items()}
    return MASK if isinstance(value, Secret) or is_secret(key) else value


def set_(context: Context, args: argparse.Namespace) -> None:
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


def _target(context: Context, args: argparse.Namespace) -> tuple[ProfileStore, Profile | None]:
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


def remove(context: Context, args: argparse.Namespace) -> None:
    """``keystead remove NAME...``."""
    app, console = context.app, context.console
    remove_profiles(app, console, args.names, args.location, force=args.force)


def rename(context: Context, args: argparse.Namespace) -> None:
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


def copy(context: Context, args: argparse.Namespace) -> None:
    """``keystead copy OLD NEW``."""
    store, _ = context.app.snapshot(args.location).locate(args.old)
    store.copy(args.old, args.new, force=args.force)
