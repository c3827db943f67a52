"""What people do: say, send, command, change, press, stop. Each act makes its updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.patience import PATIENCE
from tests.simulators.telegram.account import Answered
from tests.simulators.telegram.crowd import Crowd
from tests.simulators.telegram.media import carried, named, poll, sticker
from tests.simulators.telegram.state import Chat, File, Person, Place, Sent, Wire, message_wire
from tests.simulators.telegram.texts import formatted, units

LONGEST = 4096


class People(Crowd):
    """Everybody but the bot, acting."""

    async def say(
        self,
        place: Place,
        person: Person,
        text: str,
        *,
        mention: bool = False,
        reply_to: str | None = None,
        thread: str | None = None,
        files: Sequence[File | tuple[str, bytes]] = (),
        ago: float = 0.0,
    ) -> str:
        """Send a message and give its id: the last one's where several are needed.

        `ago` seconds earlier: it waited for somebody to ask for it.

        As an app does it: a text that is too long goes out in several messages, each file in
        one of its own, the first of them with the text. A file of which only the name is known
        is a picture or a document by its name.
        """
        if mention:
            text = f"@{self.world.bot.username} {text}"
        chat, album = self.chat(place), {"media_group_id": str(self.world.number())}
        parts = _parts(text) if not files else [text, *[""] * (len(files) - 1)]
        last = ""
        whole = [each if isinstance(each, File) else named(*each) for each in files]
        for index, part in enumerate(parts):
            extra = carried(self.world, whole[index]) if whole else {}
            extra |= album if len(whole) > 1 else {}
            sent = self._put(chat, person, extra=extra, reply_to=reply_to, thread=thread)
            sent.date -= int(ago)
            sent.files = tuple(whole[index : index + 1])
            self._write(chat, sent, part, kind="message")
            last = str(sent.id)
        return last

    def _write(self, chat: Chat, sent: Sent, text: str, *, kind: str) -> None:
        found = formatted(text, "", None, empty=True)
        sent.text, sent.entities = found.text, found.entities
        sent.versions.append((self._now(), found.text))
        self._tell(chat, sent, kind=kind)

    async def command(
        self, place: Place, person: Person, name: str, args: str = "", *, thread: str | None = None
    ) -> str:
        """Give a command as the menu does: in groups with the bot's name."""
        at = "" if self.chat(place).private else f"@{self.world.bot.username}"
        return await self.say(place, person, f"/{name}{at} {args}".strip(), thread=thread)

    async def sticker(self, place: Place, person: Person, emoji: str = "👍") -> str:
        return self._special(place, person, sticker(self.world, emoji))

    async def poll(self, place: Place, person: Person, question: str, *options: str) -> str:
        return self._special(place, person, poll(self.world, question, options))

    def _special(self, place: Place, person: Person, extra: Wire) -> str:
        chat = self.chat(place)
        sent = self._put(chat, person, extra=extra)
        self._tell(chat, sent)
        return str(sent.id)

    async def edit(self, place: Place, message_id: str, text: str) -> None:
        """Let somebody change what they wrote."""
        chat = self.chat(place)
        sent = chat.messages[int(message_id)]
        sent.edit_date = self._wall()
        self._write(chat, sent, text, kind="edited_message")

    async def delete(self, place: Place, message_id: str) -> None:
        """Let a message be deleted, whosever it is; the bot is told nothing."""
        del self.chat(place).messages[int(message_id)]
        self.changes.tell()

    async def press(
        self,
        place: Place,
        person: Person,
        message_id: str,
        label: str,
        *,
        seconds: float = PATIENCE,
    ) -> str:
        """Press a button by its label or a part of it; gives what the presser alone then reads.

        Raises:
            LookupError: there is no such button.
            TimeoutError: the press was never answered.
        """
        chat = self.chat(place)
        sent = chat.messages[int(message_id)]
        buttons = {str(each["text"]): each for row in sent.buttons for each in row}
        near = [text for text in buttons if label in text]
        if not near:
            raise LookupError(f"no {label!r} among {list(buttons)}")
        button = buttons.get(label, buttons[near[0]])
        query = str(self.world.number())
        answered = self.account.presses[query] = Answered(presser=person)
        self.updates.add(
            "callback_query",
            {
                "id": query,
                "from": person.wire,
                "chat_instance": str(chat.id),
                "message": message_wire(chat, sent),
                "data": button.get("callback_data", ""),
            },
        )
        await self.changes.until(lambda: answered.text is not None, seconds=seconds)
        return answered.text or ""

    async def native_stop(self, place: Place, person: Person, *, thread: str | None = None) -> None:
        """Press the Stop of the draft that is shown.

        Raises:
            LookupError: no draft is shown that can be stopped.
        """
        chat, key = self.chat(place), None if thread is None else int(thread)
        draft = chat.draft(key, self._now())
        if draft is None or not draft.can_stop or draft.stopped:
            raise LookupError("no draft is shown that can be stopped")
        chat.drafts[key] = replace(draft, stopped=True)
        stopped: Wire = {"chat": chat.wire, "draft_id": draft.id}
        self.updates.add(
            "stopped_message_generation",
            stopped | ({"message_thread_id": key} if key is not None else {}),
        )


def _parts(text: str) -> Sequence[str]:
    """Cut a text as an app does before it sends it."""
    parts, rest = [], text
    while units(rest) > LONGEST:
        size = LONGEST
        while units(rest[:size]) > LONGEST:
            size -= 1
        parts.append(rest[:size])
        rest = rest[size:]
    return [*parts, rest]
