"""Requests of python-telegram-bot over aiohttp.

Decides whether a request that failed may have been done: `NotSent` if it cannot have been,
`Unanswered` if nobody can tell. It never repeats a request, follows no redirect (the
token stands in the address) and takes no proxy from the environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import aiohttp
import msgspec
from telegram.error import NetworkError, RetryAfter
from telegram.request import BaseRequest, RequestData
from typing_extensions import override
from yarl import URL

from adapters.bounded import Bounded

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 180.0
KEEP_ALIVE_SECONDS: Final = 25.0
"""Shorter than servers keep idle connections, so that few requests meet a closed one."""

URLENCODED: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_LONGEST_WORDS: Final = 300
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_BAD_GATEWAY: Final = 502
_GATEWAY_TIMEOUT: Final = 504
_TOLD_APART: Final = frozenset({401, 403, 404, 408, 409, _TOO_MANY})
_WAIT: Final = re.compile(rb'"retry_after"\s*:\s*"?(\d{1,9})')
_WAIT_IN_WORDS: Final = re.compile(rb"retry after (\d{1,9})", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?\d{1,18}")


class NotSent(NetworkError):
    """No connection came about: whatever was asked for was not done."""


class Unanswered(NetworkError):
    """It was sent, and no answer came that can be read: perhaps it was done."""


class AiohttpRequest(BaseRequest):
    """A pool of connections of its own. It opens with the first request, and again after that.

    From `initialize` to `shutdown` it stays open; otherwise it closes with the last request.
    """

    __slots__ = ("_connections", "_kept", "_session", "_under_way")

    def __init__(self, *, connections: int) -> None:
        """Allow that many `connections` at once."""
        self._connections = connections
        self._kept = False
        self._under_way = 0
        self._session: aiohttp.ClientSession | None = None

    @property
    @override
    def read_timeout(self) -> float:
        return READ_SECONDS

    @override
    async def initialize(self) -> None:
        """Keep open what the first request opens."""
        self._kept = True

    @override
    async def shutdown(self) -> None:
        self._kept = False
        await self._close()

    async def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send a request and read the whole answer.

        Raises:
            NotSent: it was not done. Unanswered: perhaps it was. RetryAfter: not yet.
        """
        del write_timeout, pool_timeout  # the whole request has a limit, which covers both
        reading = _seconds(read_timeout, READ_SECONDS)
        body = _form(request_data)
        upload = 0.0 if isinstance(body, bytes) else UPLOAD_SECONDS
        timeout = aiohttp.ClientTimeout(
            total=reading + upload,
            sock_connect=_seconds(connect_timeout, CONNECT_SECONDS),
        )
        with _told_apart(reading):
            async with (
                self._held() as session,
                session.request(
                    method,
                    URL(url, encoded=True),
                    data=body,
                    headers=URLENCODED if isinstance(body, bytes) else None,
                    timeout=timeout,
                    allow_redirects=False,
                ) as response,
            ):
                said = await response.read()
                # A file may say anything.
                return (response.status, said) if method == "GET" else _answer(response, said)

    @staticmethod
    @override
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; whatever is no answer of the Bot API is an error, never a crash."""
        try:
            found = json.loads(payload)
        except (ValueError, RecursionError):
            raise Unanswered("the answer is no JSON") from None
        if not isinstance(found, dict):
            raise Unanswered("the answer is no JSON object")
        said = found.pop("description", None)
        if isinstance(said, str):
            found["description"] = " ".join(said.split())[:_LONGEST_WORDS]
        parameters = found.get("parameters")
        if parameters is not None:
            found["parameters"] = _moved(parameters)
        if "result" not in found:
            if found.get("ok"):
                raise Unanswered("the answer has no result")
            found.setdefault("result", None)
        return found

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Have it open for one request, and longer if it is kept or another has it, too."""
        self._under_way += 1
        try:
            yield self._opened()
        finally:
            self._under_way -= 1
            if not (self._kept or self._under_way):
                await self._close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "moa-gateway"},
                response_class=Bounded,
            )
        return self._session


@contextmanager
def _told_apart(seconds: float) -> Iterator[None]:
    """Say of a request that fails whether it may have been done; an answer had `seconds` to come.

    Raises:
        NotSent: it was not done. Unanswered: perhaps it was.
    """
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent(f"no connection ({type(error).__name__})") from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise NotSent("the base_url is no address") from None
    except TimeoutError:
        raise Unanswered(f"no answer in {seconds:.0f} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Unanswered(f"the connection broke ({type(error).__name__})") from None


def _answer(response: aiohttp.ClientResponse, body: bytes) -> tuple[int, bytes]:
    """Give what an answer of the Bot API means.

    Raises:
        Unanswered: a proxy stood in between. RetryAfter: not yet.
    """
    status = _status(response.status, body)
    if status == _GATEWAY_TIMEOUT:
        raise Unanswered("a proxy had no answer in time (504)")
    if status == _TOO_MANY:
        raise RetryAfter(_wait(body, response.headers.get("Retry-After", "")))
    return status, _quotable(status, body)


class _Outcome(msgspec.Struct):
    ok: bool | msgspec.UnsetType = msgspec.UNSET
    error_code: object = None
    description: object = None

    @property
    def code(self) -> int:
        """The status of a refusal that came with 200, in whatever way it says that it is one.

        Raises:
            Unanswered: it does not say whether anything was done.
        """
        if isinstance(self.error_code, int):
            return self.error_code
        if self.ok is False or self.error_code is not None or self.description is not None:
            return _BAD_REQUEST
        raise Unanswered("the answer does not say whether it was done")


def _status(status: int, body: bytes) -> int:
    """Give the status that an answer means: a refusal that came with 200 is none the less one.

    Raises:
        Unanswered: it does not say whether anything was done.
    """
    outcome = _outcome(body)
    if status < 300:
        if outcome is None or outcome.ok is True:
            return status
        status = outcome.code
    if _WAIT.search(body):
        return _TOO_MANY
    if status == _FORBIDDEN and outcome is None:
        return _BAD_GATEWAY  # what stands in front of Telegram does not know who blocked the bot
    # The library takes what it does not know for a connection that broke, and that comes back.
    return status if status in _TOLD_APART or 500 <= status < 600 else _BAD_REQUEST


def _quotable(status: int, body: bytes) -> bytes:
    """Leave out a page that stands in front of Telegram: the library quotes it whole."""
    return body if status < 300 or _outcome(body) is not None else b"{}"


def _outcome(body: bytes) -> _Outcome | None:
    try:
        return msgspec.json.decode(body, type=_Outcome)
    except (ValueError, RecursionError):
        return None


def _seconds(given: object, usual: float) -> float:
    return float(given) if isinstance(given, int | float) else usual


def _wait(body: bytes, header: str) -> int:
    """Give the seconds that a 429 asks for, wherever it says so; 1 if it does not."""
    found = _WAIT.search(body)
    if found is None and _NUMBER.fullmatch(header):
        return max(int(header), 1)
    found = found or _WAIT_IN_WORDS.search(body)
    return int(found[1]) if found else 1


def _moved(parameters: object) -> dict[str, int]:
    """Keep of an error's parameters where its chat is now; how long to wait was read before."""
    chat = str(parameters.get("migrate_to_chat_id")) if isinstance(parameters, dict) else ""
    return {"migrate_to_chat_id": int(chat)} if _NUMBER.fullmatch(chat) else {}


def _form(data: RequestData | None) -> aiohttp.FormData | bytes | None:
    if data is None:
        return None
    if not data.contains_files:  # aiohttp's forms prepare for files, at twice the price
        return data.url_encoded_parameters().encode()
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, media_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return form
