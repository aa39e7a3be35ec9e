"""Replacing this process by a command."""

import signal

import pytest

from keystead.delivery import exec as delivery
from keystead.errors import ChildNotFound

pytestmark = pytest.mark.posix("signals")


def test_a_command_that_cannot_be_started_leaves_the_signals_as_they_were() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGXFSZ)}
    with pytest.raises(ChildNotFound):
        delivery.run(["no-such-command"], {})
    assert {number: signal.getsignal(number) for number in before} == before
