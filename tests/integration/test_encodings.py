"""Files that a person gives in UTF-16 or UTF-32, as Windows writes them: named, never misread."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from keystead.text.encoding import other_encoding
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY
from tests.conftest import Keystead

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "UTF-16 with a mark": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16, big-endian, with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16, big-endian": lambda text: text.encode("utf-16-be"),
    "UTF-32 with a mark": lambda text: codecs.BOM_UTF32_LE + text.encode("utf-32-le"),
}


@pytest.fixture(params=WRITTEN.values(), ids=WRITTEN.keys())
def written(request: pytest.FixtureRequest) -> Callable[[str], bytes]:
    return request.param


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["credentials", "config"])
def test_error_names_the_encoding_and_the_shared_file_is_unchanged(
    keystead: Keystead, home: Path, written: Callable[[str], bytes], name: str
) -> None:
    path = put(home / ".aws" / name, written(f"[default]\n{KEYS}"))
    keystead.plain.add(path)
    before = path.read_bytes()
    for line in (["process", "default"], ["list"], ["set", "x", "--store", "shared", "region=a"]):
        done = keystead(*line)
        assert done.code == 4, done
        assert f"{path}:1: the file is UTF-" in done.stderr
        assert "not UTF-8" in done.stderr
        assert "hint: save it as UTF-8 without a byte-order mark" in done.stderr
    assert "the file is UTF-" in keystead("lint").stdout
    assert path.read_bytes() == before


def test_input_in_utf16_from_standard_input_or_a_file(
    keystead: Keystead, home: Path, written: Callable[[str], bytes]
) -> None:
    secrets = written(f"aws_secret_access_key={SECRET_KEY}\n")
    lines = put(home / "lines", written("Get-AWSPowerShellVersion\n"))
    policy = put(home / "policy", written('{"Version": "2012-10-17", "Statement": []}'))
    put(home / ".aws" / "credentials", f"[base]\n{KEYS}[r]\n{ROLE}source_profile = base\n".encode())
    to_shared = ["--store", "shared", f"aws_access_key_id={ACCESS_KEY_ID}"]
    for done in (
        keystead("set", "x", *to_shared, "--secrets-from", "fd:0", stdin=secrets),
        keystead("shell", lines),
        keystead("shell", stdin=lines.read_bytes()),
        keystead("plan", "r", "--session-policy", f"file://{policy}"),
    ):
        assert done.code in (1, 2), done
        assert "is UTF-" in done.stderr
        assert "hint: save it as UTF-8" in done.stderr


def test_new_passphrase_in_utf16_is_refused(
    keystead: Keystead, home: Path, written: Callable[[str], bytes]
) -> None:
    path = put(home / "passphrase", written(PASSPHRASE))
    keystead.plain.add(path)
    done = keystead("store", "init", env={"KEYSTEAD_PASSPHRASE_FILE": str(path)})
    assert done.code == 5
    assert "the passphrase in the file that KEYSTEAD_PASSPHRASE_FILE names is UTF-" in done.stderr


def test_a_new_passphrase_has_no_byte_order_mark(keystead: Keystead, home: Path) -> None:
    path = put(home / "passphrase", codecs.BOM_UTF8 + PASSPHRASE.encode())
    keystead.plain.add(path)
    done = keystead("store", "init", env={"KEYSTEAD_PASSPHRASE_FILE": str(path)})
    assert done.code == 5
    assert "begins with a byte-order mark" in done.stderr


def test_error_names_the_encoding_of_a_token_file(
    keystead: Keystead, home: Path, written: Callable[[str], bytes]
) -> None:
    token = put(home / "token", written("aaaa.bbbb.cccc"))
    put(home / ".aws" / "config", f"[default]\n{ROLE}web_identity_token_file = {token}\n".encode())
    done = keystead("process", "default")
    assert done.code == 4
    assert "the web identity token file is UTF-" in done.stderr
    container = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        "AWS_PROFILE": "none",
    }
    put(home / ".aws" / "config", b"[profile none]\nregion = eu-west-1\n")
    done = keystead("whoami", env=container)
    assert done.code == 4, done
    assert "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is UTF-" in done.stderr


@pytest.mark.parametrize(
    "data", [b"", b"a\0", b"\0" * 64, b"a" * 64, bytes(range(256)), b"\xff\xff"]
)
def test_other_bytes_are_not_taken_for_utf16(data: bytes) -> None:
    assert other_encoding(data) is None
