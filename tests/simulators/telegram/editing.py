"""The methods that change what stands in a chat, and the gestures that leave no message."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulators.telegram.call import Call
from tests.simulators.telegram.keyboards import keyboard
from tests.simulators.telegram.pen import Pen, options_of
from tests.simulators.telegram.reactions import reactions
from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.rights import GENERAL, chat_of, own_message, thread_of
from tests.simulators.telegram.state import Chat, Sent, Wire, message_wire
from tests.simulators.telegram.texts import Formatted

DOING = """
    typing upload_photo record_video upload_video record_voice upload_voice
    upload_document choose_sticker find_location record_video_note upload_video_note
"""
ACTIONS = frozenset(DOING.split())
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing(Pen):
    """What the bot changes. An edit that changes nothing counts for the limits, too."""

    def edit_message_text(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        sent = own_message(self.world, chat, call, "edit")
        if sent.files:
            raise bad("there is no text in the message to edit")
        found = self.text(call, too_long="MESSAGE_TOO_LONG")
        return self._edit(chat, sent, call, found)

    def edit_message_caption(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        sent = own_message(self.world, chat, call, "edit")
        if not sent.files:
            raise bad("there is no caption in the message to edit")
        return self._edit(chat, sent, call, self.caption(call))

    def edit_message_reply_markup(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        sent = own_message(self.world, chat, call, "edit")
        return self._edit(chat, sent, call, None)

    def _edit(self, chat: Chat, sent: Sent, call: Call, found: Formatted | None) -> Wire:
        markup = keyboard(call.mapping("reply_markup"))
        if found is None:
            found = Formatted(text=sent.text, entities=sent.entities)
        else:
            sent.options = options_of(call)
        self.flood.message(chat, self.now())
        before = (sent.text, list(sent.entities), sent.markup)
        if before == (found.text, list(found.entities), markup):
            raise bad(NOT_MODIFIED)
        sent.text, sent.entities, sent.markup = found.text, found.entities, markup
        sent.edit_date = self.wall()
        sent.versions.append((self.now(), sent.text))
        return message_wire(chat, sent)

    def delete_message(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        number = call.number("message_id")
        if number is None or number not in chat.messages:
            raise bad("message to delete not found")
        if not self._deletable(chat, chat.messages[number]):
            raise bad("message can't be deleted")
        del chat.messages[number]
        return True

    def delete_messages(self, call: Call) -> bool:
        """Delete several; those that cannot be are left where they are."""
        chat = chat_of(self.world, call)
        for number in call.sequence("message_ids") or []:
            if number in chat.messages and self._deletable(chat, chat.messages[number]):
                del chat.messages[number]
        return True

    def _deletable(self, chat: Chat, sent: Sent) -> bool:
        ours = sent.sender.id == self.world.bot.id
        return ours or chat.private or int(self.world.bot.id) in chat.admins

    def send_chat_action(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        if call.number("message_thread_id") != GENERAL:
            thread_of(chat, call)
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
