"""A shared file as it may be shown: every secret in it masked, all else as it stands."""

from __future__ import annotations

from keystead.model.settings import is_secret
from keystead.secret import MASK
from keystead.text.document import Document, Splice


def masked_text(document: Document) -> str:
    """The text of ``document`` with the values of secret settings masked.

    Raises `DocumentError` for a file whose settings cannot be told apart.
    """
    cuts: list[Splice] = []
    for section in document.sections:
        for item in document.properties(section):
            if is_secret(item.name):
                cuts += [Splice(item.value_span, MASK if item.value else "")]
                cuts += [Splice(line, "") for line in item.more]
            else:
                cuts += [Splice(n.value_span, MASK) for n in item.nested if is_secret(n.name)]
    return document.splice(cuts).text
