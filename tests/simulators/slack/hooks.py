"""Response addresses: where a command or a press may be answered without a token.

Five uses, thirty minutes. Source: docs.slack.dev/interactivity/handling-user-interaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from tests import harmless_calls
from tests.simulators.slack.api import merged
from tests.simulators.slack.blocks import Refused
from tests.simulators.slack.calls import Args, Backend
from tests.simulators.slack.chat import body, changed, gone, numbered, whisper, written
from tests.simulators.slack.model import Json, Place, Post
from tests.simulators.slack.shapes import message

USES = 5
MINUTES = 30


@dataclass(slots=True, kw_only=True)
class Hook:
    """One address: whom it answers where, and the message that was pressed, if any."""

    place: Place
    user: str
    born: float
    original: Post | None = None
    uses: int = 0


@dataclass(slots=True)
class Hooks:
    """All addresses that were given out."""

    backend: Backend
    given: dict[str, Hook] = field(default_factory=dict)
    log: list[tuple[str, int, str]] = field(default_factory=list)

    def make(self, place: Place, user: str, original: Post | None = None) -> str:
        """Give out an address."""
        key = self.backend.space.new_id("hook-")
        now = self.backend.space.now()
        self.given[key] = Hook(place=place, user=user, born=now, original=original)
        return f"{self.backend.base_url}/hooks/{key}"

    async def respond(self, request: web.Request) -> web.Response:
        """Take an answer."""
        key = request.match_info["key"]
        hook = self.given.get(key)
        status, error = 404, "expired_url"
        if hook and self.backend.space.now() - hook.born <= MINUTES * 60:
            error = "used_url"
            if hook.uses < USES:
                status, error = self.use(hook, Args(await merged(request)))
        self.log.append((key, status, error))
        self.backend.changes.tell()
        if error:
            return web.json_response({"ok": False, "error": error}, status=status)
        return web.Response(text="ok")

    def use(self, hook: Hook, args: Args) -> tuple[int, str]:
        """Do what an answer says: its status, and Slack's word if it was refused."""
        hook.uses += 1
        try:
            if args.flag("delete_original"):
                self._delete(hook)
            elif args.flag("replace_original") and hook.original:
                self._replace(hook.original, args)
            else:
                self._post(hook, args)
        except Refused as refusal:
            return 400, refusal.error
        return 200, ""

    def _delete(self, hook: Hook) -> None:
        if hook.original is None:
            raise Refused("message_not_found")
        if hook.original.whispered_to:
            hook.original.deleted = True
        else:
            gone(self.backend, hook.original)

    def _replace(self, post: Post, args: Args) -> None:
        text, blocks, is_markdown = body(args)
        before = message(self.backend.space, post)
        post.stream = None
        post.text, post.blocks, post.markdown = text, numbered(self.backend, blocks), is_markdown
        written(self.backend, post, args)
        if not post.whispered_to:
            post.edited = f"{int(self.backend.space.now())}.000000"
            changed(self.backend, post, before)

    def _post(self, hook: Hook, args: Args) -> None:
        text, blocks, is_markdown = body(args)
        post = whisper(self.backend, hook.place, hook.user, text=text, blocks=blocks)
        post.markdown = is_markdown
        post.unfurl = args.flag("unfurl_links") or args.flag("unfurl_media", default=True)
        above = hook.original.thread_ts if hook.original else None
        post.thread_ts = args.text("thread_ts") or above
        if args.text("response_type") == "in_channel":
            post.whispered_to = None
            where = {"channel": hook.place.id, "event_ts": post.ts}
            kind = {"channel_type": hook.place.kind}
            self.backend.tell(message(self.backend.space, post) | where | kind, hook.place)
        written(self.backend, post, args)

    def answered(self, place: Place, user: str, text: str) -> None:
        """Show Slack's own words to somebody."""
        post = whisper(self.backend, place, user, text=text)
        post.user, post.bot = "USLACKBOT", False
        written(self.backend, post)

    def acknowledged(self, place: Place, user: str, response: Json | None) -> str:
        """Show what came with an acknowledgement, and give its text."""
        if not response or not (response.get("text") or response.get("blocks")):
            return ""
        harmless_calls.take("slack", "respond", response)
        hook = Hook(place=place, user=user, born=self.backend.space.now())
        self.use(hook, Args(response))
        return str(response.get("text", ""))
