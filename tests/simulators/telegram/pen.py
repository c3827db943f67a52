"""What every writing of the bot begins with: a text that was understood, and what goes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulators.telegram.call import Call
from tests.simulators.telegram.flood import Flood
from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.state import Wire, World
from tests.simulators.telegram.texts import Formatted, formatted, units

LONGEST = 4096
LONGEST_CAPTION = 1024
FLAGS = ("disable_notification", "protect_content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What writing needs. `now` gives the loop's time, `wall` seconds for dates."""

    world: World
    flood: Flood
    now: Callable[[], float]
    wall: Callable[[], int]

    def text(self, call: Call, *, too_long: str, empty: bool = False) -> Formatted:
        """Read `text` with its entities."""
        found = self._read(call, "text", "entities", empty=empty)
        if units(found.text) > LONGEST:
            raise bad(too_long)
        return found

    def caption(self, call: Call) -> Formatted:
        """Read `caption` with its entities, which may be empty."""
        found = self._read(call, "caption", "caption_entities", empty=True)
        if units(found.text) > LONGEST_CAPTION:
            raise bad("message caption is too long")
        return found

    def _read(self, call: Call, text: str, entities: str, *, empty: bool) -> Formatted:
        mode, given = call.text("parse_mode"), call.sequence(entities)
        found = formatted(call.text(text), mode, given, empty=empty)
        named = self._named(found.entities, lenient=bool(mode))
        return Formatted(text=found.text, entities=named)

    def _named(self, entities: Sequence[Wire], *, lenient: bool) -> Sequence[Wire]:
        """Put whole users where ids stand; those whom nobody knows cannot be named."""
        kept = []
        for each in entities:
            if each["type"] != "text_mention":
                kept.append(each)
                continue
            person = self.world.people.get(int(each["user"].get("id", 0)))
            if person is not None:
                kept.append(each | {"user": person.wire})
            elif not lenient:
                raise bad("user not found")
        return kept


def options_of(call: Call) -> Mapping[str, Any]:
    """Give what else was asked of a message."""
    flags = {name: call.truth(name) for name in FLAGS if name in call.params}
    # The older name for it is still understood.
    unfurl = not call.truth("disable_web_page_preview")
    preview = call.mapping("link_preview_options") or ({} if unfurl else {"is_disabled": True})
    return {**flags, "link_preview_options": preview}
