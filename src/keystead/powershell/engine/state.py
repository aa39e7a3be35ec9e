"""What lives as long as a shell: its variables, and the way to the rest of keystead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from keystead.app import App
from keystead.console.console import Console
from keystead.powershell.objects import AwsObject

_CREDENTIALS = "storedawscredentials"
_REGION = "storedawsregion"
_HISTORY, _RESPONSE = "awshistory", "LastServiceResponse"


@dataclass
class State:
    """One shell. ``variables`` are kept under their lower-case names.

    ``lasting`` is False when the shell ends with the one line that it runs, ``has_shown`` True
    once a line had output. ``verbose`` and ``what_if`` are those of the cmdlet that runs.
    ``masks`` is False where objects go to another program, which masks what it shows.
    """

    app: App
    console: Console
    lasting: bool = True
    has_shown: bool = False
    verbose: bool = False
    what_if: bool = False
    masks: bool = True
    variables: dict[str, object] = field(
        default_factory=lambda: {_CREDENTIALS: None, _REGION: None, _HISTORY: {_RESPONSE: None}}
    )

    def tell(self, text: str) -> None:
        """What a person wants to know who gave ``-Verbose``."""
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
        """``$AWSHistory.LastServiceResponse``: the whole answer of the last call, None before."""
        history = self.variables.get(_HISTORY)
        return history.get(_RESPONSE) if isinstance(history, dict) else None

    def remember(self, response: Callable[[], object]) -> None:
        """Sets it, where somebody can ask for it."""
        if self.lasting:
            self.variables[_HISTORY] = {_RESPONSE: response()}
