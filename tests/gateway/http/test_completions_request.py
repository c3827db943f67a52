"""Shows that whatever a program sends is read or refused with words, and nothing in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.types import Image
from gateway.http.completions_request import Wanted, read_request

TEXTS = st.text() | st.sampled_from(["user", "assistant", "tool", "text", "image_url", "function"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("model", "messages", "stream", "stream_options", "tools", "temperature", "n", "stop")
PARTS = st.fixed_dictionaries(
    {"type": TEXTS}, optional={"text": JSON, "image_url": JSON, "refusal": JSON}
)
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool"])},
    optional={
        "content": st.text() | st.lists(PARTS, max_size=3) | JSON,
        "tool_calls": JSON,
        "tool_call_id": TEXTS,
        "name": JSON,
    },
)


def read(value: object) -> Wanted | None:
    try:
        return read_request(json.dumps(value).encode())
    except UsageError:
        return None


@given(st.binary())
def test_bytes_are_read_or_refused(body):
    with pytest.raises(UsageError):
        read_request(body)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_objects_are_read_or_refused(value):
    read(value)


@given(st.lists(MESSAGES, min_size=1, max_size=4))
def test_messages_are_read_one_by_one_or_refused(messages):
    wanted = read({"model": "review", "messages": messages})
    if wanted is not None:
        assert [line.role for line in wanted.lines] == [each["role"] for each in messages]


@given(st.text(alphabet=st.characters()))
def test_a_text_arrives_as_it_was_half_emojis_included(text):
    wanted = read({"model": "review", "messages": [{"role": "user", "content": text}]})
    assert wanted is not None
    assert wanted.lines[0].text == text


@pytest.mark.parametrize("text", ["\ud83d", "x\ude00", "\ud83d\ude00"])
def test_half_an_emoji_is_no_reason_to_refuse(text):
    wanted = read({"model": "review", "messages": [{"role": "user", "content": text}]})
    assert wanted is not None
    assert wanted.lines[0].text.encode("utf-16", "surrogatepass") == text.encode(
        "utf-16", "surrogatepass"
    )


def test_null_is_unset_and_zero_is_zero_moa_4():
    body: dict[str, Any] = {
        "model": "review",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0,
        "seed": 0,
        "top_p": None,
        "stream": None,
        "stream_options": None,
        "tools": None,
        "n": None,
        "max_tokens": None,
    }
    wanted = read(body)
    assert wanted is not None
    assert (wanted.temperature, wanted.extra) == (0, {"seed": 0})
    assert (wanted.stream, wanted.max_tokens, wanted.tools) == (False, None, ())


def test_a_picture_may_be_named_by_its_address_alone():
    parts = [{"type": "image_url", "image_url": "https://example.com/a.png"}]
    wanted = read({"model": "review", "messages": [{"role": "user", "content": parts}]})
    assert wanted is not None
    assert wanted.lines[0].parts == (Image(url="https://example.com/a.png"),)
