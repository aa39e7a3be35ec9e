"""The folders of botocore's models, found without importing botocore."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

MODEL, PAGINATORS = "service-2", "paginators-1"


@cache
def folders() -> Mapping[str, Path]:
    """The folder of each service by its name in botocore."""
    spec = find_spec("botocore")
    places = spec.submodule_search_locations if spec else None
    if not places:  # practically impossible: keystead requires botocore
        return {}
    data = Path(places[0]) / "data"
    return {path.name: path for path in data.iterdir() if path.is_dir()}


def service_names() -> list[str]:
    """All services by their names in botocore."""
    return sorted(folders())


def model_file(service: str, name: str = MODEL) -> Path | None:
    """A file of the newest version of a service's model, compressed or not; None if missing."""
    folder = folders().get(service)
    if folder is None:
        return None
    newest = max(path.parent for path in folder.glob(f"*/{MODEL}.json*"))
    paths = (newest / f"{name}.json.gz", newest / f"{name}.json")
    return next((path for path in paths if path.exists()), None)
