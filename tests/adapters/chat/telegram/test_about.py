"""Whom a command of Telegram names: their id where Telegram tells it, and never a user name."""

from __future__ import annotations

import pytest

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.arrivals import Setting
from adapters.chat.telegram.normalise import normalise
from adapters.chat.telegram.reading import read
from core.types import Command

ME = Me(id=700, username="Moa_Bot", reads_all=False)
SETTING = Setting(platform="telegram", me=ME, now=1)
LAB = {"id": -100, "type": "supergroup", "title": "Lab"}
EVE = {"id": 99, "is_bot": False, "first_name": "Eve 1m"}


def args(text: str, *entities: dict[str, object], **more: object) -> str:
    command = {"type": "bot_command", "offset": 0, "length": text.index(" ") if " " in text else 5}
    message = {
        "message_id": 5,
        "date": 1,
        "chat": LAB,
        "from": {"id": 11, "is_bot": False, "first_name": "Ann"},
        "text": text,
        "entities": [command, *entities],
        **more,
    }
    found = normalise(read({"update_id": 1, "message": message}), SETTING)
    assert isinstance(found, Command)
    return found.args


def test_a_mention_of_somebody_without_a_user_name_is_their_id_whatever_they_are_called():
    text = "/deny@Moa_Bot Eve 1m 2h"
    mention = {"type": "text_mention", "offset": 14, "length": 6, "user": EVE}
    assert args(text, mention) == "99 2h"


@pytest.mark.parametrize(("text", "said"), [("/deny@Moa_Bot 1h", "99 1h"), ("/deny@Moa_Bot", "99")])
def test_a_reply_names_whose_message_it_replies_to(text, said):
    replied = {"message_id": 4, "date": 1, "chat": LAB, "from": EVE, "text": "Buy this"}
    entity = {"type": "bot_command", "offset": 0, "length": 13}
    assert args(text, reply_to_message=replied, entities=[entity]) == said


def test_a_user_name_stays_one_and_an_id_is_what_it_says():
    replied = {"message_id": 4, "date": 1, "chat": LAB, "from": EVE, "text": "Buy this"}
    assert args("/deny@Moa_Bot @eve 1h") == "@eve 1h"
    assert args("/deny@Moa_Bot @eve 1h", reply_to_message=replied) == "@eve 1h"
    assert args("/deny@Moa_Bot 22 1h", reply_to_message=replied) == "22 1h"
