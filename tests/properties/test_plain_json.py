"""JSON of plain values is that of the module `json`."""

import json

from hypothesis import given
from hypothesis import strategies as st

from keystead.plain_json import COMPACT, SPACED, dumps

TEXTS = st.text() | st.text("aZ09 ~\"\\'/{}é\n\x7f")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@given(VALUES, st.sampled_from([SPACED, COMPACT]))
def test_a_value_is_written_as_by_json(value: object, separators: tuple[str, str]) -> None:
    assert dumps(value, separators) == json.dumps(value, separators=separators)
