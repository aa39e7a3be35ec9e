"""Writes the profiles for accounts and roles into the config file, in one change."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from keystead.errors import DocumentError
from keystead.identity_center.population import Population, Wish
from keystead.model.profile import Profile
from keystead.model.references import references
from keystead.stores.shared import SharedStore
from keystead.stores.shared_snapshot import Pair


class Populate:
    """The change that ``wish`` makes; ``others`` are names in use in other stores.

    ``population`` is what the last call of `write` has changed.
    """

    population: Population

    def __init__(self, wish: Wish, others: Iterable[str]) -> None:
        self._wish = wish
        self._others = list(others)
        self._names: set[str] = set()

    def write(self, store: SharedStore) -> None:
        """Change the config file of ``store``. Raises as `SharedStore.edit`."""
        store.edit(self._edited, self._names)

    def _edited(self, pair: Pair) -> Pair:
        credentials, config = pair
        broken: dict[str, DocumentError] = {}
        profiles = config.profiles(broken)
        names = (*self._others, *credentials.profiles(broken), *broken)
        readable = {name: values for name, values in profiles.items() if name not in broken}
        self.population = made = self._wish.population(readable, names)
        self._names.clear()
        self._names.update(made.names)
        return credentials, config.rewritten(made.added, made.changed, made.removed)


def broken_references(
    profiles: Iterable[Profile], removed: Container[str]
) -> Iterator[tuple[str, str]]:
    """The names of profiles that refer to a removed one, as source or in a command line, with its
    name.
    """
    for found in profiles:
        for reference in references(found):
            if reference.name in removed:
                yield found.name, reference.name
