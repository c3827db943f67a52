"""The methods that write: send, edit, delete, draft, react, and show that something goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.telegram.call import Call
from tests.simulators.telegram.flood import Flood
from tests.simulators.telegram.keyboards import keyboard
from tests.simulators.telegram.reactions import reactions
from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.rights import chat_of, own_message, reply_of, thread_of
from tests.simulators.telegram.state import Chat, Draft, File, Sent, Wire, World, message_wire
from tests.simulators.telegram.texts import (
    LONGEST,
    LONGEST_CAPTION,
    Formatted,
    formatted,
    units,
)

DOING = """
    typing upload_photo record_video upload_video record_voice upload_voice
    upload_document choose_sticker find_location record_video_note upload_video_note
"""
ACTIONS = frozenset(DOING.split())
OPTIONS = ("link_preview_options", "disable_notification", "protect_content", "parse_mode")
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
BIGGEST = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What the bot does to the world by writing. `now` is the loop's time, `wall` in seconds."""

    world: World
    flood: Flood
    now: Callable[[], float]
    wall: Callable[[], int]

    def send_message(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        found = self._text(call, "text", "entities")
        if units(found.text) > LONGEST:
            raise bad("message is too long")
        return self._send(chat, call, found)

    def send_document(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        found = self._text(call, "caption", "caption_entities", empty=True)
        if units(found.text) > LONGEST_CAPTION:
            raise bad("message caption is too long")
        name = call.text("document").removeprefix("attach://") or "document"
        file = call.files.get(name)
        if file is None:
            known = self.world.files.get(name)
            if known is None:
                raise bad("there is no document in the request")
            file = known[1]
        if not file.content:
            raise bad("file must be non-empty")
        if len(file.content) > BIGGEST:
            raise bad("file is too big")
        document = keep_file(self.world, file)
        return self._send(chat, call, found, files=(file,), extra={"document": document})

    def _text(self, call: Call, name: str, entities: str, *, empty: bool = False) -> Formatted:
        given = call.sequence(entities)
        return formatted(call.text(name), call.text("parse_mode"), given, empty=empty)

    def _send(
        self,
        chat: Chat,
        call: Call,
        found: Formatted,
        *,
        files: tuple[File, ...] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> Wire:
        reply = reply_of(chat, call)
        thread = thread_of(chat, call, reply)
        markup = keyboard(call.mapping("reply_markup"))
        self.flood.message(chat, call.at)
        sent = Sent(
            id=self.world.message_id(chat),
            sender=self.world.bot,
            date=self.wall(),
            at=self.now(),
            text=found.text,
            entities=found.entities,
            markup=markup,
            thread=thread,
            in_topic=thread in chat.topics,
            reply_to=reply.id if reply is not None else None,
            files=files,
            extra=dict(extra or {}),
            silent=call.truth("disable_notification"),
            options={
                name: call.json(name) if name == OPTIONS[0] else call.text(name)
                for name in OPTIONS
                if name in call.params
            },
        )
        chat.drafts.pop(thread, None)
        return message_wire(chat, self.world.put(chat, sent))

    def edit_message_text(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        sent = own_message(self.world, chat, call, "edit")
        if sent.files:
            raise bad("there is no text in the message to edit")
        found = self._text(call, "text", "entities")
        if units(found.text) > LONGEST:
            raise bad("MESSAGE_TOO_LONG")
        markup = keyboard(call.mapping("reply_markup"))
        before = (sent.text, list(sent.entities), sent.markup)
        if before == (found.text, list(found.entities), markup):
            raise bad(NOT_MODIFIED)
        self.flood.message(chat, call.at)
        sent.text, sent.entities = found.text, found.entities
        return self._edited(chat, sent, markup)

    def edit_message_reply_markup(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        sent = own_message(self.world, chat, call, "edit")
        markup = keyboard(call.mapping("reply_markup"))
        if markup == sent.markup:
            raise bad(NOT_MODIFIED)
        self.flood.message(chat, call.at)
        return self._edited(chat, sent, markup)

    def _edited(self, chat: Chat, sent: Sent, markup: Wire | None) -> Wire:
        sent.markup = markup
        sent.edit_date = self.wall()
        sent.versions.append((self.now(), sent.text))
        return message_wire(chat, sent)

    def delete_message(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        number = call.number("message_id")
        if number not in chat.messages:
            raise bad("message to delete not found")
        theirs = chat.messages[number].sender.id != self.world.bot.id
        if theirs and not chat.private and int(self.world.bot.id) not in chat.admins:
            raise bad("message can't be deleted")
        del chat.messages[number]
        return True

    def send_message_draft(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        number = call.needed("draft_id")
        if number == 0:
            raise bad("draft_id must be non-zero")
        if not chat.private:
            raise bad("TEXTDRAFT_PEER_INVALID")
        found = self._text(call, "text", "entities", empty=True)
        if units(found.text) > LONGEST:
            raise bad("message is too long")
        thread = thread_of(chat, call)
        self.flood.draft(chat, call.at)
        before = chat.drafts.get(thread)
        if before is not None and before.id == number and before.stopped:
            return True
        chat.drafts[thread] = Draft(
            id=number,
            text=found.text,
            at=self.now(),
            entities=found.entities,
            can_stop=call.truth("can_stop"),
            keep_on_stop=call.truth("keep_on_stop"),
        )
        return True

    def send_chat_action(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        action = call.text("action")
        if action not in ACTIONS:
            raise bad("wrong parameter action in request")
        chat.actions.append((self.now(), action))
        return True

    def set_message_reaction(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        sent = chat.messages.get(call.needed("message_id"))
        if sent is None:
            raise bad("message to react not found")
        sent.reactions = reactions(call.sequence("reaction") or [])
        return True


def keep_file(world: World, file: File) -> Wire:
    """Give a file an id by which it is fetched and sent again."""
    unique = f"file{world.number()}"
    world.files[unique] = (f"documents/{unique}_{file.name}", file)
    return {
        "file_id": unique,
        "file_unique_id": f"u{unique}",
        "file_name": file.name,
        "mime_type": file.media_type,
        "file_size": len(file.content),
    }
