"""The web chat as a stage: two conversations stand for the private chat and the group."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from typing import Any

from typing_extensions import override

from core.wording import LABELS
from tests.gateway.page import Page, Served, View
from tests.transcripts.stages import Files, Seen, Stage, Where

_TAG = re.compile(r"<[^>]+>")


class Web(Stage):
    """What a browser is told, as `Page` hears it."""

    platform = "web"

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._pages: dict[str, Page] = {}
        self._views: dict[str, View] = {}
        self._where: Where = "dm"  # where something was done last
        self.ann = self.ben = None

    @override
    def block(self) -> dict[str, Any]:
        return {}

    @override
    async def join(self, served: Served) -> None:
        for where in ("dm", "group"):
            page = Page.of(served, f"conversation-{where}")
            self._pages[where] = await self._stack.enter_async_context(page)

    @override
    async def ask(
        self, text: str, *, where: Where = "dm", who: Any = None, files: Files = ()
    ) -> str:
        self._where = where
        status, said = await self._pages[where].say(text, files=files)
        assert status in {200, 202}, said
        return ""

    @override
    async def follow_up(self, text: str, *, who: Any = None) -> None:
        await self.ask(text, where="group")

    @override
    async def press(self, label: str, *, where: Where = "dm", who: Any = None) -> None:
        self._where = where
        view = await self._pages[where].look()
        turn = view["turns"][-1]
        action = next(action for action, text in LABELS.items() if label in text)
        buttons = [each for shown in turn["shown"] for each in shown["frame"]["buttons"]]
        values = [each.get("value", "") for each in buttons if each["action"] == action]
        await self._pages[where].press(action, turn["turn_id"], values[-1] if values else "")

    @override
    async def choose(self, preset: str) -> None:
        await self._pages["dm"].choose(preset)

    @override
    async def until(self, true: Any) -> None:
        def wish(view: View) -> bool:
            self._views[self._where] = view
            return bool(true())

        for where, page in self._pages.items():
            self._views[where] = await page.look()
        await self._pages[self._where].until(wish)

    @override
    def seen(self, where: Where = "dm") -> list[Seen]:
        view = self._views.get(where, {"turns": ()})
        return [_seen(each) for turn in view["turns"] for each in turn["shown"]]


def _seen(shown: View) -> Seen:
    frame = shown["frame"]
    rows = [f"{row['label']} · {row['said']}\n{row['gist']}" for row in frame.get("rows", ())]
    footer = frame.get("footer") or {"facts": (), "notes": ()}
    below = [frame.get("error") or "", *footer["facts"], *footer["notes"]]
    asked = [frame.get(each, "") for each in ("title", "arguments", "below")]
    words = [*map(_plain, frame.get("blocks", ())), *filter(None, asked), *below]
    labels = {each["action"]: LABELS[each["action"]] for each in frame["buttons"]}
    panel = frame["kind"] == "panel"
    return Seen(
        id=shown["id"],
        text="\n".join([f"{len(rows)} advisors", *rows] if panel else words),
        buttons=tuple(labels.values()),
        edits=0,
        files=(),
        streaming=bool(frame.get("streaming")),
        pings=(),
        private=False,
    )


def _plain(block: str) -> str:
    return _TAG.sub("", block)
