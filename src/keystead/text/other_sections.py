"""The sections of a config file to copy into the replacement that a program sees."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import DocumentError
from keystead.model.settings import is_secret
from keystead.text.dialect import DEFAULT, section_values
from keystead.text.document import Document


def without_default_and_secrets(document: Document) -> str:
    """The text of all sections except ``default`` in any spelling and those with a secret.

    Empty for a file with a broken line.
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
