"""Shows that whatever comes while turns run, in whatever order, is answered once or taken back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core.types import Author, Message
from tests.fakes.loop import run_virtual
from tests.gateway.guarded import ALLOWED, ANN, BEN, GROUP, Scene, guarded

STEERS = "defaults: {busy: steer}\n" + ALLOWED
SCRIPTS = {"a": [[3.0, "A."]], "b": [[1.0, "B."]], "big": [["It is so. " * 20, 2.0, "Yes."]]}
THINGS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.2, 2.0, 8.0]),
        st.sampled_from(["say", "say", "say", "edit", "delete", "leave"]),
        st.sampled_from([ANN, BEN]),
    ),
    max_size=12,
)


@dataclass
class People:
    """What they have said, by event, and what must be nowhere any more."""

    scene: Scene
    said: dict[str, tuple[str, Author]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    async def do(self, number: int, what: str, who: Author) -> None:
        at = round(asyncio.get_running_loop().time() * 1000)
        text = f"word{number}."
        if what == "say" or not self.said:
            event = await self.scene.say(text, who=who, where=GROUP, addressed=True, at=at)
            self.said[event or ""] = (text, who)
        elif what == "edit":
            last = next(reversed(self.said))
            old, author = self.said[last]
            await self.scene.edit(last, text, who=author, where=GROUP, addressed=True, at=at)
            self.said[last] = (text, author)
            self.gone.add(old)
        elif what == "delete":
            last = next(reversed(self.said))
            await self.scene.delete(last, where=GROUP)
            self.gone.add(self.said.pop(last)[0])
        else:
            await self.leave()

    async def leave(self) -> None:
        """Take the last one that waits out of the line."""
        waiting = await self.scene.parts.store.waiting()
        left = waiting[-1].incoming if waiting else None
        if isinstance(left, Message):
            value = str(waiting[-1].seq)
            await self.scene.press("stop", value=value, who=left.author, where=GROUP)
            if waiting[-1] not in await self.scene.parts.store.waiting():
                self.gone.add(self.said.pop(left.event_id)[0])

    async def hold(self) -> None:
        store = self.scene.parts.store
        lines = "\n".join(line.text for _, line in await store.lines(GROUP.session))
        for text, _ in self.said.values():
            assert lines.count(text) == 1, (text, lines)
        for text in self.gone:
            assert text not in lines, (text, lines)
        assert await store.waiting() == []
        assert await store.unfinished() == []
        assert await store.line_notes() == []
        assert not [each for each in self.scene.chat.texts() if "answered before" in each]


@given(things=THINGS, steers=st.booleans(), seed=st.integers(0, 1000))
def test_everything_is_answered_once_or_taken_back(things, steers, seed):
    async def scenario() -> None:
        async with guarded(SCRIPTS, more=STEERS if steers else ALLOWED) as scene:
            people = People(scene)
            for number, (pause, what, who) in enumerate(things):
                await asyncio.sleep(pause)
                await people.do(number, what, who)
            await scene.idle()
            await asyncio.sleep(10)
            await people.hold()

    with capture_logs() as logs:
        run_virtual(scenario(), seed=seed)
    assert not [each for each in logs if each["log_level"] == "error"]
