"""The HTML pages of the local services: text and at most one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from keystead.value import NamedTuple

DECISIONS = ("approve", "deny")
"""The buttons of a form by which a person decides."""


class Form(NamedTuple):
    """A form: values that are sent as they are, fields with their labels, buttons ``decision``."""

    action: str
    method: str
    hidden: Mapping[str, str]
    fields: Mapping[str, str]
    buttons: Sequence[str]


def page(title: str, text: str, form: Form | None = None, code: str = "") -> str:
    """A page; ``code`` is a code for the person to copy."""
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(text)}</p>"]
    if code:
        parts.append(f'<p><code id="code">{escape(code)}</code></p>')
    if form is not None:
        parts.append(_form(form))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head><body>{''.join(parts)}</body></html>"
    )


def _form(form: Form) -> str:
    hidden = (
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in form.hidden.items()
    )
    fields = (
        f'<p><label>{escape(label)} <input name="{escape(name)}" required></label></p>'
        for name, label in form.fields.items()
    )
    buttons = (
        f'<button name="decision" value="{escape(name)}">{escape(name.capitalize())}</button>'
        for name in form.buttons
    )
    inside = "".join([*hidden, *fields, *buttons])
    return f'<form action="{escape(form.action)}" method="{form.method}">{inside}</form>'
