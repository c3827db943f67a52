"""Calls Slack's Web API and reads what it answers into the errors of the core.

Decides what an answer means; never when a call is made, and never repeats one: a message whose
answer was lost may have been posted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from typing import Final

import aiohttp
import msgspec
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.bounded import Bounded, staying
from adapters.chat.slack.hosts import allowed
from core.errors import (
    ChatAway,
    ChatBusy,
    ChatClosed,
    ChatError,
    ChatRefused,
    ChatUnknown,
    MessageGone,
)

TIMEOUT: Final = 30.0
"""Seconds for one call."""
KEEP_ALIVE: Final = 5.0
"""Seconds that an idle connection is kept: no longer than a dead socket stays unnoticed, so that
what died with it is not asked again."""
_LONGEST: Final = 3600.0
_USUAL: Final = 5.0

silent: Final = logging.getLogger("adapters.chat.slack.sdk")
"""For the client library: it logs whole requests, and what matters is logged here instead."""
silent.setLevel(logging.CRITICAL)
silent.propagate = False
silent.addHandler(logging.NullHandler())

_TOKEN: Final = {
    "invalid_auth": "is not accepted",
    "not_authed": "is missing",
    "account_inactive": "belongs to an app or workspace that was deactivated",
    "token_revoked": "was revoked",
    "token_expired": "has expired",
    "not_allowed_token_type": "is of the wrong kind",
    "org_login_required": "cannot be used while the workspace is being moved",
    "access_denied": "is refused",
    "team_access_not_granted": "is not granted access to this workspace",
}
_CLOSED: Final = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "no_permission",
        "messages_tab_disabled",
        "thread_not_found",
        "cannot_reply_to_message",
        "user_disabled",
        "ekm_access_denied",
        "restricted_action",
        "restricted_action_thread_locked",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
    }
)
_LOST: Final = (
    *(aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError),
    RecursionError,  # an answer that is too deep
)
_GONE: Final = frozenset({"message_not_found", "file_not_found", "file_deleted"})
_BUSY: Final = frozenset({"ratelimited", "rate_limited"})
_UNCLEAR: Final = frozenset(
    ["internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"]
)


class ApiRefused(ChatError):
    """Slack refused a call in its own word, which no other error stands for."""

    def __init__(self, code: str) -> None:
        """Keep the word."""
        super().__init__(f"Slack refused it: {code}")
        self.code = code


class ScopeMissing(ChatRefused):
    """The token is good, and the app is not allowed this."""


class ThreadGone(ChatClosed):
    """There is no such thread, or no more."""


class Api:
    """The Web API with one token. `what` names the token in the configuration.

    Whoever enters it keeps its connections open; each call enters it for itself. `scopes` are
    those that Slack said the token has, None until it did.
    """

    def __init__(self, token: str, api_base: str, *, what: str) -> None:
        """Make it; the connection is opened by the first call."""
        self.what = what
        self.scopes: frozenset[str] | None = None
        self.web = AsyncWebClient(
            token=token, base_url=api_base, timeout=int(TIMEOUT), logger=silent, retry_handlers=[]
        )
        self.web.proxy = None  # the session below knows the proxies, and who needs none
        self._session: aiohttp.ClientSession | None = None
        self._held = 0

    async def __aenter__(self) -> aiohttp.ClientSession:
        """Open the session that all calls share, unless it is open."""
        self._held += 1
        if self._session is None:
            self._session = self.web.session = open_session()
        return self._session

    async def __aexit__(self, *_: object) -> None:
        """Close the session once nobody needs it."""
        self._held -= 1
        if not self._held and self._session is not None:
            session, self._session, self.web.session = self._session, None, None
            await session.close()

    async def ask(
        self, call: Awaitable[AsyncSlackResponse], *, once: bool = False
    ) -> Mapping[str, object]:
        """Wait for a call of `self.web` and give its answer. `once`: it makes something new.

        Raises:
            ChatUnknown: it was to be done once, and nobody can tell whether it was.
            ChatBusy, ChatClosed, MessageGone, ChatRefused, ApiRefused, ChatError: it was not done.
        """
        try:
            async with self:
                response = await call
        except SlackApiError as error:
            raise self._meaning(error, once=once) from None
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise ChatAway(f"Slack cannot be reached: {type(error).__name__}") from None
        except _LOST as error:
            raise _lost(type(error).__name__, once=once) from None
        scopes = response.headers.get("x-oauth-scopes")
        if scopes is not None:
            self.scopes = frozenset(scopes.replace(",", " ").split())
        return response.data if isinstance(response.data, dict) else {}

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to where Slack wants them.

        Raises:
            ChatError: they did not arrive.
        """
        try:
            async with (
                self as session,
                session.post(url, data=content, allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise ChatError(f"Slack did not take the file: HTTP {response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatError(f"the file did not arrive: {type(error).__name__}") from None

    async def respond(self, url: str, body: Mapping[str, object]) -> None:
        """Answer through the address that came with a command or a press; it needs no token.

        Raises:
            ChatError: it did not work: the address is good for five answers in half an hour, and
                only if it is Slack's.
        """
        there = allowed(url, self.web.base_url, "hooks")
        if there is None:
            raise ChatError("the address to answer to is not Slack's")
        try:
            async with (
                self as session,
                session.post(there, json=body, allow_redirects=False) as response,
            ):
                if response.status != 200 or _declined(await response.read()):
                    raise ChatError(f"Slack did not take the answer: HTTP {response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatError(f"the answer did not arrive: {type(error).__name__}") from None

    def _meaning(self, error: SlackApiError, *, once: bool) -> ChatError:
        answer = _Answer.of(error)
        code = answer.code
        if answer.status == 429 or code in _BUSY:
            return ChatBusy("Slack asks to wait", retry_after=answer.retry_after)
        if not code and answer.status == 403:
            return ChatAway("something in front of Slack refused it: HTTP 403")
        if not code and 400 <= answer.status < 500:
            return ApiRefused(f"http_{answer.status}")
        if not code or code in _UNCLEAR or answer.status >= 500:
            return _lost(code or f"HTTP {answer.status}", once=once)
        return self._refusal(code, answer.needed)

    def _refusal(self, code: str, needed: str) -> ChatError:
        """Read one of Slack's words."""
        if code == "missing_scope":
            return ScopeMissing(
                f"{self.what} lacks the scope {needed or 'that this needs'}: add it under "
                "OAuth & Permissions (slack-manifest.yaml lists all), then reinstall the app"
            )
        if code in _TOKEN:
            return ChatRefused(f"{self.what} {_TOKEN[code]} ({code}): set the app's current one")
        if code in _CLOSED:
            kind = ThreadGone if code == "thread_not_found" else ChatClosed
            return kind(f"nothing can be written there: {code}")
        return MessageGone(code) if code in _GONE else ApiRefused(code)


class _Said(msgspec.Struct):
    ok: bool = True


class _Answer(msgspec.Struct):
    """What an error of the client library holds, whatever made it."""

    status: int = 0
    code: str = ""
    needed: str = ""
    retry_after: float = _USUAL

    @classmethod
    def of(cls, error: SlackApiError) -> _Answer:
        response = error.response
        if not isinstance(response, AsyncSlackResponse):
            return cls(status=getattr(response, "status", 0))
        data = response.data if isinstance(response.data, dict) else {}
        return cls(
            status=response.status_code,
            code=str(data.get("error") or ("not_in_channel" if _outside(data) else "")),
            needed=str(data.get("needed") or ""),
            retry_after=_seconds(response.headers.get("Retry-After")),
        )


def _declined(body: bytes) -> bool:
    """Say whether an answer to an answer says no, be it with status 200; else it says "ok"."""
    try:
        return msgspec.json.decode(body, type=_Said).ok is False
    except (ValueError, RecursionError):
        return False


def _outside(data: Mapping[str, object]) -> bool:
    """Say whether we were asked to leave a channel that we are not in: that is no error there."""
    return data.get("not_in_channel") is True


def _seconds(header: str | None) -> float:
    try:
        return min(max(float(header or _USUAL), 0.0), _LONGEST)
    except ValueError:
        return _USUAL


def ts_of(answer: Mapping[str, object]) -> str:
    """Give the id of the message that a call has made.

    Raises:
        ChatUnknown: the answer does not say.
    """
    ts = answer.get("ts")
    if not isinstance(ts, str) or not ts:
        raise ChatUnknown("Slack does not say what it made")
    return ts


def _lost(why: str, *, once: bool) -> ChatError:
    if once:
        return ChatUnknown(f"Slack may or may not have done it: {why}")
    return ChatAway(f"Slack did not answer: {why}")


def open_session() -> aiohttp.ClientSession:
    """Open a session that honours the environment's proxies and their exceptions."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE),
        response_class=Bounded,
        trace_configs=[staying()],
        trust_env=True,
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
    )
