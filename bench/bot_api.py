"""A Bot API that does nothing but take messages and keep time, in a process of its own.

It speaks just enough HTTP to cost little: a real client library talks to it, and what is measured
is the client. With `--limits` it refuses what Telegram refuses: more than 30 messages and edits
a second in the whole account. `POST /ask` lets people ask and answers when all have theirs.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from subprocess import PIPE, Popen
from time import time
from typing import Any, cast
from urllib.parse import parse_qs

from typing_extensions import override

from bench.scene import QUESTION, WORD
from tests.simulators.base import Window

TOKEN = "7000000001:AAF-simulated_token_of_nobody_00000"  # noqa: S105 - of nobody
BOT = {"id": 7000000001, "is_bot": True, "first_name": "MoA", "username": "moa_bench_bot"}
LENGTH = re.compile(rb"content-length: ?(\d+)", re.IGNORECASE)
HEAD = "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LIMIT, PERIOD = 30, 1.0
BATCH = 100
SENDS = {"sendMessage", "editMessageText"}
Answer = Callable[[str, bytes], None]


@dataclass(slots=True, kw_only=True)
class Chat:
    """What one person saw. Times are `time.monotonic`, which all processes share."""

    id: int
    asked: float
    first: float = 0.0
    final: float = 0.0
    sends: int = 0
    drafts: int = 0


@dataclass(slots=True)
class Account:
    """The bot's chats, and the people who ask in them."""

    limited: bool
    chats: dict[int, Chat] = field(default_factory=dict)
    refused: int = 0
    polled: float = 0.0
    _updates: list[Any] = field(default_factory=list)
    _number: int = 0
    _words: int = 0
    _poll: Answer | None = None
    _asker: Answer | None = None
    _window: Window = field(default_factory=lambda: Window(LIMIT, PERIOD))

    def call(self, method: str, body: bytes, answer: Answer) -> None:
        """Do what is asked, now or later."""
        if method == "ask":
            self._ask(json.loads(body), answer)
        elif method == "account":
            _say(answer, {"polled": self.polled, "refused": self.refused})
        elif method == "getUpdates":
            self._updates_from(_form(body), answer)
        elif method in SENDS:
            self._take(method, _form(body), answer)
        elif method == "sendMessageDraft":
            self._draft(_form(body))
            _done(answer, True)
        else:
            _done(answer, BOT if method == "getMe" else True)

    # --- people ------------------------------------------------------------------------------

    def _ask(self, wanted: Mapping[str, Any], answer: Answer) -> None:
        """Let `chats` ask at once; each waits for an answer of `words` words."""
        now = _now()
        self._asker, self._words = answer, wanted["words"]
        self.chats = {number: Chat(id=number, asked=now) for number in wanted["chats"]}
        for number in self.chats:
            self._number += 1
            person = {"id": number, "first_name": f"P{number}", "is_bot": False}
            message = {
                "message_id": self._number,
                "from": person,
                "chat": {"id": number, "type": "private", "first_name": f"P{number}"},
                "date": int(time()),  # what is older than an hour is asked about, not answered
                "text": f"{self._number}: {QUESTION}",
            }
            self._updates.append({"update_id": self._number, "message": message})
        self._deliver()

    def _updates_from(self, values: Mapping[str, str], answer: Answer) -> None:
        self.polled = self.polled or _now()
        offset = int(values.get("offset", 0))
        self._updates = [each for each in self._updates if each["update_id"] >= offset]
        self._poll = answer
        seconds = float(values.get("timeout", 0))
        asyncio.get_running_loop().call_later(seconds, self._end_poll, answer)
        self._deliver()

    def _end_poll(self, poll: Answer) -> None:
        if self._poll is poll:
            self._poll = None
            _done(poll, [])

    def _deliver(self) -> None:
        if self._poll is not None and self._updates:
            answer, self._poll = self._poll, None
            _done(answer, self._updates[:BATCH])

    # --- the bot -----------------------------------------------------------------------------

    def _take(self, method: str, values: Mapping[str, str], answer: Answer) -> None:
        wait = self._window.take(_now()) if self.limited else 0.0
        if wait:
            self.refused += 1
            seconds = int(wait) + 1
            words = f"Too Many Requests: retry after {seconds}"
            error = {"ok": False, "error_code": 429, "description": words}
            answer("429 Too Many Requests", _json(error | {"parameters": {"retry_after": seconds}}))
            return
        self._number += method == "sendMessage"
        number, text = int(values["chat_id"]), values["text"]
        chat = {"id": number, "type": "private", "first_name": f"P{number}"}
        message = {"message_id": self._number, "from": BOT, "chat": chat, "date": 1790000000}
        entities = json.loads(values.get("entities", "[]"))
        _done(answer, message | {"text": text, "entities": entities})
        found = self.chats.get(number)
        if found is not None:
            found.sends += 1
            self._read(found, text, whole="stop:" not in values.get("reply_markup", ""))

    def _draft(self, values: Mapping[str, str]) -> None:
        found = self.chats.get(int(values["chat_id"]))
        if found is not None:
            found.drafts += 1
            self._read(found, values.get("text", ""), whole=False)

    def _read(self, chat: Chat, text: str, *, whole: bool) -> None:
        """Notice the first words of the answer, and all of them; a panel begins otherwise."""
        if not text.startswith(WORD.strip()):
            return
        chat.first = chat.first or _now()
        if whole and not chat.final and text.count(WORD.strip()) >= self._words:
            chat.final = _now()
        if self._asker is not None and all(each.final for each in self.chats.values()):
            answer, self._asker = self._asker, None
            _say(answer, [asdict(each) for each in self.chats.values()])


def _now() -> float:
    return asyncio.get_running_loop().time()


def _form(body: bytes) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(body.decode()).items()}


def _json(found: object) -> bytes:
    return json.dumps(found).encode()


def _say(answer: Answer, found: object) -> None:
    answer("200 OK", _json(found))


def _done(answer: Answer, result: object) -> None:
    _say(answer, {"ok": True, "result": result})


class Wire(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._buffer = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not found or (length is not None and len(body) < int(length[1])):
            return
        self._buffer = b""
        path = head.split(b" ", 2)[1].decode()
        self._account.call(path.rpartition("/")[2], body, self._answer)

    def _answer(self, status: str, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write((HEAD % (status, len(body))).encode() + body)


@contextmanager
def bot_api(*, limits: bool = False, module: str = "bench.bot_api") -> Iterator[str]:
    """Run one in a child process; give its address."""
    command = [sys.executable, "-m", module, *(["--limits"] if limits else [])]
    with Popen(command, stdin=PIPE, stdout=PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield child.stdout.readline().decode().strip()
        finally:
            child.stdin.close()  # it ends with its parent, however that ends


async def serve(account: Account) -> None:
    """Serve on loopback until nobody holds the other end of stdin."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wire(account), "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Account("--limits" in sys.argv)))
