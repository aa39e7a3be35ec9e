"""Values that the AWS SDK for .NET encrypted, decrypted by Windows' data protection itself."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest

from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.testing import contents

CASES = Path(__file__).parent.parent / "cases" / "registered-accounts"


@pytest.mark.skipif(getpass.getuser() != "root", reason="sealed for a user called root")
@pytest.mark.parametrize("name", ["dotnet-3", "dotnet-4", "keystead"])
def test_every_value_is_decrypted(name: str) -> None:
    store = EncryptedStore(System())
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_bytes((CASES / f"{name}.json").read_bytes())
    plain = json.loads((CASES / f"{name}.plain.json").read_text(encoding="utf-8"))
    expected = {profile: row.get("settings", row) for profile, row in plain.items()}
    assert contents(store) == expected
