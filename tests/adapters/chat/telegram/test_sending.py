"""What the program says in Telegram: posted, edited, deleted, and what it means if not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatUnknown, MessageGone
from core.frames import File, Frame, Notice
from core.types import Author, Message
from tests.adapters.chat.telegram.conftest import address, chat_of
from tests.adapters.chat.telegram.frames import ANSWER, PANEL, PART, WRITING
from tests.simulators.base import Fault


async def test_an_answer_is_posted_edited_and_deleted(telegram, sender, dm):
    at = address(dm.id)
    message_id = await sender.post(at, WRITING, delivery_id="d")
    assert telegram.shown(dm)[0].text == "It ▌"
    assert telegram.shown(dm)[0].buttons == ("⏹ Stop",)
    await sender.edit(at, message_id, ANSWER)
    await sender.edit(at, message_id, ANSWER)
    (shown,) = telegram.shown(dm)
    assert shown.text == "It is 4, @\u200ball. https://x.org"
    assert [each["type"] for each in shown.entities] == ["bold", "url"]
    assert (shown.buttons, shown.pings, shown.previews, shown.edits) == ((), (), False, 1)
    await sender.delete(at, message_id)
    await sender.delete(at, message_id)
    assert telegram.shown(dm) == []


async def test_in_a_group_it_hangs_on_the_question_and_rings_only_if_asked_to(
    telegram, sender, lab
):
    topic = telegram.topic(lab, "Ideas")
    ana = telegram.person("Ana")
    telegram.chat(lab).members[int(ana.id)] = ana
    question = await telegram.say(lab, ana, "why?", mention=True, thread=topic)
    at = address(lab.id, topic)
    await sender.post(at, PANEL, delivery_id="p", reply_to=question)
    await sender.post(at, ANSWER, delivery_id="a", reply_to="999999")
    panel, answer = telegram.shown(lab, thread=topic)
    assert (panel.reply_to, panel.silent, panel.pings) == (question, True, ())
    assert (answer.reply_to, answer.silent) == (None, False)
    assert "expandable_blockquote" in {each["type"] for each in panel.entities}


async def test_a_file_goes_out_with_its_name(telegram, sender, dm):
    file = File(turn_id="t", name="größe 1.py", text="print('ä')\n")
    frame = Frame(key="file/0", content=file)
    message_id = await sender.post(address(dm.id), frame, delivery_id="d")
    await sender.edit(address(dm.id), message_id, frame)
    (shown,) = telegram.shown(dm)
    assert shown.files == ("größe 1.py",)


@pytest.mark.parametrize("name", ["", "\n", 'a"; x=\\y.py', "\x00\ud800.md", "n" * 300])
async def test_a_file_may_be_empty_and_have_any_name(telegram, sender, dm, name):
    file = File(turn_id="t", name=name, text="" if name else "\ud800")
    await sender.post(address(dm.id), Frame(key="file/0", content=file), delivery_id="d")
    assert telegram.shown(dm)[0].files


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="refuse", status=404, error="Not Found"),
        Fault(kind="refuse", status=400, error="Bad Request: not enough rights to send documents"),
    ],
)
@pytest.mark.parametrize(
    "line", ["x = 1  # a ```line``` of code, @all", "é👍" * 700, "`````python\nx = 1"]
)
async def test_where_no_files_are_taken_the_code_is_posted(telegram, sender, dm, fault, line):
    code = "\n".join([line] * (8000 // len(line)))
    frame = Frame(key="file/0", content=File(turn_id="t", name="a.py", text=code))
    waiting = Fault(kind="refuse", status=429, retry_after=1)
    telegram.faults.plan("sendDocument", fault, fault)
    telegram.faults.plan("sendMessage", None, waiting)
    with pytest.raises(ChatBusy):
        await sender.post(address(dm.id), frame, delivery_id="d")
    message_id = await sender.post(address(dm.id), frame, delivery_id="d")
    shown = telegram.shown(dm)
    assert shown[-1].id == message_id
    assert "".join(each.text for each in shown).replace("\n", "") == code.replace("\n", "")
    assert {each["type"] for part in shown for each in part.entities} == {"pre"}


@pytest.mark.parametrize(("text", "shown"), [("", "…"), ("```", "```"), ("\n", "…")])
async def test_where_no_files_are_taken_one_of_nothing_is_a_message(
    telegram, sender, dm, text, shown
):
    telegram.faults.plan("sendDocument", _refusal("Not Found", 404))
    frame = Frame(key="file/0", content=File(turn_id="t", name="a.py", text=text))
    assert await sender.post(address(dm.id), frame, delivery_id="d")
    assert [each.text for each in telegram.shown(dm)] == [shown]


async def test_a_question_is_seen_at_once(telegram, sender, dm):
    (message_id,) = telegram.chat(telegram.dm(telegram.world.people[int(dm.id)])).messages
    message = Message(
        event_id="e",
        address=address(dm.id),
        author=_author(),
        text="hi",
        at=1,
        message_id=str(message_id),
    )
    await sender.acknowledge(message)
    assert telegram.reactions(dm, str(message_id)) == ["👀"]
    assert telegram.doing(dm)[0][1] == "typing"
    telegram.faults.plan("sendChatAction", _refusal("nope"))
    await sender.acknowledge(message)


@pytest.mark.parametrize(
    ("status", "error", "again"),
    [
        (400, "Bad Request: REACTION_INVALID", False),
        (400, "Bad Request: not enough rights", False),
        (404, "Not Found", False),
        (400, "Bad Request: message to react not found", True),
        (403, "Forbidden: no", True),
        (500, "Internal Server Error", True),
    ],
)
async def test_where_a_reaction_does_not_work_typing_is_seen(
    telegram, sender, dm, status, error, again
):
    message = Message(
        event_id="e", address=address(dm.id), author=_author(), text="hi", at=1, message_id="1"
    )
    telegram.faults.plan("setMessageReaction", _refusal(error, status))
    await sender.acknowledge(message)
    await sender.acknowledge(message)
    assert len(telegram.requests.of("setMessageReaction")) == 1 + again
    assert len(telegram.doing(dm)) == 2


def _author():
    return Author(id="1", name="Ana")


# --- what goes wrong ------------------------------------------------------------------------


def _refusal(error: str, status: int = 400) -> Fault:
    return Fault(kind="refuse", status=status, error=error)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="refuse", status=429, retry_after=7), ChatBusy),
        (_refusal("Forbidden: bot was blocked by the user", 403), ChatClosed),
        (_refusal("Bad Request: chat not found"), ChatClosed),
        (_refusal("Bad Request: TOPIC_CLOSED"), ChatClosed),
        (_refusal("Bad Request: BUTTON_DATA_INVALID"), ChatError),
        (_refusal("Internal Server Error", 500), ChatAway),
        (_refusal("Unauthorized", 401), ChatError),
        (_refusal("", 504), ChatUnknown),
        (Fault(kind="drop"), ChatUnknown),
    ],
)
async def test_what_a_failed_post_means(telegram, sender, dm, fault, error):
    telegram.faults.plan("sendMessage", fault)
    with pytest.raises(error) as met:
        await sender.post(address(dm.id), ANSWER, delivery_id="d")
    assert type(met.value) is error
    assert telegram.token not in str(met.value)
    if isinstance(met.value, ChatBusy):
        assert met.value.retry_after == 7


async def test_nothing_was_posted_where_nobody_listened(telegram, sender, dm):
    await telegram.go_away()
    with pytest.raises(ChatError) as met:
        await sender.post(address(dm.id), ANSWER, delivery_id="d")
    assert type(met.value) is ChatAway
    await telegram.come_back()


async def test_an_edit_of_what_was_deleted_says_so(telegram, sender, dm):
    with pytest.raises(MessageGone):
        await sender.edit(address(dm.id), "4711", ANSWER)
    with pytest.raises(MessageGone):
        await sender.edit(address(dm.id), "nobody/knows", ANSWER)


async def test_an_edit_that_broke_may_be_done_again(telegram, sender, dm):
    message_id = await sender.post(address(dm.id), WRITING, delivery_id="d")
    telegram.faults.plan("editMessageText", Fault(kind="drop"))
    with pytest.raises(ChatError) as met:
        await sender.edit(address(dm.id), message_id, ANSWER)
    assert type(met.value) is ChatAway
    await sender.edit(address(dm.id), message_id, ANSWER)


async def test_formatting_that_is_refused_is_left_out(telegram, sender, dm):
    refused = _refusal("Bad Request: can't parse entities: Can't find end of the entity")
    telegram.faults.plan("sendMessage", refused)
    message_id = await sender.post(address(dm.id), ANSWER, delivery_id="d")
    telegram.faults.plan("editMessageText", refused)
    await sender.edit(
        address(dm.id), message_id, replace(ANSWER, content=replace(PART, text="**x**"))
    )
    (shown,) = telegram.shown(dm)
    assert (shown.text, shown.entities) == ("x", ())


@pytest.mark.parametrize(
    "error",
    [
        "Bad Request: message to be replied not found",
        "Bad Request: replied message not found",
        "Bad Request: REPLY_MESSAGE_ID_INVALID",
    ],
)
async def test_an_answer_whose_question_is_gone_is_given_none_the_less(
    telegram, sender, lab, error
):
    telegram.faults.plan("sendMessage", _refusal(error))
    await sender.post(address(lab.id), ANSWER, delivery_id="d", reply_to="1")
    (shown,) = telegram.shown(lab)
    assert (shown.text, shown.reply_to) == ("It is 4, @\u200ball. https://x.org", None)


async def test_what_was_said_in_a_topic_stays_there(telegram, sender, lab):
    topic = telegram.topic(lab, "Ideas")
    telegram.delete_topic(lab, topic)
    with pytest.raises(ChatClosed):
        await sender.post(address(lab.id, topic), ANSWER, delivery_id="d")
    assert telegram.shown(lab) == []


async def test_a_private_topic_that_is_gone_leaves_the_private_chat(telegram, sender, dm):
    await sender.post(address(dm.id, "4711"), ANSWER, delivery_id="d")
    assert telegram.shown(dm)[0].thread is None


async def test_a_person_who_blocked_the_bot_gets_nothing(telegram, sender, dm):
    await telegram.block(telegram.world.people[int(dm.id)])
    with pytest.raises(ChatClosed):
        await sender.post(address(dm.id), ANSWER, delivery_id="d")


async def test_a_group_that_moved_is_found(telegram, sender):
    ana = telegram.person("Ana")
    old = telegram.group("Lab", ana, basic=True)
    message_id = await sender.post(address(old.id), WRITING, delivery_id="d")
    new = await telegram.migrate(old)
    with pytest.raises(MessageGone):
        await sender.edit(address(old.id), message_id, ANSWER)
    later = await sender.post(address(old.id), WRITING, delivery_id="e", reply_to="1")
    assert telegram.shown(new)[0].reply_to is None
    with pytest.raises(MessageGone):
        await sender.edit(address(old.id), message_id, ANSWER)
    await sender.edit(address(old.id), later, ANSWER)
    assert [each.text[:7] for each in telegram.shown(new)] == ["It is 4"]
    await sender.delete(address(old.id), later)
    assert telegram.shown(new) == []


async def test_nobody_can_tell_what_was_posted(sender, dm):
    with pytest.raises(ChatUnknown):
        await sender.find(address(dm.id), "d", since=0)


def test_what_a_chat_can_do(telegram):
    chat = chat_of(telegram)
    private, group = chat.capabilities(address("5")), chat.capabilities(address("-100"))
    assert (private.pace, group.pace) == (1.1, 3.1)
    assert (private.unit, private.rate, private.files) == ("utf16", 25.0, True)
    assert private.limit < 4096
    assert group.preview is None
    assert private.advice == "buttons"


async def test_a_notice_rings_nobody(telegram, sender, lab):
    frame = Frame(key="notice", content=Notice(text="@all"))
    await sender.post(address(lab.id), frame, delivery_id="d")
    assert telegram.shown(lab)[0].pings == ()
