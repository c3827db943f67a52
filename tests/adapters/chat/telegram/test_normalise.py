"""Updates as the Bot API documents them are read right: who, where, what, and for whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import telegram

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.arrivals import Setting, removed_from
from adapters.chat.telegram.normalise import normalise
from adapters.chat.telegram.reading import read
from core.types import (
    Attachment,
    Command,
    Edited,
    Incoming,
    Message,
    Moved,
    Press,
    Said,
    Speaker,
)

FIXTURES = Path(__file__).parents[3] / "fixtures" / "telegram"
SETTING = Setting(
    platform="telegram", me=Me(id=700, username="Moa_Bot", reads_all=False), now=1_790_000_009_000
)
AT = 1_790_000_000_000


def update(name: str) -> telegram.Update:
    return read(json.loads((FIXTURES / f"{name}.json").read_text()))


def incoming(name: str) -> Incoming | None:
    return normalise(update(name), SETTING)


def message(name: str) -> Message:
    found = incoming(name)
    assert isinstance(found, Message)
    return found


def command(name: str) -> Command:
    found = incoming(name)
    assert isinstance(found, Command)
    return found


def press(name: str) -> Press:
    found = incoming(name)
    assert isinstance(found, Press)
    return found


def test_a_private_message():
    found = message("dm")
    assert found.text == "What is a monad?"
    assert found.event_id == "501/10"
    assert found.address.session == "telegram/501"
    assert (found.author.id, found.author.name) == ("501", "Ana Ruiz")
    assert found.author.circles == ()
    assert (found.direct, found.addressed, found.to_others) == (True, True, False)
    assert (found.message_id, found.reply_to, found.at) == ("10", None, AT)


def test_a_message_that_was_changed_is_the_one_that_it_was():
    found = incoming("edited")
    assert isinstance(found, Edited)
    assert (found.message.event_id, found.message.text) == ("501/10", "changed")
    assert (found.event_id, found.at - found.message.at) == ("update/900044", 5_000)
    assert found.message.changed == found.at
    assert message("dm").changed == 0


def test_a_question_of_a_command_that_was_changed_still_says_what_it_answers():
    raw = json.loads((FIXTURES / "group_reply_to_person.json").read_text())
    said = raw.pop("message") | {"edit_date": 1_790_000_005, "text": "/ask@moa_bot Is it so?"}
    said["entities"] = [{"type": "bot_command", "offset": 0, "length": 12}]
    found = normalise(read(raw | {"edited_message": said}), SETTING)
    assert isinstance(found, Edited)
    assert found.message.text == "Is it so?"
    assert found.message.answers is not None
    assert found.message.answers.text == "Yes."


def test_a_topic_of_a_private_chat_is_a_thread():
    assert message("dm_topic").address.session == "telegram/501/77"


@pytest.mark.parametrize(
    ("name", "text", "addressed", "to_others"),
    [
        ("group_plain", "just talking", False, False),
        ("group_mention", "👩‍👩‍👧 hey , what is 2+2?", True, False),
        ("group_mention_middle", "can help @bo here", True, True),
        ("group_text_mention", "hi", True, False),
        ("group_reply_to_bot", "and why?", True, False),
        ("group_reply_to_person", "I agree", False, True),
        ("reply_to_something_new", "and this?", True, False),
        ("topic", "idea?", True, False),
        ("topic_unaddressed", "hm", False, False),
        ("reply_thread_without_topic", "x", True, True),
    ],
)
def test_in_a_group_it_says_for_whom_it_is(name, text, addressed, to_others):
    found = message(name)
    assert found.text == text
    assert (found.addressed, found.to_others) == (addressed, to_others)
    assert (found.direct, found.reply_to) == (False, "10")
    assert found.author.circles == (f"chat:{found.address.channel}",)


def test_only_a_topic_is_a_thread():
    assert message("topic").address.session == "telegram/-1002/5"
    assert message("topic_general").address.thread is None
    assert message("reply_thread_without_topic").address.thread is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dm_command", ("ask", "preset:fast why?")),
        ("dm_start", ("start", "deep_link")),
        ("group_command", ("moa", "review")),
        ("group_command_bare_ask", ("ask", "why?")),
        ("group_command_unknown", ("frobnicate", "all")),
    ],
)
def test_commands_for_the_bot(name, said):
    found = command(name)
    assert (found.name, found.args) == said
    assert found.event_id == f"{found.address.channel}/10"
    assert (found.reply_to is None) == found.direct


@pytest.mark.parametrize(
    "name",
    [
        "group_command_bare_stop",
        "group_command_other_bot",
        "group_automatic_forward",
        "service_members",
        "service_pinned",
        "service_title",
        "migrated_from",
        "channel_post",
        "press_foreign",
        "press_inline",
        "kicked",
        "unknown_kind",
    ],
)
def test_what_is_of_no_concern_is_passed_over(name):
    assert incoming(name) is None


def test_who_writes_for_a_chat():
    anonymous, channel = message("group_anonymous_admin"), message("group_as_channel")
    assert (anonymous.author.id, anonymous.author.name) == ("-1001", "Lab")
    assert anonymous.author.is_admin
    assert not anonymous.author.is_bot
    assert (channel.author.id, channel.author.is_admin) == ("-1009", False)
    assert message("group_bot").author.is_bot


@pytest.mark.parametrize(
    ("name", "kind", "called", "size", "media_type", "ref"),
    [
        ("photo", "image", "photo.jpg", 150000, "image/jpeg", "large"),
        ("document", "document", "paper.pdf", 5000, "application/pdf", "d1"),
        ("document_image", "image", "scan.png", 5000, "image/png", "d2"),
        ("voice", "audio", "voice message.ogg", 9000, "audio/ogg", "v1"),
        ("video", "video", "video.mp4", 90000, "video/mp4", "v2"),
        ("animation", "video", "cat.mp4", None, "video/mp4", "g1"),
        ("sticker", "sticker", "sticker 👍 Cats", 20000, "", "s1"),
        ("poll", "other", "poll “Tea?”: Yes / No", None, "", ""),
        ("poll_of_an_older_api", "other", "poll “Tea?”", None, "", ""),
        ("location", "other", "location 52.5, 13.4", None, "", ""),
        ("contact", "other", "contact Bo +34600", None, "", ""),
        ("dice", "other", "dice 🎲 4", None, "", ""),
    ],
)
def test_what_comes_with_a_message_is_named(name, kind, called, size, media_type, ref):
    found = message(name)
    assert found.attachments == (
        Attachment(kind=kind, name=called, size=size, media_type=media_type, ref=ref),
    )
    assert found.text == ("What is this?" if name == "photo" else "")


def test_a_command_under_a_picture_is_a_message_that_keeps_the_picture():
    found = message("photo_group_command")
    assert (found.text, found.addressed, len(found.attachments)) == ("what is this?", True, 1)


def test_presses():
    dm, topic, old = press("press_dm"), press("press_topic"), press("press_inaccessible")
    assert (dm.action, dm.turn_id, dm.value) == ("stop", "0123456789abcdef", "")
    assert (dm.direct, dm.handle, dm.message_id, dm.reply_to) == (True, "4242", "12", None)
    assert dm.event_id.startswith("update/9000")
    assert dm.at == SETTING.now
    assert (topic.action, topic.value, topic.author.id) == ("pick", "review", "502")
    assert topic.address.session == "telegram/-1002/5"
    assert topic.reply_to == "12"
    assert (old.action, old.address.session) == ("remove", "telegram/-1001")


def test_the_native_stop_stops_whatever_runs():
    found = press("stopped")
    assert (found.action, found.turn_id, found.handle) == ("stop", "", "")
    assert (found.author.id, found.address.session) == ("501", "telegram/501")
    assert press("stopped_topic").address.session == "telegram/501/77"


def test_a_group_that_becomes_a_supergroup_moves():
    found = incoming("migrated")
    assert isinstance(found, Moved)
    assert (found.address.channel, found.new.channel) == ("-4", "-1004")


def test_only_a_removal_is_told():
    assert removed_from(update("kicked")) == "Lab"
    assert removed_from(update("added")) == ""
    assert removed_from(update("dm")) == ""


def test_a_long_message_is_read_whole():
    assert len(message("long").text) == 4096


# --- what is not as the library expects -----------------------------------------------------

ANA = {"id": 501}
LAB = {"id": -1001}


def loose(**changed: object) -> Incoming | None:
    """Read a message of which only what is needed is told."""
    message = {"message_id": 10, "chat": ANA, "from": ANA, "text": "hi", **changed}
    return normalise(read({"update_id": 1, "message": message}), SETTING)


def test_a_message_without_what_nobody_uses_is_read():
    found = loose()
    assert isinstance(found, Message)
    assert (found.text, found.direct, found.at) == ("hi", True, SETTING.now)
    assert (found.author.id, found.author.name, found.author.is_bot) == ("501", "501", False)
    named = loose(date=1_790_000_000, chat=LAB, **{"from": {"id": 501, "first_name": "Ana"}})
    assert isinstance(named, Message)
    assert (named.author.name, named.direct, named.at) == ("Ana", False, AT)
    assert named.address.channel == "-1001"


def test_whom_a_message_is_for_is_read_though_little_is_told_of_them():
    replied = loose(chat=LAB, reply_to_message={"message_id": 9, "chat": LAB, "from": {"id": 700}})
    mention = {"type": "text_mention", "offset": 0, "length": 3, "user": {"id": 700}}
    mentioned = loose(chat=LAB, text="Moa, hi", entities=[mention])
    assert isinstance(replied, Message)
    assert isinstance(mentioned, Message)
    assert (replied.addressed, mentioned.addressed, mentioned.text) == (True, True, "hi")


@pytest.mark.parametrize(
    "under",
    [
        {},
        {"date": 0},
        {"date": "yesterday"},
        {"from": {"id": 700}, "text": "x", "entities": [{"type": "bold"}]},
        {"date": 1, "reply_to_message": {"message_id": 3, "date": 1, "poll": {"question": "?"}}},
    ],
)
def test_a_press_under_a_message_that_cannot_be_read_is_read(under):
    place = {"message_id": 12, "chat": LAB, "message_thread_id": 5, "is_topic_message": True}
    query = {"id": "4242", "from": ANA, "data": "s:0123456789abcdef:", "message": place | under}
    found = normalise(read({"update_id": 1, "callback_query": query}), SETTING)
    assert isinstance(found, Press)
    assert (found.action, found.turn_id, found.handle) == ("stop", "0123456789abcdef", "4242")
    assert (found.address.session, found.message_id) == ("telegram/-1001/5", "12")


# --- commands in odd places, and nothing marked ---------------------------------------------

PHOTO = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]


def captioned(caption: str, chat: dict[str, int]) -> Incoming | None:
    length = len(caption.split(maxsplit=1)[0])
    command = [{"type": "bot_command", "offset": 0, "length": length}]
    return loose(text=None, caption=caption, caption_entities=command, photo=PHOTO, chat=chat)


@pytest.mark.parametrize("chat", [{"id": 501}, {"id": -1001}])
def test_a_question_under_a_picture_keeps_the_picture_and_its_preset(chat):
    found = captioned("/ask preset:fast what is this?", chat)
    assert isinstance(found, Message)
    assert (found.text, found.preset, found.addressed) == ("what is this?", "fast", True)
    assert len(found.attachments) == 1


def test_other_commands_under_a_picture_are_commands():
    for found in (captioned("/stop", {"id": 501}), captioned("/stop@moa_bot", {"id": -1001})):
        assert isinstance(found, Command)
        assert (found.name, found.args) == ("stop", "")
    assert captioned("/stop", {"id": -1001}) is None
    assert captioned("/ask@other_bot what?", {"id": -1001}) is None


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@moa_bot /moa review", ("moa", "review")),
        ("👍 @Moa_Bot, /stop", None),
        ("@moa_bot /stop", ("stop", "")),
        ("/moa review", ("moa", "review")),
        ("/stop@MOA_BOT", ("stop", "")),
        ("hi @moa_bot /stop", None),
    ],
)
def test_a_command_after_the_bot_s_name_and_one_that_is_not_marked_are_commands(text, said, marked):
    mention, command = text.lower().find("@moa_bot"), text.find("/")
    marks = [{"type": "bot_command", "offset": command, "length": len(text[command:].split()[0])}]
    if mention >= 0 and "/stop@" not in text.lower():
        at = len(text[:mention].encode("utf-16-le")) // 2
        marks += [{"type": "mention", "offset": at, "length": 8}]
    if text.startswith("👍"):
        marks[0]["offset"] += 1
    found = loose(chat={"id": -1001}, text=text, **({"entities": marks} if marked else {}))
    if said is None:
        assert isinstance(found, Message)
        assert found.addressed
    else:
        assert isinstance(found, Command)
        assert (found.name, found.args) == said


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("@moa_bot hi", "hi"),
        ("👍 @Moa_Bot: hi", "👍 : hi"),
        ("so, @moa_bot?", "so, ?"),
        ("mail@moa_bot", None),
        ("@moa_bot_2 hi", None),
        ("/usr/bin/moa", None),
    ],
)
def test_a_mention_that_is_not_marked_is_found(text, read):
    found = loose(chat={"id": -1001}, text=text)
    assert isinstance(found, Message)
    assert found.addressed == (read is not None)
    assert found.text == (read or text)


# --- what it replies to ---------------------------------------------------------------------

BEN = {"id": 502, "is_bot": False, "first_name": "Ben", "last_name": "Wu"}
GROUP = {"id": -100123, "type": "supergroup", "title": "Team"}


def replying(**changed: object) -> Message:
    raw = {
        "message_id": 20,
        "date": 1_790_000_000,
        "chat": GROUP,
        "from": {"id": 501, "is_bot": False, "first_name": "Ana"},
        "text": "@Moa_Bot what now?",
    }
    found = normalise(read({"update_id": 9, "message": raw | changed}), SETTING)
    assert isinstance(found, Message)
    return found


def earlier(**changed: object) -> dict[str, object]:
    raw = {"message_id": 19, "date": 1_790_000_000, "chat": GROUP, "from": BEN}
    return raw | {"text": "The train is late."} | changed


def test_what_it_replies_to_is_read():
    said = replying(reply_to_message=earlier()).answers
    assert said == Said(
        speaker=Speaker(id="502", name="Ben Wu"), text="The train is late.", message_id="19"
    )
    assert replying().answers is None


def test_the_words_that_were_marked_in_it_count_alone():
    said = replying(
        reply_to_message=earlier(), quote={"text": "late", "position": 13, "is_manual": True}
    ).answers
    assert said is not None
    assert said.text == "late"


def test_a_reply_to_the_bot_or_to_a_picture_says_so():
    me = {"id": 700, "is_bot": True, "first_name": "Moa"}
    said = replying(reply_to_message=earlier(**{"from": me})).answers
    assert said is not None
    assert said.own
    sizes = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
    picture = {key: each for key, each in earlier().items() if key != "text"} | {"photo": sizes}
    shown = replying(reply_to_message=picture).answers
    assert shown is not None
    assert shown.text == "[photo.jpg]"


def test_in_a_topic_its_first_message_is_no_reply():
    opened = earlier(forum_topic_created={"name": "Trains", "icon_color": 7322096})
    assert replying(reply_to_message=opened).answers is None


@pytest.mark.parametrize(
    ("origin", "speaker"),
    [
        ({"type": "user", "sender_user": BEN}, Speaker(id="502", name="Ben Wu")),
        (
            {"type": "hidden_user", "sender_user_name": "Somebody"},
            Speaker(id="hidden", name="Somebody"),
        ),
        ({"type": "chat", "sender_chat": GROUP}, Speaker(id="-100123", name="Team")),
        (
            {"type": "channel", "chat": GROUP | {"type": "channel"}, "message_id": 4},
            Speaker(id="-100123", name="Team"),
        ),
    ],
)
def test_a_reply_to_another_chat_brings_the_words_that_are_shown(origin, speaker):
    elsewhere = {"origin": origin | {"date": 1_790_000_000}}
    quote = {"text": "The train is late.", "position": 0}
    said = replying(external_reply=elsewhere, quote=quote).answers
    assert said == Said(speaker=speaker, text="The train is late.")
    assert replying(external_reply=elsewhere).answers is None
