"""Which addresses an endpoint may listen on."""

from __future__ import annotations

import pytest

from keystead.errors import UsageError
from keystead.http import sockets


@pytest.mark.parametrize(
    ("text", "address", "is_loopback"),
    [
        ("localhost", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("0:0:0:0:0:ffff:7f00:1", "127.0.0.1", True),
        ("::ffff:172.17.0.1", "172.17.0.1", False),
        ("172.17.0.1", "172.17.0.1", False),
    ],
)
def test_an_address_is_what_it_maps_to(text: str, address: str, is_loopback: bool) -> None:
    assert sockets.address(text) == address
    assert sockets.is_loopback(sockets.address(text)) is is_loopback


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "::ffff:0.0.0.0", "0:0:0:0:0:ffff:0:0", "host"])
def test_an_endpoint_never_listens_on_all_addresses(text: str) -> None:
    with pytest.raises(UsageError):
        sockets.address(text)
