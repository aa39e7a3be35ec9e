"""Lists the accounts and roles that a login reaches, with as many calls at once as pass."""

from __future__ import annotations

import heapq
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from random import uniform

from keystead.errors import ProviderError
from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.adaptive_limit import MOST, AdaptiveLimit
from keystead.identity_center.portal import Portal, TryAgain
from keystead.outside import text_in
from keystead.resolve.aws.failures import unusable
from keystead.system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Outcome = tuple["_Pages", int, "dict[str, Any] | BaseException"]

_PAGE = 100
"""The most items of a page: a limit of the service."""
_MOST_PAGES = 10_000
_MOST_FAILURES = 8
"""The tries of a call that fails, such as for an error of the server."""
_STALL_SECONDS = 300.0
"""Time without any answer but refusals after which the listing gives up."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 10.0
_LONGEST_WAIT = 0.5
_GONE = ("ResourceNotFoundException", "ForbiddenException")

Progress = Callable[[int, int, int], None]
"""Called with the accounts that are done, those known so far, and the calls at once."""


class _Pages:
    """One paged operation: its items so far and what to ask for next."""

    operation: str
    member: str

    def __init__(self, **parameters: object) -> None:
        self.parameters = {**parameters, "maxResults": _PAGE}
        self._tokens: set[str] = set()
        self.failures = 0

    def take(self, answer: Mapping[str, Any]) -> bool:
        """Take a page; whether it was the last one. Raises `ProviderError`."""
        token = answer.get("nextToken")
        try:
            self.read(answer.get(self.member) or [])
            if not token:
                return True
            if text_in(token) in self._tokens or len(self._tokens) >= _MOST_PAGES:
                raise ProviderError(
                    f"sso answered {self.operation} with a paging token that does not end",
                    id="service-answer-unusable",
                    hint="try again; nothing was changed",
                )
        except (ValueError, TypeError, AttributeError):
            raise unusable("sso", self.operation) from None
        self._tokens.add(token)
        self.parameters["nextToken"] = token
        self.failures = 0
        return False

    @abstractmethod
    def read(self, items: Sequence[Mapping[str, object]]) -> None:
        """Take the items of a page. Raises `ValueError`, `TypeError`, `AttributeError`."""


class _AccountPages(_Pages):
    operation, member = "ListAccounts", "accountList"

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Account] = []

    def read(self, items: Sequence[Mapping[str, object]]) -> None:
        self.found += (
            Account(
                text_in(item["accountId"]),
                text_in(item.get("accountName") or ""),
                text_in(item.get("emailAddress") or ""),
            )
            for item in items
            if item.get("accountId")
        )


class _RolePages(_Pages):
    operation, member = "ListAccountRoles", "roleList"

    def __init__(self, account: Account) -> None:
        super().__init__(accountId=account.id)
        self.account = account
        self.found: list[str] = []

    def read(self, items: Sequence[Mapping[str, object]]) -> None:
        self.found += (text_in(item["roleName"]) for item in items if item.get("roleName"))


class Lister:
    """Lists with ``portal``; ``known`` are roles by account that need no call any more.

    ``note`` is called with each account whose roles were listed.
    """

    def __init__(
        self,
        system: System,
        portal: Portal,
        known: Mapping[str, Sequence[str]] | None = None,
        note: Callable[[str, Sequence[str]], None] = lambda *_: None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._system = system
        self._portal = portal
        self._known = known or {}
        self._note = note
        self._progress = progress
        self._limit = AdaptiveLimit()
        self._due: deque[_Pages] = deque()
        self._later: list[tuple[float, int, _Pages]] = []
        self._paused_until = 0.0
        self._answered = 0.0
        self._work: SimpleQueue[tuple[_Pages, int] | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._threads = 0
        self._running = 0

    def accounts(self, selected: RoleFilter) -> list[Account]:
        """The accounts by name, those that may be ``selected`` with their roles.

        Raises `InteractionRequired` where the login has ended, else `ProviderError`.
        """
        accounts: dict[str, Account] = {}
        roles: dict[str, Sequence[str]] = {}
        self._due.append(_AccountPages())
        for pages in self._pages():
            if isinstance(pages, _RolePages):
                roles[pages.account.id] = pages.found
                self._note(pages.account.id, pages.found)
            elif isinstance(pages, _AccountPages):
                new = {found.id: found for found in pages.found if found.id not in accounts}
                pages.found.clear()
                accounts |= new
                for account in filter(selected.matches_account, new.values()):
                    if account.id in self._known:
                        roles[account.id] = self._known[account.id]
                    else:
                        self._due.append(_RolePages(account))
            wanted = len(roles) + self._open
            self._progress(len(roles), wanted, self._limit.at_once)
        made = (
            account._replace(roles=tuple(sorted(set(roles[account.id]))))
            if account.id in roles
            else account
            for account in accounts.values()
        )
        return sorted(made, key=lambda account: (account.name, account.id))

    def roles(self, account: Account) -> list[str]:
        """The roles of one account."""
        self._due.append(_RolePages(account))
        found: set[str] = set()
        for pages in self._pages():
            if isinstance(pages, _RolePages):
                found.update(pages.found)
        return sorted(found)

    @property
    def _open(self) -> int:
        """The calls that are due or run."""
        return len(self._due) + len(self._later) + self._running

    def _pages(self) -> Iterator[_Pages]:
        """Each page of accounts, and the roles of each account, as they are answered."""
        self._portal.prepare()
        self._answered = self._system.uptime()
        try:
            while self._open:
                self._start()
                pages = self._finished()
                if pages:
                    yield pages
        finally:
            for _ in range(self._threads):
                self._work.put(None)

    def _start(self) -> None:
        """Start the calls that are due, up to the limit."""
        now = self._system.uptime()
        while self._later and self._later[0][0] <= now:
            self._due.append(heapq.heappop(self._later)[2])
        while self._due and self._running < self._limit.at_once and now >= self._paused_until:
            self._work.put((self._due.popleft(), self._limit.begin()))
            self._running += 1
            if self._threads < min(self._running, MOST):
                self._threads += 1
                # A daemon, so that Ctrl-C does not wait for answers.
                threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while work := self._work.get():
            pages, number = work
            answer: dict[str, Any] | BaseException
            try:
                answer = self._portal.call(pages.operation, pages.parameters)
            except BaseException as error:  # noqa: BLE001  # raised in the thread that waits
                answer = error
            self._outcomes.put((pages, number, answer))

    def _finished(self) -> _Pages | None:
        """Wait for an answer, or until a call is due; the pages where one is to be used."""
        now = self._system.uptime()
        following = self._later[0][0] if self._later and not self._due else self._paused_until
        wait = max(0.0, following - now) if self._due or self._later else None
        if not self._running:
            self._system.sleep(wait or 0.0)
            return None
        try:
            # With a limit, as on Windows Ctrl-C does not end a wait without one.
            pages, number, answer = self._outcomes.get(timeout=wait or _LONGEST_WAIT)
        except Empty:
            return None
        self._running -= 1
        if isinstance(answer, TryAgain):
            self._try_again(pages, number, answer)
            return None
        is_refused = isinstance(answer, ProviderError) and answer.code in _GONE
        if is_refused and isinstance(pages, _RolePages):
            answer = {}  # the account, or the access to it, was removed meanwhile
        if isinstance(answer, BaseException):
            raise answer
        self._limit.succeeded()
        self._answered = self._system.uptime()
        is_last = pages.take(answer)
        if not is_last:
            self._due.appendleft(pages)
        return pages if is_last or isinstance(pages, _AccountPages) else None

    def _try_again(self, pages: _Pages, number: int, refusal: TryAgain) -> None:
        now = self._system.uptime()
        pages.failures += 1
        tries = self._limit.throttled(number) if refusal.throttled else pages.failures
        stalls = refusal.throttled and now - self._answered > _STALL_SECONDS
        if stalls or (not refusal.throttled and tries >= _MOST_FAILURES):
            raise refusal.error
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**tries)
        pause *= uniform(0.5, 1)  # noqa: S311  # so that others try at another time
        if refusal.seconds is not None:
            pause = refusal.seconds
        # Where one call at once is too many, all of them wait.
        if refusal.throttled and (tries or refusal.seconds is not None):
            self._paused_until = max(self._paused_until, now + pause)
        heapq.heappush(self._later, (now + pause, number, pages))
