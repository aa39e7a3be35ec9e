"""What keystead promises to importers: these names, and a light import."""

import subprocess
import sys

import pytest

import keystead


def test_public_names_are_exactly_these() -> None:
    assert set(keystead.__all__) == {
        "AssumeRoleStep",
        "Credentials",
        "DocumentError",
        "FileProblem",
        "InteractionRequired",
        "KeysteadError",
        "MalformedMfaCode",
        "MfaRequest",
        "NotConfigured",
        "PassphraseRequest",
        "Plan",
        "Profile",
        "ProfileCycle",
        "ProfileInvalid",
        "ProfileNotFound",
        "ProfileStoreChain",
        "ProviderError",
        "RoleOptions",
        "Secret",
        "StoreCorrupt",
        "StoreUnavailable",
        "UsageError",
        "UseRefused",
        "WrongMfaCode",
        "WrongPassphrase",
        "__version__",
        "aio_session",
        "credentials",
        "plan",
        "session",
    }


def test_every_public_name_is_there_and_documented() -> None:
    for name in keystead.__all__:
        value = getattr(keystead, name)
        assert name == "__version__" or value.__doc__, name


def test_names_that_are_not_public_are_not_there() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = keystead.nonsense


def in_new_interpreter(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_dir_lists_the_public_names_and_nothing_else() -> None:
    """Before any of them is used, and after other modules of the package were imported."""
    code = "import keystead; print(dir(keystead)); import keystead.errors; print(dir(keystead))"
    assert in_new_interpreter(code) == f"{sorted(keystead.__all__)}\n" * 2


def test_tab_completes_the_public_names_and_nothing_else() -> None:
    code = """
import rlcompleter, keystead, keystead.errors
complete = rlcompleter.Completer({"keystead": keystead}).complete
found = []
while name := complete("keystead.", len(found)):
    found.append(name.removeprefix("keystead.").rstrip("()"))
print(*sorted(found))
"""
    public = sorted(name for name in keystead.__all__ if not name.startswith("_"))
    assert in_new_interpreter(code).split() == public


def test_a_star_import_brings_the_public_names() -> None:
    code = """
before = set(dir())
from keystead import *
print(*sorted(set(dir()) - before - {"before"}))
"""
    own = {name for name in keystead.__all__ if name != "__version__"}
    assert set(in_new_interpreter(code).split()) - {"__version__"} == own


def test_help_describes_every_public_name() -> None:
    text = in_new_interpreter("import pydoc, keystead; print(pydoc.plaintext.document(keystead))")
    missing = [
        name for name in keystead.__all__ if f"\n    {name}" not in text.replace("class ", "")
    ]
    assert missing == ["__version__"]
    assert f"VERSION\n    {keystead.__version__}" in text
    assert "TYPE_CHECKING" not in text


def test_importing_loads_no_heavy_library() -> None:
    code = (
        "import sys, keystead; "
        "heavy = {'botocore', 'boto3', 'cryptography', 'json', 'typing', 're', 'dataclasses'} & set(sys.modules); "
        "print(sorted(heavy - set(sys.argv[1:])))"
    )
    # An editable install may itself import some of the standard library at start.
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True
    ).stdout.split()
    done = subprocess.run(
        [sys.executable, "-c", code, *bare], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
