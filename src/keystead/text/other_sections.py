"""The sections of a config file that a program may see besides the ones that are replaced."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import DocumentError
from keystead.model.settings import is_secret
from keystead.text.dialect import DEFAULT, section_values
from keystead.text.document import Document


def without_default_and_secrets(document: Document) -> str:
    """The text of all sections but ``default`` in any spelling, and but those that hold a secret.

    A file with a broken line has none.
    """
    try:
        return "".join(
            document.text[section.start : section.end]
            for section in document.sections
            if DEFAULT not in section.title.lower().replace('"', " ").replace("'", " ").split()
            and not any(map(is_secret, _names(section_values(document, section))))
        )
    except DocumentError:
        return ""


def _names(values: Mapping[str, str | Mapping[str, str]]) -> list[str]:
    nested = [name for value in values.values() if isinstance(value, Mapping) for name in value]
    return [*values, *nested]
