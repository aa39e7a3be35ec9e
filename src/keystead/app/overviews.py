"""The rows of the profiles of a snapshot, with what is cached of them."""

from __future__ import annotations

import os

from keystead.model.overview import CachedEnds, Overview, overviews
from keystead.stores.registry import STORES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.app import App
    from keystead.model.profile import Profile
    from keystead.stores.chain import ChainSnapshot


def overviews_of(
    app: App,
    snapshot: ChainSnapshot,
    profiles: list[Profile],
    account_names: Mapping[str, str],
    *,
    with_cached: bool = True,
) -> list[Overview]:
    """The row of each of ``profiles``; ``account_names`` by the ids of the accounts.

    Opens no store. ``with_cached``: with the ends of cached sessions.
    """
    stores = {store.type_name: row.name for row, store in zip(STORES, app.stores, strict=True)}
    cached = cached_ends(app) if with_cached else CachedEnds((), app.system.clock())
    return [*overviews(profiles, stores, snapshot, cached, account_names)]


def cached_ends(app: App) -> CachedEnds:
    """When the cached sessions end."""
    # The cache is slow to load, and often there is none.
    sessions = app.sessions.all() if os.path.isdir(app.system.folders.sessions) else []
    return CachedEnds(((row.source, row.expires_at) for row in sessions), app.system.clock())
