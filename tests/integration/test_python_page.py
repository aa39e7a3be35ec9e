"""The page about the Python package: it covers every public name, and its examples run."""

import doctest
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import keystead
from devtools import python_page
from devtools.docs import DOCS
from devtools.emulators import Emulator
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

FILE = f"""[dev]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
region = eu-west-1
[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = dev
region = eu-west-1
[secure]
role_arn = arn:aws:iam::123456789012:role/secure
source_profile = dev
mfa_serial = arn:aws:iam::123456789012:mfa/me
region = eu-west-1
"""


def test_the_examples_run(
    moto: Emulator,
    home: Path,
    write_credentials: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(home)
    (home / "team").mkdir(mode=0o700)
    write_credentials(FILE)
    examples = re.sub(r"^```.*$", "", (DOCS / "python.md").read_text(), flags=re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(examples, {}, "python.md", None, 0)
    assert len(test.examples) > 40
    # Python 3.11.2, which Debian 12 has, compares the note of an error in place of its message.
    first_line = SimpleNamespace(
        format_exception_only=lambda *error: traceback.format_exception_only(*error)[:1],
        print_exception=traceback.print_exception,
    )
    monkeypatch.setattr(doctest, "traceback", first_line)
    shown: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(test, out=shown.append)
    assert runner.failures == 0, "".join(shown)


def test_every_public_name_is_on_the_page_with_an_example() -> None:
    text = (DOCS / "python.md").read_text()
    of_errors = {error.__name__ for error in python_page.errors()}
    assert "ProfileNotFound" in of_errors
    for name in set(keystead.__all__) - {"__version__"}:
        if name in of_errors:
            assert name == "KeysteadError" or f"| `{name}` |" in text, name
        else:
            assert f"### `keystead.{name}`" in text, name
            assert ">>> " in (getattr(keystead, name).__doc__ or ""), name


@pytest.mark.parametrize("name", ["session", "aio_session", "credentials", "plan"])
def test_the_reference_explains_every_parameter(name: str) -> None:
    explained = keystead.session.__doc__ or ""
    parameters = getattr(keystead, name).__annotations__.keys() - {"return"}
    assert {each for each in parameters if f"``{each}``" not in explained} == set()
