"""Plain commands on the protectors of the encrypted store: init, protectors, rekey, accept."""

from __future__ import annotations

from keystead.app import App
from keystead.cli.command import FORCE, JSON, Arguments, Context, argument, command
from keystead.console.tables import table
from keystead.errors import UsageError
from keystead.stores.encrypted.known_store import VARIABLE
from keystead.stores.encrypted.protectors import PROTECTORS, KeyfileProtector, Protector
from keystead.value import replace

_KINDS = tuple(PROTECTORS)
_KIND = argument("kind", metavar="KIND", choices=_KINDS, help=f"what opens it: {', '.join(_KINDS)}")
_WEAK_PASSPHRASE = argument(
    "--weak-passphrase",
    action="store_true",
    help="accept a new passphrase that is easy to guess",
)
_KEY_FILE = argument(
    "--key-file", metavar="PATH", help="for `keyfile`: the file, created if it does not exist"
)


@command(
    "store init",
    "create the encrypted store",
    argument(
        "--protector",
        choices=_KINDS,
        help="what opens it; else a passphrase, on Windows the user's log-on",
    ),
    _KEY_FILE,
    _WEAK_PASSPHRASE,
)
def init(context: Context, args: Arguments) -> None:
    """``keystead store init``."""
    context = _accepting(context, args)
    store = context.app.encrypted
    if args.protector is None and args.key_file is not None:
        raise UsageError("--key-file requires --protector keyfile")
    store.init(args.protector and _protector(context, args.protector, args.key_file))
    kinds = ", ".join(store.status().protectors)
    context.console.note(f"made the encrypted store {store.path}, protected by {kinds}")


@command("store protectors", "list, add and remove protectors", JSON)
@command("store protectors list", "the protectors with their numbers", JSON)
def list_(context: Context, args: Arguments) -> None:
    """``keystead store protectors``."""
    enrolled = context.app.encrypted.protectors.list()
    if args.json:
        context.console.json([row._asdict() for row in enrolled])
    else:
        rows = [{"Number": row.number, "Kind": row.kind, "About": row.about} for row in enrolled]
        context.console.show(table(rows))


@command("store protectors add", "add a protector", _KIND, _KEY_FILE, _WEAK_PASSPHRASE)
def add(context: Context, args: Arguments) -> None:
    """``keystead store protectors add``."""
    context = _accepting(context, args)
    protector = _protector(context, args.kind, args.key_file)
    context.app.encrypted.protectors.add(protector)
    context.console.note(f"the encrypted store now opens with {args.kind} too")


@command(
    "store protectors remove",
    "remove a protector",
    argument("which", metavar="WHICH", help="its number, or its kind"),
)
def remove(context: Context, args: Arguments) -> None:
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


@command(
    "store rekey",
    "re-encrypt every value under a new data key",
    _WEAK_PASSPHRASE,
    details="Prompts for a new passphrase. Deletes the undo copies of the store.",
)
def rekey(context: Context, args: Arguments) -> None:
    """``keystead store rekey``."""
    context = _accepting(context, args)
    store = context.app.encrypted
    store.protectors.rekey()
    context.console.note("re-encrypted every value of the encrypted store under a new data key")
    context.console.note(f"the id of the store is {store.status().store_id} now")


@command(
    "store accept",
    "accept the current file as the newest version of your store",
    argument("--id", metavar="ID", help="do not ask if the store has this id"),
    FORCE,
    details="For a restored backup, or a machine that has not used the store before. "
    "Shows what changed and asks. --force accepts any store.",
)
def accept(context: Context, args: Arguments) -> None:
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


def _accepting(context: Context, args: Arguments) -> Context:
    """The context that accepts a weak passphrase if the option is given."""
    if not args.weak_passphrase:
        return context
    system = context.app.system
    prompts = replace(system.prompts, accept_weak=True)
    return context.with_app(App(replace(system, prompts=prompts), warn=context.app.warn))


def _protector(context: Context, kind: str, key_file: str | None) -> Protector:
    system = context.app.system
    if kind == KeyfileProtector.kind:
        return KeyfileProtector(system, path=system.folders.expand(key_file) if key_file else None)
    if key_file is not None:
        raise UsageError("--key-file is for the protector `keyfile` only")
    return PROTECTORS[kind](system)
