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
        "InteractionRequired",
        "KeysteadError",
        "NotConfigured",
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
