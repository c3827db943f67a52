"""Shows that each menu of Telegram has what everybody who sees it may give."""

from __future__ import annotations

from adapters.chat.telegram.menus import menus
from core.menu import MENU


def names(scope: str) -> set[str]:
    return {each["command"] for each in menus()[scope]}


def test_a_menu_has_what_everybody_there_may_give_in_some_form():
    for_all = {each.name for each in MENU if each.who in {"anybody", "members", "oneself", "asker"}}
    assert names("all_private_chats") == names("all_group_chats") == for_all
    admins = {each.name for each in MENU if each.who == "admins"}
    assert names("all_chat_administrators") == for_all | admins
    assert "quiet" in admins
    assert "budget" not in names("all_chat_administrators")


def test_what_telegram_takes_of_a_command_is_kept_to():
    for each in (one for menu in menus().values() for one in menu):
        assert 1 <= len(each["description"]) <= 256
        assert each["command"].islower()
        assert len(each["command"]) <= 32
