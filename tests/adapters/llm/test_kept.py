"""What an answer keeps until its end has an end of its own, however little each piece says (P5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from adapters.llm import kept
from adapters.llm.chat_answer import ChatAnswer
from adapters.llm.messages_answer import MessagesAnswer
from adapters.llm.responses_answer import ResponsesAnswer
from core.errors import ModelBroken

MAKES: dict[str, Callable[[], Any]] = {
    "chat": ChatAnswer,
    "messages": lambda: MessagesAnswer("p:m"),
    "responses": lambda: ResponsesAnswer("p:m"),
}
Document = dict[str, Any]


def delta(**words: Any) -> Document:
    return {"choices": [{"index": 0, "delta": words}]}


def called(at: int, arguments: str = "") -> Document:
    return {"index": at, "id": f"c{at}", "function": {"name": "t", "arguments": arguments}}


def begun(at: int, **block: Any) -> Document:
    return {"type": "content_block_start", "index": at, "content_block": block}


def item(at: int, kind: str) -> Document:
    fields = {"type": "function_call", "call_id": f"c{at}", "name": "t", "arguments": "{}"}
    return {"type": f"response.output_item.{kind}", "output_index": at, "item": fields}


GROWING: dict[str, tuple[str, Callable[[int], Document]]] = {
    "calls": ("chat", lambda at: delta(tool_calls=[called(at)])),
    "pieces of a call": ("chat", lambda _: delta(tool_calls=[called(0, "x")])),
    "empty pieces of a call": ("chat", lambda _: delta(tool_calls=[{"index": 0}])),
    "thoughts that go on": ("chat", lambda _: delta(reasoning_details=[{"data": "x"}])),
    "thoughts": ("chat", lambda at: delta(reasoning_details=[{"index": at, "data": {"a": []}}])),
    "blocks": ("messages", lambda at: begun(at, type="text")),
    "calls in blocks": ("messages", lambda at: begun(at, type="tool_use", id=f"c{at}", name="t")),
    "data": ("messages", lambda at: begun(at, type="redacted_thinking", data="x")),
    "heads of items": ("responses", lambda at: item(at, "added")),
    "items": ("responses", lambda at: item(at, "done")),
    "arguments of an item": (
        "responses",
        lambda _: {"type": "response.function_call_arguments.delta", "item_id": "c", "delta": "x"},
    ),
}


@pytest.mark.parametrize("what", GROWING)
def test_nothing_of_an_answer_is_kept_without_end(monkeypatch, what):
    monkeypatch.setattr(kept, "LONGEST_KEPT", 20_000)
    kind, document = GROWING[what]
    with pytest.raises(ModelBroken, match="has no end"):
        _feed(MAKES[kind](), map(document, range(1000)))


def _feed(answer: Any, documents: Iterable[Document]) -> None:
    for each in documents:
        answer.take(json.dumps(each))


def test_a_crowd_of_calls_in_one_document_ends_before_it_is_looked_through():
    """Each call is held against all before it: these took minutes, and nothing else went on."""
    crowd = delta(tool_calls=[called(at) for at in range(100_000)])
    with pytest.raises(ModelBroken, match="has no end"):
        ChatAnswer().take(json.dumps(crowd))


def test_as_many_calls_as_any_model_makes_are_taken():
    answer = ChatAnswer()
    answer.take(json.dumps(delta(tool_calls=[called(at, "{}") for at in range(kept.MOST_CALLS)])))
    answer.take("[DONE]")
    assert len(answer.end(streamed=True).tool_calls) == kept.MOST_CALLS
