"""The page about the Python package, generated from its docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import keystead
from keystead import library
from keystead.errors import KeysteadError

_SECTIONS = {
    "Sessions": ("session", "aio_session"),
    "Credentials": ("credentials", "Credentials"),
    "Plans": ("plan", "Plan", "AssumeRoleStep"),
    "Reading, listing, saving and removing profiles": ("ProfileStoreChain", "Profile", "Secret"),
    "Options of a role": ("RoleOptions",),
    "MFA codes and passphrases": ("MfaRequest", "PassphraseRequest"),
}
"""The public names in the order of the page; errors and the version have separate sections."""

_TYPES = """
The package is typed (`py.typed`). boto3 and aiobotocore have no types: `keystead.session` returns
a `boto3.Session`, whose types come from installed stubs, `types-boto3` or `boto3-stubs`
(`types-aiobotocore` for `keystead.aio_session`). With `pip install 'types-boto3[s3]'` the result
of `keystead.session("dev").client("s3")` is an `S3Client` and its methods are checked; without
stubs it is `Any`.

The functions for `mfa` and `passphrase` are typed `Callable[[MfaRequest], str]` and
`Callable[[PassphraseRequest], str]`, a `location` is `str | os.PathLike[str] | None`.
"""

_ALIASES = {
    "Tags": "tuple[tuple[str, str], ...]",
    "SettingValue": "str | Secret | Mapping[str, str]",
    "base.ProfileStore": "ProfileStore",
    "Location": "str | os.PathLike[str] | None",
    "MfaFunction": "Callable[[MfaRequest], str]",
    "PassphraseFunction": "Callable[[PassphraseRequest], str]",
}
_LONGEST = 80
_LONGEST_DEFAULT = 30


def page() -> str:
    """The text of the page."""
    lines = [
        "# Python",
        "",
        *_text(keystead),
        "",
        "The examples here are run as tests, in a home whose shared credentials file has the",
        "profiles `dev` (keys), `admin` (a role over `dev`) and `secure` (a role that requires an",
        "MFA code).",
        "",
    ]
    for title, names in _SECTIONS.items():
        lines += [f"## {title}", ""]
        for name in names:
            lines += _entry(name)
        if title == "Sessions":
            lines += ["### Common to both", "", *_text(library)[2:], ""]
    return "\n".join([*lines, *_errors(), "## Types", _TYPES])


def errors() -> list[type[KeysteadError]]:
    """The public error classes, each below its base class; `KeysteadError` is the first."""
    public = [getattr(keystead, name) for name in keystead.__all__]
    found = [value for value in public if isinstance(value, type)]
    return sorted(
        (value for value in found if issubclass(value, KeysteadError)),
        key=lambda error: [base.__name__ for base in reversed(error.__mro__)],
    )


def _entry(name: str) -> Iterator[str]:
    value = getattr(keystead, name)
    yield from (f"### `keystead.{name}`", "")
    yield from ("```python", f"keystead.{name}{_signature(value)}", "```", "")
    yield from (*_text(value), "")
    members = [*_members(value)] if isinstance(value, type) else []
    if members:
        yield from (*members, "")


def _members(kind: type) -> Iterator[str]:
    for name, value in inspect.getmembers(kind):
        fields = getattr(kind, "fields", getattr(kind, "__dataclass_fields__", ()))
        if name.startswith("_") or name in fields:
            continue
        if isinstance(value, property) and value.__doc__:
            yield f"* `{name}`: {_one_line(value)}"
        elif inspect.isfunction(value) and value.__doc__:
            signature = re.sub(r"\s+", " ", _signature(value))
            yield f"* `{name}{signature}`: {_one_line(value)}"


def _errors() -> Iterator[str]:
    yield from ("## Errors", "", *_text(KeysteadError), "")
    yield from (
        "| error | is a | exit code of the command | meaning |",
        "| --- | --- | --- | --- |",
    )
    for error in errors()[1:]:
        base = error.__mro__[1].__name__
        yield f"| `{error.__name__}` | `{base}` | {error.exit_code} | {_one_line(error)} |"
    yield ""


def _signature(value: object) -> str:
    """The signature with types, as Python code."""
    assert callable(value)
    signature = inspect.signature(value)
    parts: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        text = parameter.name + _annotation(": ", parameter.annotation)
        if parameter.default is not parameter.empty:
            default = repr(parameter.default)
            text += f" = {default if len(default) <= _LONGEST_DEFAULT else '...'}"
        parts.append(text)
    returned = "" if isinstance(value, type) else _annotation(" -> ", signature.return_annotation)
    inline = f"({', '.join(parts)}){returned}"
    if len(inline) <= _LONGEST:
        return inline
    return "(\n" + "".join(f"    {part},\n" for part in parts) + f"){returned}"


def _annotation(mark: str, annotation: object) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    for alias, meaning in _ALIASES.items():
        text = re.sub(rf"\b{alias}\b", meaning, text)
    return mark + text


def _text(value: object) -> list[str]:
    """The docstring as Markdown."""
    return _markdown(inspect.getdoc(value) or "").splitlines()


def _one_line(value: object) -> str:
    text = (inspect.getdoc(value) or "").partition(">>>")[0]
    return _markdown(re.sub(r"\s+", " ", text).strip())


def _markdown(text: str) -> str:
    blocks = []
    for block in text.split("\n\n"):
        shown = block.replace("``", "`")
        blocks.append(f"```pycon\n{block}\n```" if block.startswith(">>>") else shown)
    return "\n\n".join(blocks)
