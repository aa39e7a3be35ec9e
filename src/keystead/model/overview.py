"""One row of a list of profiles: what is known without a key and without a call. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from keystead.errors import KeysteadError
from keystead.model.account import SETTING, account_named
from keystead.model.plan import make_plan
from keystead.model.profile import Profile, ProfileSource
from keystead.model.sources.sso import ACCOUNT as SSO
from keystead.model.sources.static import TOKEN, keys_end
from keystead.model.unopened import Unopened
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

_ROLE = ":role/"
SSO_ACCOUNT, SSO_ROLE = SSO


class Overview(NamedTuple):
    """A profile at a glance, or a role of an account that needs no profile.

    ``type`` is the name of its type, None if it gives no credentials. ``store`` is the name of the
    store, such as ``shared``, ``store_type_name`` and ``location`` are what the AWS SDK for .NET
    says of it, and ``file`` is where the profile really is. ``role`` is the name of the
    role or permission set, with the path of a role. ``mfa`` is whether a code of an MFA device may
    be asked for. ``expires_at`` is the end of the session keys in it, or of its cached session.
    """

    name: str
    type: str | None = None
    store_type_name: str | None = None
    location: str | None = None
    store: str | None = None
    file: str | None = None
    account: str | None = None
    account_name: str | None = None
    role: str | None = None
    region: str | None = None
    mfa: bool = False
    expires_at: datetime | None = None


class CachedEnds:
    """When the cached sessions end, each by the ``source`` of its credentials.

    ``now`` is the time; ended sessions do not count.
    """

    def __init__(self, ends: Iterable[tuple[str, datetime]], now: datetime) -> None:
        self._ends: dict[str, datetime] = {}
        for source, end in ends:
            if end > now:
                self._ends[source] = max(end, self._ends.get(source, end))
        self._last_parts = {source.rpartition(" > ")[2] for source in self._ends}

    def of(self, profile: Profile, source: ProfileSource) -> datetime | None:
        """The end of the profile's cached session."""
        return self._ends.get(self.source_of(profile, source) or "")

    def source_of(self, profile: Profile, source: ProfileSource) -> str | None:
        """The source of the profile's cached session, as its plan says; None if none is cached."""
        if not self._ends:
            return None
        last = _plain(profile, "role_arn")
        last = last or f"sso {_plain(profile, SSO_ACCOUNT)} {_plain(profile, SSO_ROLE)}"
        if last not in self._last_parts:
            return None  # making a plan takes longer than all the rest
        try:
            plan = make_plan(profile.name, Unopened(source))
        except KeysteadError:
            return None
        parts = (plan.base.label, *(step.role_arn for step in plan.steps))
        found = " > ".join(filter(None, parts))
        return found if found in self._ends else None


def overviews(
    profiles: Collection[Profile],
    stores: Mapping[str, str],
    source: ProfileSource,
    cached: CachedEnds,
    account_names: Mapping[str, str],
) -> Iterator[Overview]:
    """The row of each profile; ``source`` has all of them, in the order of the search.

    ``stores`` are the names of the stores by their names in lists, ``account_names`` those of
    accounts by their ids.
    """
    by_name = {profile.name: profile for profile in reversed([*profiles])}
    asking: dict[str, bool] = {}
    for profile in profiles:
        kind = profile.type
        role = _plain(profile, "role_arn")
        account = _plain(profile, SETTING) or (account_named(profile, kind) if kind else None)
        ends = keys_end(profile) if TOKEN in profile.settings else None
        is_found = by_name[profile.name] is profile
        yield Overview(
            profile.name,
            kind.name if kind else None,
            profile.store_type_name,
            profile.location,
            stores.get(profile.store_type_name or ""),
            profile.file,
            account,
            account_names.get(account) if account else None,
            role.partition(_ROLE)[2] or role if role else _plain(profile, SSO_ROLE),
            _plain(profile, "region"),
            _asks_for_code(profile, by_name, asking),
            ends.at if ends else cached.of(profile, source) if is_found else None,
        )


def _plain(profile: Profile, key: str) -> str | None:
    """The text of a setting that is not encrypted."""
    value = profile.settings.get(key)
    return value if isinstance(value, str) else None


def _asks_for_code(
    profile: Profile, by_name: Mapping[str, Profile], asking: dict[str, bool]
) -> bool:
    """Whether it, or a profile that it assumes its role with, names an MFA device.

    ``asking`` has the answers so far by the names of source profiles.
    """
    passed: list[str] = []
    following: Profile | None = profile
    answer = False
    while following and not answer:
        answer = bool(following.settings.get("mfa_serial"))
        name = _plain(following, "source_profile") or ""
        if answer or name in asking:
            answer = answer or asking[name]
            break
        asking[name] = False  # for a cycle
        passed.append(name)
        following = by_name.get(name)
    asking.update(dict.fromkeys(passed, answer))
    return answer
