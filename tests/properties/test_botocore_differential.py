"""botocore's own loader and keystead give every profile the same settings.

On generated files that both accept. Where the two part ways by the rules, the generator stays
away from it, as `AVOIDED` says, or the expectation follows `EXPECTED`; nothing else is tolerated.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import botocore.configloader
import pytest
from botocore.exceptions import ConfigParseError
from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.effort import examples
from tests.properties.shared_files import blanks, indents, values, words

# What the generator stays away from, with a file that shows the difference: what keystead makes
# of it and what botocore does. None: the file is refused.
AVOIDED = {
    "a section twice": ("[a]\nx = 1\n[a]\n", {"a": {"x": "1"}}, None),
    "a setting twice": ("[a]\nx = 1\nx = 2\n", {"a": {"x": "2"}}, None),
    "two spellings of a setting": ("[a]\nx = 1\nX = 2\n", {"a": {"x": "2"}}, None),
    "a comment behind a value": (
        "[a]\nx = 1 # note\n",
        {"a": {"x": "1"}},
        {"a": {"x": "1 # note"}},
    ),
    "an indented comment": ("[a]\nx = 1\n  # y\n", {"a": {"x": "1\n# y"}}, {"a": {"x": "1"}}),
    "blanks in the brackets": ("[ a ]\nx = 1\n", {"a": {"x": "1"}}, {" a ": {"x": "1"}}),
    "a colon": ("[a]\nx : 1\n", None, {"a": {"x": "1"}}),
    "a colon in a name": ("[a]\nx:y = 1\n", {"a": {"x:y": "1"}}, {"a": {"x": "y = 1"}}),
    "a byte-order mark": ("\ufeff[a]\n", {"a": {}}, None),
    "a prefix in credentials": ("[profile a]\nx = 1\n", {}, {"profile a": {"x": "1"}}),
    "DEFAULT": ("[DEFAULT]\nx = 1\n[a]\n", {"DEFAULT": {"x": "1"}, "a": {}}, {"a": {"x": "1"}}),
    "a bad name": ("[a!]\nb c = 1\n", {}, {"a!": {"b c": "1"}}),
    "a lone CR": ("[a]\nx = 1\ry = 2\n", {"a": {"x": "1\ry = 2"}}, {"a": {"x": "1", "y": "2"}}),
    "a blank line in a long value": (
        "[a]\nx = 1\n\n  2\n",
        {"a": {"x": "1\n2"}},
        {"a": {"x": "1\n\n2"}},
    ),
    "letter case of nested names": (
        "[a]\ns3 =\n  X = 1\n",
        {"a": {"s3": {"x": "1"}}},
        {"a": {"s3": {"X": "1"}}},
    ),
}


def ours(text: str) -> object:
    try:
        found = interpret(Document(text.encode(), "credentials"), FileKind.CREDENTIALS)
    except DocumentError:
        return None
    return {name: {k: e.value for k, e in s.items()} for name, s in found.profiles.items()}


@pytest.mark.parametrize("what", AVOIDED)
def test_avoided_inputs_are_real_differences(what: str, tmp_path: Path) -> None:
    text, by_the_rules, by_botocore = AVOIDED[what]
    path = tmp_path / "credentials"
    path.write_bytes(text.encode())
    try:
        found = botocore.configloader.raw_config_parse(str(path))
    except ConfigParseError:
        found = None
    assert by_the_rules == ours(text)
    assert by_botocore == found
    assert by_the_rules != by_botocore


section_names = st.sampled_from(["a", "b", "Z0", "x.y", "_-/@+", "a/b", "DEFAULTS", "profiles"])
setting_names = ["region", "s3", "x.y", "_-/@+%", "0", "role_arn", "rem", "profile", "default"]


Form = tuple[str, str, str, list[str], list[tuple[str, str, str]]]


def lines_of(name: str, given_form: Form) -> list[str]:
    """One setting in one of the forms that a file may have, after lines without a meaning."""
    form, equals, value, loose, more = given_form
    if form == "long":
        return [*loose, name + equals + "first", *(indent + word for indent, word, _ in more)]
    if form == "block":
        inner = [f"{indent}n{index}{equals}{v}" for index, (indent, _, v) in enumerate(more)]
        return [*loose, name + equals, *inner]
    spelled = name.upper() if form == "upper" else name
    return [*loose, spelled + equals + value]


forms = st.tuples(
    st.sampled_from(["plain", "plain", "upper", "long", "block"]),
    st.tuples(blanks, blanks).map("=".join),
    values,
    st.sampled_from([[], [], [""], ["# note"], ["; note"]]),
    st.lists(st.tuples(indents, words, values), min_size=1, max_size=3),
)
bodies = st.lists(
    st.tuples(st.sampled_from(setting_names), forms), max_size=4, unique_by=lambda part: part[0]
).map(lambda parts: [line for name, form in parts for line in lines_of(name, form)])
defaults = st.tuples(st.sampled_from(["[default]", "[profile default]"]), bodies)
headers = st.tuples(
    st.sampled_from(
        [
            "[profile {}]",
            "[profile 'my {}']",
            '[profile "the {}"]',
            "[sso-session {}]",
            "[services {}]",
        ]
    ),
    section_names,
).map(lambda parts: parts[0].format(parts[1]))
in_config = st.lists(st.tuples(headers, bodies), max_size=4, unique_by=lambda part: part[0])
in_credentials = st.lists(
    st.tuples(section_names.map("[{}]".format) | st.just("[default]"), bodies),
    max_size=3,
    unique_by=lambda part: part[0],
)


def file(sections: list[tuple[str, list[str]]], end: str) -> bytes:
    lines = [line for header, body in sections for line in [header, *body, ""]]
    return end.join(lines).encode()


pairs = st.builds(
    lambda first, config, credentials, end: (
        file([first, *config], end),
        file(credentials, end),
    ),
    defaults,
    in_config,
    in_credentials,
    st.sampled_from(["\n", "\r\n"]),
)


@settings(max_examples=examples(120))
@given(pairs)
def test_botocore_and_keystead_read_the_same_settings(pair: tuple[bytes, bytes]) -> None:
    with TemporaryDirectory() as name:
        config, credentials = Path(name, "config"), Path(name, "credentials")
        config.write_bytes(pair[0])
        credentials.write_bytes(pair[1])
        theirs = botocore.configloader.load_config(str(config))
        keys = botocore.configloader.raw_config_parse(str(credentials))
        reading = SharedStore(System(environ={}), credentials, config).snapshot().reading()
    profiles = {
        name: {**theirs["profiles"].get(name, {}), **keys.get(name, {})}
        for name in theirs["profiles"].keys() | keys.keys()
    }
    found = {name: {k: e.value for k, e in s.items()} for name, s in reading.profiles.items()}
    assert profiles == found
    for theirs_of_kind, kind in (
        (theirs.get("sso_sessions", {}), reading.sso_sessions),
        (theirs.get("services", {}), reading.services),
    ):
        assert theirs_of_kind == {n: {k: e.value for k, e in s.items()} for n, s in kind.items()}
