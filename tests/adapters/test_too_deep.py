"""What is nested too deeply is refused like anything else that cannot be read, whoever sends it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import msgspec
import pytest
from multidict import CIMultiDict

from adapters.chat.discord.failures import limit_of
from adapters.chat.telegram.request import AiohttpRequest, Unanswered, _quotable, _status
from adapters.llm import messages_wire
from adapters.llm.chat_wire import spent_of
from adapters.llm.encoding import is_json
from adapters.llm.messages_blocks import input_of
from core.approvals import whole

DEEP = '{"x":' + "[" * 100_000


def test_an_answer_of_telegram_is_none_and_never_a_crash():
    assert _status(200, DEEP.encode()) == 200
    assert _quotable(502, DEEP.encode()) == b"{}"
    with pytest.raises(Unanswered):
        AiohttpRequest.parse_json_payload(DEEP.encode())


@pytest.mark.parametrize("said", [DEEP, "\ud800", '{"retry_after":' + "9" * 400 + "}", "[1]"])
@pytest.mark.parametrize("header", ["7", "inf", "nan", "9" * 400, "x"])
def test_discords_wait_is_a_number_whatever_is_said(said, header):
    response: Any = SimpleNamespace(
        status=429, reason="", headers=CIMultiDict({"Retry-After": header})
    )
    error = discord.HTTPException(response, said)
    assert limit_of(error).seconds == (7.0 if header == "7" else 5.0)


def test_what_a_model_calls_a_tool_with_is_passed_on_and_shown_as_it_wrote_it():
    assert not is_json(DEEP)
    assert input_of(DEEP) == {"arguments": DEEP}
    assert whole(DEEP).startswith('{"x":[[')


def test_figures_of_a_provider_that_are_too_deep_say_nothing():
    deep = msgspec.Raw(DEEP.encode())
    assert spent_of(deep) == (None, None)
    assert messages_wire.Spent().with_newer(deep) == messages_wire.Spent()
    assert messages_wire.part_of(deep, messages_wire.Delta) == messages_wire.Delta()
