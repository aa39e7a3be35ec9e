"""Removing profiles the way both spellings do it: look first, ask, remove, tell what is left."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from keystead.app import App, Location
from keystead.console import Console
from keystead.errors import ProfileNotFound


def remove_profiles(
    app: App, console: Console, names: Sequence[str], location: Location, *, force: bool
) -> None:
    """Removes each profile from the store in which it is found first.

    All must exist before one is removed. Asks for each one unless ``force``; raises
    `InteractionRequired` when there is nobody to ask. Warns of another profile of that name.
    """
    chain = app.chain(location)
    found = [(name, chain.locate(name)[0]) for name in dict.fromkeys(names)]
    for name, store in found:
        place = store.location or store.type_name
        if not force and not app.system.terminal.confirm(
            f"remove profile `{name}` from {place}?",
            hint="use --force (-Force) to remove without a question",
        ):
            console.note(f"profile `{name}` was kept")
            continue
        store.unregister(name)
        with contextlib.suppress(ProfileNotFound):
            other = chain.find(name)
            where = other.location or other.store_type_name
            console.warn(f"another profile `{other.name}` is still in {where}")
