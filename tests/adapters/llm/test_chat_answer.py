# Shows that nothing a server may write makes anything but an answer or a typed failure.

import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.chat_answer import ChatAnswer
from adapters.llm.failures import failure, hear
from tests.adapters.llm.asking import outcome

FIELDS = st.sampled_from(
    [
        *("choices", "delta", "message", "content", "text", "finish_reason", "index", "usage"),
        *("error", "code", "type", "tool_calls", "function", "arguments", "name", "id", "cost"),
        *("prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens"),
        *("reasoning", "reasoning_details", "summary", "detail", "metadata", "raw", "msg"),
        *("retry_after", "cost_details", "is_byok", "upstream_inference_cost", "refusal"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(FIELDS, each, max_size=5),
    max_leaves=25,
)
CHOICES = st.fixed_dictionaries(
    {"choices": st.lists(st.dictionaries(FIELDS, VALUES, max_size=4), max_size=2)},
    optional={"usage": VALUES, "error": VALUES},
)


@given(st.lists(CHOICES | VALUES, max_size=4), st.booleans())
def test_an_answer_is_an_answer_or_a_typed_failure_moa_41(documents, streamed):
    assert outcome(ChatAnswer(), map(json.dumps, documents), streamed=streamed)


@given(VALUES | st.fixed_dictionaries({"error": VALUES}), st.integers(300, 599) | st.none())
def test_every_refusal_can_be_told_in_words(body, status):
    assert str(failure(hear(json.dumps(body).encode()), status))


@given(st.binary(max_size=50))
def test_every_body_of_a_refusal_can_be_read(body):
    assert hear(body) is not None
