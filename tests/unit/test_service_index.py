"""The cached names of service cmdlets: equal to generated ones, and regenerated when in doubt."""

import os
from pathlib import Path

import pytest

from keystead.powershell.services.folders import service_names
from keystead.powershell.services.index import Index
from keystead.powershell.services.model import service
from keystead.system import System
from tests.modes import PRIVATE_FILE, mode

SERVICE = "sts"


@pytest.fixture
def cache_file() -> Path:
    """The cache file of a service."""
    system = System()
    assert Index(system).of(SERVICE)
    return system.folders.cmdlets / f"{SERVICE}.tsv"


def test_cached_names_equal_those_of_the_model(cache_file: Path) -> None:
    model = service(SERVICE)
    found = Index(System()).of(SERVICE)
    assert model
    assert found
    assert found.title == model.title
    assert found.cmdlets == {row.name: row.cmdlet for row in model.operations.values()}
    assert list(found.cmdlets.values()) == sorted(found.cmdlets.values())
    assert mode(cache_file) == PRIVATE_FILE
    assert [path.name for path in cache_file.parent.iterdir()] == [cache_file.name]


def test_cached_names_are_reused(cache_file: Path) -> None:
    cache_file.write_text(cache_file.read_text().replace("Get-STSCallerIdentity", "Get-STSKept"))
    found = Index(System()).of(SERVICE)
    assert found
    assert found.cmdlets["GetCallerIdentity"] == "Get-STSKept"


@pytest.mark.parametrize("cut", ["an old stamp", "the end", "all", "bytes"])
def test_incomplete_cache_file_is_regenerated(cache_file: Path, cut: str) -> None:
    whole = cache_file.read_bytes()
    broken = {"an old stamp": b"1" + whole, "the end": whole[:-5], "all": b"", "bytes": b"\xff\n"}
    cache_file.write_bytes(broken[cut])
    found = Index(System()).of(SERVICE)
    assert found
    assert found.cmdlets["GetCallerIdentity"] == "Get-STSCallerIdentity"
    assert cache_file.read_bytes() == whole


def test_names_are_available_without_a_writable_cache(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    system = System(environ={**os.environ, "KEYSTEAD_HOME": str(tmp_path / "file")})
    assert Index(system).of(SERVICE)


def test_unknown_service_has_no_names() -> None:
    assert Index(System()).of("no-such-service") is None
    assert "no-such-service" not in service_names()
