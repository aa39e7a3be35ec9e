"""Calls to the access portal in large numbers: connections are reused, failures are classified."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from keystead.errors import ProviderError
from keystead.identity_center.adaptive_limit import MOST
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import answer_of, explained, failures
from keystead.resolve.sso.oidc import SsoTokenCache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SERVICE = "sso"
_TOO_MANY = 429
_FAILED = 500
_LONGEST_PAUSE = 120.0


class TryAgain(Exception):
    """A call that may succeed later: ``error`` is what to raise when it does not.

    ``throttled``: there were too many calls; ``seconds`` is the pause that the service asks for.
    """

    def __init__(self, error: ProviderError, *, throttled: bool, seconds: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.throttled = throttled
        self.seconds = seconds


class Portal:
    """Calls with the token of ``login``, from any number of threads."""

    def __init__(self, client: AwsClient, login: SsoTokenCache) -> None:
        self._client = client
        self._login = login
        login.current()  # or it raises before anything is listed

    @cached_property
    def _botocore(self) -> Any:  # noqa: ANN401  # botocore makes the class at run time
        return self._client.botocore_client(_SERVICE, bulk=MOST)

    def prepare(self) -> None:
        """Make the client, which several threads then use."""
        _ = self._botocore

    def call(self, operation: str, parameters: dict[str, object]) -> dict[str, Any]:
        """The answer of one call.

        Raises `TryAgain`, `InteractionRequired` where the login has ended, else `ProviderError`.
        """
        return self._login.answered(
            lambda token: self._call(operation, {**parameters, "accessToken": token})
        )

    def _call(self, operation: str, sent: dict[str, object]) -> dict[str, Any]:
        from botocore import xform_name

        try:
            answer: dict[str, Any] = getattr(self._botocore, xform_name(operation))(**sent)
        except failures() as error:
            made = explained(error, _SERVICE, operation, None, sent, begun=True)
            status = answer_of(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
            throttled = status == _TOO_MANY or made.code == "TooManyRequestsException"
            if throttled or made.id == "service-unreachable" or (status or 0) >= _FAILED:
                seconds = _retry_after(answer_of(error))
                raise TryAgain(made, throttled=throttled, seconds=seconds) from None
            raise made from None
        return answer


def _retry_after(answer: Mapping[str, Any]) -> float | None:
    """The seconds of the header ``Retry-After``, at most two minutes; None for none."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    text = str(headers.get("retry-after", ""))
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_PAUSE)
    from email.utils import parsedate_to_datetime as moment

    try:
        seconds = (moment(text) - moment(headers["date"])).total_seconds()
    except (TypeError, ValueError, LookupError):
        return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE)
