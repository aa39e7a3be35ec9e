"""Objects that hold a secret: no pickle, text form or copy of them shows it."""

import copy
import dataclasses
import pickle
from datetime import UTC, datetime

import pytest

import keystead
from keystead.crypto import DataKey
from keystead.model.session import Session
from keystead.secret import Secret
from keystead.stores.encrypted.file import Unlocked
from keystead.stores.encrypted.value_cipher import DataKeyCipher
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN

CREDENTIALS = keystead.Credentials(ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, source="profile dev")
DATA_KEY = DataKey("store", b"canary key of 32 bytes for tests")
HOLDERS = {
    "credentials": CREDENTIALS,
    "session": Session(CREDENTIALS, datetime.now(UTC)),
    "secret": Secret(SECRET_KEY),
    "profile": keystead.Profile("dev", {"aws_secret_access_key": SECRET_KEY}),
    "data key": DATA_KEY,
    "vault": DataKeyCipher(DATA_KEY, bytes),
    "opened store": Unlocked("record", DATA_KEY),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_objects_with_secrets_cannot_be_pickled(holder: object, protocol: int) -> None:
    with pytest.raises((TypeError, pickle.PicklingError)) as caught:
        pickle.dumps(holder, protocol)
    assert "canary" not in str(caught.value)
    assert SECRET_KEY not in str(caught.value)


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_text_of_objects_with_secrets_masks_them(holder: object) -> None:
    for text in (str(holder), repr(holder), f"{holder}", repr([holder])):
        assert SECRET_KEY not in text
        assert SESSION_TOKEN not in text
        assert "canary" not in text


def test_credentials_can_be_copied_and_replaced() -> None:
    assert copy.copy(CREDENTIALS) is CREDENTIALS
    assert copy.deepcopy([CREDENTIALS]) == [CREDENTIALS]
    assert dataclasses.replace(CREDENTIALS, account_id="1").secret_access_key == SECRET_KEY
