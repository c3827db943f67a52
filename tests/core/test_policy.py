"""Shows when the bot speaks, and who may change what somebody else asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy import may_change, may_choose, verdict
from core.types import Address, Author, Message

ANN = Author(id="555", name="Ann", circles=("guild:42", "role:7"))
GROUP = Address(platform="discord", channel="c1")
SAID = Message(
    event_id="e", address=GROUP, author=ANN, text="Hi", at=1, direct=False, addressed=False
)

messages = st.builds(
    Message,
    event_id=st.just("e"),
    address=st.builds(
        Address,
        platform=st.just("discord"),
        channel=st.just("c1"),
        thread=st.sampled_from([None, "t1"]),
    ),
    author=st.builds(Author, id=st.just("555"), name=st.just("Ann"), is_bot=st.booleans()),
    text=st.just("Hi"),
    at=st.just(1),
    direct=st.booleans(),
    addressed=st.booleans(),
    to_others=st.booleans(),
)
listens = st.sampled_from(["mention", "all"])
threads = st.sampled_from(["owned", "mention"])


@pytest.mark.parametrize(
    ("said", "listen", "where", "answer"),
    [
        ({"direct": True}, "mention", "mention", "answer"),
        ({"direct": True, "to_others": True}, "mention", "owned", "answer"),
        ({}, "mention", "owned", "ignore"),
        ({"addressed": True}, "mention", "mention", "answer"),
        ({"addressed": True, "to_others": True}, "mention", "owned", "answer"),
        ({}, "all", "mention", "answer"),
        ({"to_others": True}, "all", "owned", "ignore"),
        ({"thread": "t1"}, "mention", "owned", "answer_if_owned"),
        ({"thread": "t1"}, "mention", "mention", "ignore"),
        ({"thread": "t1"}, "all", "mention", "answer"),
        ({"thread": "t1", "to_others": True}, "mention", "owned", "ignore"),
        ({"direct": True, "is_bot": True}, "all", "owned", "ignore"),
    ],
)
def test_when_it_speaks(said, listen, where, answer):
    author = replace(ANN, is_bot=said.pop("is_bot", False))
    address = replace(GROUP, thread=said.pop("thread", None))
    message = replace(SAID, author=author, address=address, **said)
    assert verdict(message, listen=listen, threads=where) == answer


@given(messages, listens, threads)
def test_it_never_answers_a_bot_and_always_a_person_who_addresses_it(message, listen, where):
    said = verdict(message, listen=listen, threads=where)
    if message.author.is_bot:
        assert said == "ignore"
    elif message.direct or message.addressed:
        assert said == "answer"
    elif message.to_others:
        assert said == "ignore"


@given(messages, listens, threads)
def test_only_a_thread_can_be_owned(message, listen, where):
    if verdict(message, listen=listen, threads=where) == "answer_if_owned":
        assert message.address.thread is not None
        assert where == "owned"


@given(messages)
def test_listening_to_all_answers_no_less_than_listening_to_mentions(message):
    if verdict(message, listen="mention") != "ignore":
        assert verdict(message, listen="all") == "answer"


# --- who may change what --------------------------------------------------------------------


def test_an_asker_and_admins_may_change_a_turn():
    assert may_change("member", asker="555", author=ANN)
    assert not may_change("member", asker="1", author=ANN)
    assert may_change("admin", asker="1", author=ANN)
    assert may_change("chat_admin", asker="1", author=ANN)
    assert may_change("owner", asker="1", author=ANN)


@pytest.mark.parametrize("level", ["thread", "me", "channel"])
@pytest.mark.parametrize("role", ["member", "chat_admin", "admin", "owner"])
@pytest.mark.parametrize("direct", [True, False])
def test_moa_5_admins_choose_for_a_whole_channel_and_everybody_for_less(level, role, direct):
    refused = (level, role, direct) == ("channel", "member", False)
    assert may_choose(role, level, direct=direct) is not refused
