"""The methods about the account itself: who it is, its menu, its chats, files and webhook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulators.telegram.call import Call
from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.rights import chat_of
from tests.simulators.telegram.state import Chat, Person, Wire, World
from tests.simulators.telegram.updates import Updates, Webhook

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MOST_COMMANDS = 100
LONGEST_SUMMARY = 256
SCOPES: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
LONGEST_ANSWER = 200
RIGHTS = """
    can_be_edited can_manage_chat can_delete_messages can_manage_video_chats
    can_restrict_members can_promote_members can_change_info can_invite_users
    can_post_stories can_edit_stories can_delete_stories is_anonymous
"""


@dataclass(slots=True, kw_only=True)
class Answered:
    """What became of a press: the words that its presser alone sees, once answered."""

    presser: Person
    text: str | None = None
    alert: bool = False


@dataclass(slots=True, kw_only=True)
class Account:
    """The bot's own affairs. `commands` are by scope and language."""

    world: World
    updates: Updates
    privacy: bool = True
    topics: bool = False
    commands: dict[tuple[str, str], list[Wire]] = field(default_factory=dict)
    presses: dict[str, Answered] = field(default_factory=dict)

    def get_me(self, call: Call) -> Wire:
        return self.world.bot.wire | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": self.topics,
            "allows_users_to_create_topics": self.topics,
        }

    async def get_updates(self, call: Call) -> list[Wire]:
        self.updates.allow(call.sequence("allowed_updates"))
        seconds = max(0, min(50, call.number("timeout") or 0))
        limit = call.number("limit") or 100
        return list(await self.updates.poll(call.number("offset") or 0, limit, seconds))

    def set_webhook(self, call: Call) -> bool:
        url, secret = call.text("url"), call.text("secret_token")
        if not url:
            return self.delete_webhook(call)
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        self.updates.allow(call.sequence("allowed_updates"))
        if call.truth("drop_pending_updates"):
            self.updates.pending.clear()
        self.updates.hook(Webhook(url=url, secret=secret))
        return True

    def delete_webhook(self, call: Call) -> bool:
        if call.truth("drop_pending_updates"):
            self.updates.pending.clear()
        self.updates.hook(None)
        return True

    def get_webhook_info(self, call: Call) -> Wire:
        hook, error = self.updates.webhook, self.updates.last_error
        info: Wire = {
            "url": hook.url if hook is not None else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates.pending),
        }
        if hook is not None and error:
            info |= {"last_error_date": self.updates.last_error_at, "last_error_message": error}
        if self.updates.asked:
            info["allowed_updates"] = list(self.updates.asked)
        return info

    def answer_callback_query(self, call: Call) -> bool:
        found = self.presses.get(call.text("callback_query_id"))
        if found is None or found.text is not None:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        text = call.text("text")
        if len(text) > LONGEST_ANSWER:
            raise bad("MESSAGE_TOO_LONG")
        found.text, found.alert = text, call.truth("show_alert")
        return True

    def set_my_commands(self, call: Call) -> bool:
        given = call.sequence("commands")
        if given is None:
            raise bad("commands must be non-empty")
        if len(given) > MOST_COMMANDS:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for each in given:
            if not COMMAND.fullmatch(str(each.get("command", "")).removeprefix("/")):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(str(each.get("description", ""))) <= LONGEST_SUMMARY:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[self._scope(call)] = given
        return True

    def get_my_commands(self, call: Call) -> list[Wire]:
        return self.commands.get(self._scope(call), [])

    def delete_my_commands(self, call: Call) -> bool:
        self.commands.pop(self._scope(call), None)
        return True

    def _scope(self, call: Call) -> tuple[str, str]:
        scope = call.mapping("scope") or {"type": "default"}
        kind = str(scope.get("type"))
        if kind not in SCOPES:
            raise bad("can't parse BotCommandScope: Unsupported type specified")
        if any(name not in scope for name in SCOPES[kind]):
            raise bad("chat not found")
        language = call.text("language_code")
        if language and not re.fullmatch(r"[a-z]{2}", language):
            raise bad("invalid language code specified")
        parts = [kind, *(str(scope[name]) for name in SCOPES[kind])]
        return ":".join(parts), language

    def get_chat(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        return chat.wire | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False,
                "limited_gifts": False,
                "unique_gifts": False,
                "premium_subscription": False,
                "gifts_from_channels": False,
            },
        }

    def get_chat_member(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        person = self.world.people.get(call.needed("user_id"))
        if person is None:
            raise bad("invalid user_id specified")
        return self.member(chat, person)

    def get_chat_administrators(self, call: Call) -> list[Wire]:
        chat = chat_of(self.world, call)
        if chat.private:
            raise bad("there are no administrators in the private chat")
        return [self.member(chat, chat.members[number]) for number in sorted(chat.admins)]

    def member(self, chat: Chat, person: Person) -> Wire:
        """Give the standing of somebody in a chat; admins have no right but to be."""
        number = int(person.id)
        if number not in chat.members:
            return {"user": person.wire, "status": "left"}
        if number not in chat.admins:
            return {"user": person.wire, "status": "member"}
        return {"user": person.wire, "status": "administrator"} | dict.fromkeys(
            RIGHTS.split(), False
        )

    def leave_chat(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        if chat.private:
            raise bad("chat not found")
        chat.left = True
        chat.members.pop(int(self.world.bot.id), None)
        chat.admins.discard(int(self.world.bot.id))
        return True

    def get_file(self, call: Call) -> Wire:
        unique = call.text("file_id")
        if unique not in self.world.files:
            raise bad("wrong file_id or the file is temporarily unavailable")
        path, file = self.world.files[unique]
        if len(file.content) > 20 * 1024 * 1024:
            raise bad("file is too big")
        size = len(file.content)
        return {
            "file_id": unique,
            "file_unique_id": f"u{unique}",
            "file_size": size,
            "file_path": path,
        }
