"""Removing profiles, for plain commands and cmdlets."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence

from keystead.app import App
from keystead.app.selection import Location
from keystead.console.console import Console
from keystead.errors import ProfileNotFound
from keystead.model.profile import Profile
from keystead.model.variables import PROFILE
from keystead.stores.chain import StoreChain, before_changing


def remove_profiles(
    app: App, console: Console, names: Sequence[str], location: Location, *, force: bool
) -> None:
    """Remove each profile from the first store that has it; all must exist.

    Unless ``force``, asks for each one, naming the profiles that depend on it; raises
    `InteractionRequired` without a terminal. Warns of another profile of that name.
    """
    chain = app.chain(location)
    before = chain.snapshot()
    found = [(name, *before.locate(name)) for name in dict.fromkeys(names)]
    doomed = [profile for _, _, profile in found]
    before_changing({store for _, store, _ in found})
    for name, store, profile in found:
        place = store.describe_location()
        broken = [d for d in before.dependents(store, profile) if not any(map(d.is_same, doomed))]
        says = f"; {naming(broken)} it" if broken else ""
        if not force and not app.system.terminal.confirm(
            f"remove profile `{name}` from {place}{says}?",
            hint="use --force (-Force) to remove without confirmation",
        ):
            console.note(f"profile `{name}` was not removed")
            continue
        store.unregister(name)
        if broken and force:
            console.warn(f"{naming(broken)} `{name}`, which was removed")
        warn_of_remains(app, console, chain, name)


def naming(profiles: Collection[Profile], how: str = "") -> str:
    """The start of a sentence about what ``profiles`` refer to; ``how`` is an adverb."""
    names = " and ".join(f"`{profile.name}`" for profile in profiles)
    subject, verb = ("profile", "names") if len(profiles) == 1 else ("profiles", "name")
    return " ".join(filter(None, (subject, names, how, verb)))


def warn_of_remains(
    app: App, console: Console, chain: StoreChain, name: str, new: str | None = None
) -> None:
    """Warn if another profile or an environment variable still has a removed name.

    ``new`` is the new name of a renamed profile: no warning if the store ignores case and finds it
    under ``name`` too.
    """
    with contextlib.suppress(ProfileNotFound):
        _, other = chain.locate(name)
        if other.name == new:
            return
        where = other.location or other.store_type_name
        console.warn(f"another profile `{other.name}` is still in {where}")
        return
    for variable in PROFILE:
        if app.system.environ.get(variable) == name:
            console.warn(f"`{variable}` still names `{name}`")
