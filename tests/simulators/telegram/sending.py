"""The methods that put something new into a chat: messages, documents, drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.telegram.call import Call
from tests.simulators.telegram.keyboards import keyboard
from tests.simulators.telegram.media import keep_file
from tests.simulators.telegram.pen import Pen, options_of
from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.rights import chat_of, reply_of, thread_of
from tests.simulators.telegram.state import Chat, Draft, File, Sent, Wire, message_wire
from tests.simulators.telegram.texts import Formatted

BIGGEST = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending(Pen):
    """What the bot adds."""

    def send_message(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        return self._send(chat, call, self.text(call, too_long="message is too long"))

    def send_document(self, call: Call) -> Wire:
        chat = chat_of(self.world, call)
        found, file = self.caption(call), self._file(call)
        extra = {"document": keep_file(self.world, file)}
        return self._send(chat, call, found, files=(file,), extra=extra)

    def _file(self, call: Call) -> File:
        name = call.text("document").removeprefix("attach://") or "document"
        if name not in call.files and name not in self.world.files:
            given = call.text("document")
            raise bad(
                "wrong file identifier/HTTP URL specified"
                if given
                else "there is no document in the request"
            )
        file = call.files[name] if name in call.files else self.world.files[name][1]
        if not file.content:
            raise bad("file must be non-empty")
        if len(file.content) > BIGGEST:
            raise bad("file is too big")
        return file

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
        options = options_of(call)
        self.flood.message(chat, self.now())
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
            options=options,
            versions=[(self.now(), found.text)],
        )
        # Whatever really arrives takes the place of the draft.
        chat.drafts.pop(thread, None)
        return message_wire(chat, self.world.put(chat, sent))

    def send_message_draft(self, call: Call) -> bool:
        chat = chat_of(self.world, call)
        number = call.needed("draft_id")
        if number == 0:
            raise bad("draft_id must be non-zero")
        if not chat.private:
            raise bad("TEXTDRAFT_PEER_INVALID")
        found = self.text(call, too_long="message is too long", empty=True)
        thread = thread_of(chat, call)
        self.flood.draft(chat, self.now())
        before = chat.drafts.get(thread)
        if before is not None and before.id == number and before.stopped:
            return True
        now = self.now()
        chat.drafts[thread] = Draft(
            id=number,
            text=found.text,
            at=now,
            until=now + self.world.draft_seconds,
            entities=found.entities,
            can_stop=call.truth("can_stop"),
            keep_on_stop=call.truth("keep_on_stop"),
        )
        chat.drafted.append(chat.drafts[thread])
        return True
