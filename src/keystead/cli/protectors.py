"""Plain commands on the protectors of the encrypted store: init, protectors, rekey, accept."""

from __future__ import annotations

import argparse

from keystead.cli.command import Context
from keystead.console.tables import table
from keystead.errors import UsageError
from keystead.stores.encrypted.known_store import VARIABLE
from keystead.stores.encrypted.protectors import PROTECTORS, KeyfileProtector, Protector


def init(context: Context, args: argparse.Namespace) -> None:
    """``keystead store init``."""
    context = context.accepting_weak() if args.weak_passphrase else context
    store = context.app.encrypted
    if args.protector is None and args.key_file is not None:
        raise UsageError("--key-file requires --protector keyfile")
    store.init(args.protector and _protector(context, args.protector, args.key_file))
    kinds = ", ".join(store.status().protectors)
    context.console.note(f"made the encrypted store {store.path}, protected by {kinds}")


def list_(context: Context, args: argparse.Namespace) -> None:
    """``keystead store protectors``."""
    enrolled = context.app.encrypted.protectors.list()
    if args.json:
        context.console.json([row._asdict() for row in enrolled])
    else:
        rows = [{"Number": row.number, "Kind": row.kind, "About": row.about} for row in enrolled]
        context.console.show(table(rows))


def add(context: Context, args: argparse.Namespace) -> None:
    """``keystead store protectors add``."""
    context = context.accepting_weak() if args.weak_passphrase else context
    protector = _protector(context, args.kind, args.key_file)
    context.app.encrypted.protectors.add(protector)
    context.console.note(f"the encrypted store now opens with {args.kind} too")


def remove(context: Context, args: argparse.Namespace) -> None:
    """``keystead store protectors remove``."""
    protectors = context.app.encrypted.protectors
    numbers = [row.number for row in protectors.list() if args.which in (str(row.number), row.kind)]
    if len(numbers) != 1:
        raise UsageError(
            "there is no such protector" if not numbers else "there are several of that kind",
            id="unknown-protector",
            hint="`keystead store protectors` lists them with their numbers",
        )
    protectors.remove(numbers[0])
    context.console.note(f"removed the protector {args.which} of the encrypted store")
    context.console.note("if its secret is in wrong hands, run `keystead store rekey` as well")


def rekey(context: Context, args: argparse.Namespace) -> None:
    """``keystead store rekey``."""
    context = context.accepting_weak() if args.weak_passphrase else context
    store = context.app.encrypted
    store.protectors.rekey()
    context.console.note("re-encrypted every value of the encrypted store under a new data key")
    context.console.note(f"the id of the store is {store.status().store_id} now")


def accept(context: Context, args: argparse.Namespace) -> None:
    """``keystead store accept``."""
    store = context.app.encrypted
    state = store.status()
    for change in store.protectors.changes():
        context.console.note(f"the store has changed: {change}")
    if args.id is None and not args.force:
        for row in store.protectors.list(foreign=True) if state.store_id else ():
            context.console.note(f"it opens with {row.kind}: {row.about}")
        if not context.app.system.terminal.confirm(
            f"accept {state.path} with the id {state.store_id} as your encrypted store?",
            hint="use --id ID to do it without a question; `keystead store status` shows the id",
        ):
            context.console.note("nothing was changed")
            return
    remembered = store.protectors.accept(args.id)
    context.console.note("accepted the current file as the newest version of your encrypted store")
    if not remembered:
        context.console.note(
            f"there is no place to remember that here; set {VARIABLE}={state.store_id}"
        )


def _protector(context: Context, kind: str, key_file: str | None) -> Protector:
    system = context.app.system
    if kind == KeyfileProtector.kind:
        return KeyfileProtector(system, path=system.folders.expand(key_file) if key_file else None)
    if key_file is not None:
        raise UsageError("--key-file is for the protector `keyfile` only")
    return PROTECTORS[kind](system)
