"""The command ``keystead store status``."""

from __future__ import annotations

from keystead.cli.command import JSON, Arguments, Context, command, group
from keystead.console.tables import listing

group("store", "the encrypted store")


@command("store status", "where it is and what opens it", JSON)
def status(context: Context, args: Arguments) -> None:
    """``keystead store status``."""
    state = context.app.encrypted.status()
    found = {
        "path": str(state.path),
        "exists": state.exists,
        "format": state.format,
        "store_id": state.store_id,
        "protectors": list(state.protectors),
        "profiles": state.profiles,
        "changes": list(state.changes),
    }
    if args.json:
        context.console.json(found)
    else:
        found["protectors"] = ", ".join(state.protectors)
        found["changes"] = "; ".join(state.changes)
        context.console.show(listing({name: value for name, value in found.items() if value != ""}))
