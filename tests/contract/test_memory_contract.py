"""A store without a file does what every store must."""

import pytest

from keystead.testing import StoreContract
from tests.memory_store import MemoryStore


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()
