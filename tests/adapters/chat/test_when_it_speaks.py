"""Shows of every platform's own messages, in every situation, when the bot would speak.

What a platform sends is read as it is, and what comes of it is held against what people were
promised (`design/surface.md`, "When it speaks"), not against the table that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import msgspec
import pytest

from adapters.chat.discord import normalise as discord
from adapters.chat.discord import shapes
from adapters.chat.discord.places import DM, Place, Places
from adapters.chat.slack import normalise as slack
from adapters.chat.slack.wire import Callback, Person
from adapters.chat.slack.wire import Me as SlackMe
from adapters.chat.telegram.account import Me
from adapters.chat.telegram.arrivals import Setting
from adapters.chat.telegram.normalise import normalise
from adapters.chat.telegram.reading import read
from core.access import Access
from core.policy import depends_on_owner, situation, verdict
from core.types import Message

Who = Literal["member", "guest", "outsider", "denied", "bot", "named bot", "itself", "echo"]
WHO: tuple[Who, ...] = (
    *("member", "guest", "outsider", "denied", "bot", "named bot", "itself", "echo"),
)
Where = Literal["direct", "room", "thread"]
Reply = Literal["nobody", "bot", "other"]
WHERE: tuple[Where, ...] = ("direct", "room", "thread")
REPLIES: tuple[Reply, ...] = ("nobody", "bot", "other")
LISTEN, THREADS, YES_NO = ("mention", "all"), ("owned", "mention"), (False, True)
IDS = {"member": "501", "guest": "502", "outsider": "503", "denied": "504", "bot": "505"}
IDS |= {"named bot": "506", "itself": "777", "echo": "505"}
OTHER, ME = "509", "777"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says something where; `mention`: with the bot's name. Others are people."""

    who: Who
    where: Where
    mention: bool = False
    reply: Reply = "nobody"
    names_other: bool = False
    in_slack: bool = False

    @property
    def to_me(self) -> bool:
        """Whether it speaks to the bot.

        A reply in Slack is whatever stands in a thread that somebody began, so there one that
        names another is said to them.
        """
        replied = self.reply == "bot" and not (self.in_slack and self.names_other)
        return self.where == "direct" or self.mention or replied

    @property
    def to_others(self) -> bool:
        return self.names_other or self.reply == "other"


# --- as the platforms send it ----------------------------------------------------------------


def telegram(said: Said) -> Message | None:
    text = "@moa_bot " * said.mention + "@other_one " * said.names_other + "hello"
    spans = ((text.find(name), len(name)) for name in ("@moa_bot", "@other_one"))
    entities = [{"type": "mention", "offset": at, "length": long} for at, long in spans if at >= 0]
    user = {"id": int(IDS[said.who]), "is_bot": "bot" in said.who, "first_name": "X"}
    message: dict[str, Any] = {
        "message_id": 9,
        "date": 1_700_000_000,
        "text": text,
        "entities": entities,
        "from": user,
        "chat": {"id": 501, "type": "private"}
        if said.where == "direct"
        else {"id": -1001, "type": "supergroup"},
    }
    if said.who == "echo":
        message["via_bot"] = {"id": int(ME), "is_bot": True, "first_name": "MoA"}
    if said.where == "thread":
        message |= {"message_thread_id": 5, "is_topic_message": True}
    if said.reply != "nobody":
        author = {"id": int(ME if said.reply == "bot" else OTHER), "is_bot": said.reply == "bot"}
        message["reply_to_message"] = {
            "message_id": 8,
            "date": 1_700_000_000,
            "text": "before",
            "chat": message["chat"],
            "from": author | {"first_name": "Y"},
        }
    setting = Setting(platform="p", me=Me(id=int(ME), username="moa_bot", reads_all=True), now=1)
    found = normalise(read({"update_id": 1, "message": message}), setting)
    assert found is None or isinstance(found, Message)
    return found


def discord_(said: Said) -> Message | None:
    mentions = [ME] * said.mention + [OTHER] * said.names_other
    raw: dict[str, Any] = {
        "id": "9000",
        "channel_id": {"direct": "d", "room": "c", "thread": "t"}[said.where],
        "author": {"id": IDS[said.who], "username": "X", "bot": "bot" in said.who},
        "content": "".join(f"<@{each}> " for each in mentions) + "hello",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "mentions": [{"id": each, "username": "Y"} for each in mentions],
    }
    if said.who == "echo":
        raw |= {"webhook_id": "888", "application_id": "888"}
    if said.reply != "nobody":
        author = {"id": ME if said.reply == "bot" else OTHER, "username": "Y"}
        raw |= {
            "type": 19,
            "message_reference": {"message_id": "8000", "channel_id": raw["channel_id"]},
            "referenced_message": {"id": "8000", "author": author},
        }
    place = {"direct": DM, "room": Place("open", "g"), "thread": Place("thread", "g", "c")}
    setting = discord.Setting(platform="p", me=ME, places=Places(), application="888")
    return discord.message_of(shapes.read(raw, shapes.Message), place[said.where], setting)


def slack_(said: Said) -> Message | None:
    event: dict[str, Any] = {
        "type": "message",
        "channel": "D1" if said.where == "direct" else "C1",
        "channel_type": "im" if said.where == "direct" else "channel",
        "user": f"U{IDS[said.who]}",
        "ts": "1700000000.000200",
        "text": f"<@U{ME}> " * said.mention + f"<@U{OTHER}> " * said.names_other + "hello",
    }
    if "bot" in said.who or said.who == "echo":
        event |= {"bot_id": f"B{IDS[said.who]}", "app_id": "A9" if said.who == "echo" else "A1"}
    if said.where == "thread" or said.reply != "nobody":
        event["thread_ts"] = "1700000000.000100"
        event["parent_user_id"] = f"U{ME if said.reply == 'bot' else OTHER}"
    callback = msgspec.convert({"event": event, "team_id": "T1", "api_app_id": "A9"}, Callback)
    me = SlackMe(user=f"U{ME}", bot=f"B{ME}", team="T1")
    if not slack.is_message(callback.event, me):
        return None
    people = {f"U{IDS[said.who]}": Person(guest=said.who == "guest")}
    return slack.message("p", callback, me, people)


PLATFORMS: Mapping[str, Callable[[Said], Message | None]] = {
    "telegram": telegram,
    "discord": discord_,
    "slack": slack_,
}
NAMED = {f"p:{kind}{IDS[who]}" for who in ("member", "named bot", "itself") for kind in ("", "U")}
DENIED = frozenset({f"p:{IDS['denied']}", f"p:U{IDS['denied']}"})
ACCESS = Access(allow=frozenset(NAMED) | DENIED, deny=DENIED)
WORKSPACE = Access(allow=frozenset({"p:T1", "p:U506"}), deny=DENIED)


def everything(
    platform: str, access: Access = ACCESS
) -> Iterator[tuple[Said, dict[str, Any], bool, str]]:
    """Give (what is said, the settings there, whether the thread is its own, what becomes)."""
    for who, where, mention, reply, other in product(WHO, WHERE, YES_NO, REPLIES, YES_NO):
        if platform == "slack" and reply != "nobody" and where != "thread":
            continue  # there, a reply is what stands in a thread
        if platform == "slack" and reply == "other":
            continue  # and nobody in particular is replied to in one
        said = Said(
            who=who,
            where=where,
            mention=mention,
            reply=reply,
            names_other=other,
            in_slack=platform == "slack",
        )
        message = PLATFORMS[platform](said)
        for listen, threads, quiet, owned in product(
            LISTEN, THREADS, YES_NO, YES_NO if where == "thread" else (False,)
        ):
            settings = {"listen": listen, "threads": threads, "quiet": quiet}
            yield said, settings, owned, decided(message, access, settings, owned=owned)


def decided(
    message: Message | None, access: Access, settings: dict[str, Any], *, owned: bool
) -> str:
    if message is None:
        return "ignore"
    role = access.role(message.author, message.address, direct=message.direct)
    here = situation(message, role, **settings)
    return verdict(here, owned=owned and depends_on_owner(here))


@pytest.fixture(params=PLATFORMS)
def all_of(request):
    return list(everything(request.param))


def test_it_never_hears_itself_nor_a_bot_that_nobody_named(all_of):
    for said, _, _, became in all_of:
        if said.who in {"itself", "echo", "bot"}:
            assert became == "ignore", said


def test_whoever_may_ask_it_is_answered_when_they_speak_to_it(all_of):
    for said, _, _, became in all_of:
        if said.who in {"member", "named bot"} and said.to_me:
            assert became == "answer", said


def test_nobody_else_is_answered_or_kept(all_of):
    for said, _, _, became in all_of:
        if said.who in {"outsider", "denied"} and became != "ignore":
            assert (became, said.to_me) == ("refuse", True), said


def test_what_is_said_among_people_is_neither_answered_nor_kept(all_of):
    for said, settings, owned, became in all_of:
        its_own = said.where == "thread" and owned and settings["threads"] == "owned"
        if not said.to_me and settings["listen"] == "mention" and not its_own:
            assert became == "ignore", (said, settings)


def test_what_is_said_to_somebody_else_is_never_answered(all_of):
    for said, settings, _, became in all_of:
        if said.to_others and not said.to_me:
            assert became in {"ignore", "observe"}, (said, settings)


def test_in_a_thread_of_its_own_people_need_not_mention_it(all_of):
    for said, settings, owned, became in all_of:
        its_own = said.where == "thread" and owned and settings["threads"] == "owned"
        if said.who == "member" and its_own and not settings["quiet"]:
            assert became == ("observe" if said.to_others and not said.to_me else "answer")


def test_where_it_is_quiet_it_speaks_when_it_is_spoken_to(all_of):
    for said, settings, _, became in all_of:
        if settings["quiet"] and not said.to_me:
            assert became == "ignore", said


def test_a_guest_of_a_slack_workspace_is_not_let_in_with_it():
    for said, _, _, became in everything("slack", WORKSPACE):
        if said.who == "member" and said.to_me:
            assert became == "answer"
        if said.who == "guest":
            assert became == ("refuse" if said.to_me else "ignore")
