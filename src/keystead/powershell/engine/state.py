"""The state of a shell: its variables, and access to the rest of keystead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from keystead.app import App
from keystead.console.console import Console
from keystead.powershell.objects import AwsObject

_CREDENTIALS = "storedawscredentials"
_REGION = "storedawsregion"
_HISTORY, _RESPONSE = "awshistory", "LastServiceResponse"


@dataclass
class State:
    """One shell. The keys of ``variables`` are lower-case names.

    ``lasting`` is False when the shell runs a single line, ``has_shown`` True after the first
    output. ``verbose`` and ``what_if`` belong to the running cmdlet. ``masks`` is False if objects
    go to another program, which masks them itself. ``arguments``
    are the words of the process that lines are in, which others can see.
    """

    app: App
    console: Console
    lasting: bool = True
    arguments: Sequence[str] = ()
    has_shown: bool = False
    verbose: bool = False
    what_if: bool = False
    masks: bool = True
    variables: dict[str, object] = field(
        default_factory=lambda: {_CREDENTIALS: None, _REGION: None, _HISTORY: {_RESPONSE: None}}
    )

    def verbose_message(self, text: str) -> None:
        """A message that is shown only with ``-Verbose``."""
        if self.verbose:
            self.console.say("verbose", text)

    @property
    def credentials(self) -> AwsObject | None:
        """``$StoredAWSCredentials``."""
        value = self.variables.get(_CREDENTIALS)
        return value if isinstance(value, AwsObject) else None

    @credentials.setter
    def credentials(self, value: AwsObject | None) -> None:
        self.variables[_CREDENTIALS] = value

    @property
    def region(self) -> str | None:
        """``$StoredAWSRegion``."""
        value = self.variables.get(_REGION)
        return value if isinstance(value, str) else None

    @region.setter
    def region(self, value: str | None) -> None:
        self.variables[_REGION] = value

    @property
    def response(self) -> object:
        """``$AWSHistory.LastServiceResponse``: the complete answer of the last call, or None."""
        history = self.variables.get(_HISTORY)
        return history.get(_RESPONSE) if isinstance(history, dict) else None

    def remember(self, response: Callable[[], object]) -> None:
        """Sets `response`, if the shell continues after this line."""
        if self.lasting:
            self.variables[_HISTORY] = {_RESPONSE: response()}
