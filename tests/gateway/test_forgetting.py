"""What is somebody's in a session, what repeats them, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.files import Shelf
from core.erasure import Counts
from core.errors import StoreError
from core.history import REQUEST
from core.storage.erasing import PAGE, Texts
from core.texts.privacy import Vendor
from core.types import Author, Line, Quote, Said, Speaker
from gateway import config as configuration
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.privacy.files import KeptFiles
from gateway.privacy.forgetting import Forgetting, NoLanes
from gateway.privacy.terms import KeptFor
from gateway.privacy.vendors import vendors
from gateway.privacy.wiping import Wiping
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.fakes.remains import NoCopies, NoTraces
from tests.fakes.turns import ROOM, end, message, start
from tests.gateway.assembled import TEXT
from tests.gateway.harness import running_gateway
from tests.gateway.page import Page, answered

ANN, BEN = "u1", "u2"
NUMBER = "QX-4471-B"


class Stand:
    """A session of two, kept in memory."""

    def __init__(self, folder: Path, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        clock = FakeClock()
        places = Places(configuration.parse(TEXT, "config.yaml", {}), Grants(clock))
        self.cleared = 0
        self.forgetting = Forgetting(
            store=self.store,
            traces=NoTraces(),
            copies=NoCopies(),
            files=KeptFiles(
                store=self.store,
                shelf=Shelf(folder),
                kept=KeptFor(places, self.store),
            ),
            wiping=Wiping(self.store, clock),
            lanes=NoLanes(),
            clear=self._clear,
        )

    def _clear(self) -> None:
        self.cleared += 1

    async def exchange(
        self, turn_id: str, who: str, question: str | Line, answer: str, *, at: int
    ) -> None:
        line = Line.of("user", question) if isinstance(question, str) else question
        said = replace(
            message(f"e{turn_id}", line.text), author=Author(id=who, name=who), at=at, direct=False
        )
        accepted = await self.store.accept(said)
        assert accepted is not None
        await self.store.begin(
            replace(start(turn_id, seq=accepted.seq, asker=who, started=at), question=line)
        )
        await self.store.finish(end(turn_id, answer))
        await self.store.delivered(turn_id)

    async def left(self) -> list[str]:
        return [each.start.turn_id for each in await self.store.turns(ROOM.session)]


async def told(folder: Path) -> Stand:
    stand = Stand(folder)
    await stand.exchange("before", BEN, "Is anybody here?", "I am.", at=1)
    await stand.exchange("mine", ANN, f"My badge is {NUMBER}.", "Noted.", at=2)
    await stand.exchange("plain", BEN, "What is the weather?", "It rains.", at=3)
    await stand.exchange("answered", BEN, "Which badge?", f"It is {NUMBER}.", at=4)
    quote = Quote(kind="reply", said=(Said(speaker=Speaker(id=ANN, name="Ann"), text="Hm."),))
    quoting = replace(Line.of("user", "Why?"), quotes=(quote,))
    await stand.exchange("quoted", BEN, quoting, "No idea.", at=5)
    await stand.exchange("summary", BEN, REQUEST.text, "Somebody spoke of a badge.", at=6)
    return stand


async def test_what_is_hers_goes_with_what_repeats_her_and_no_more(tmp_path):
    stand = await told(tmp_path)
    for who in (ANN, BEN):
        author = Author(id=who, name=who)
        await stand.store.pin(ROOM.session, f"{who} is here.", author=author, at=1, most=9)
    counts = await stand.forgetting.look(ROOM.session, ANN)
    assert counts == Counts(exchanges=1, quoting=3, facts=1)
    assert len(await stand.left()) == 6
    assert await stand.forgetting.forget(ROOM.session, ANN) == counts
    assert await stand.left() == ["before", "plain"]
    assert [each.text for each in await stand.store.facts(ROOM.session)] == [f"{BEN} is here."]
    assert stand.cleared == 1
    assert await stand.forgetting.look(ROOM.session, ANN) == Counts()


class Breaking(MemoryStore):
    """One that lets so many pages be taken out, and then once none."""

    pages = 1

    @override
    async def erase(self, texts: Texts) -> None:
        self.pages -= 1
        if self.pages == -1:
            raise StoreError("broken")
        await super().erase(texts)


async def test_what_repeats_her_is_found_again_after_a_cut_between_two_pages(tmp_path):
    stand = Stand(tmp_path, Breaking())
    for number in range(PAGE):
        await stand.exchange(f"mine {number}", ANN, f"My badge is {NUMBER}.", "Noted.", at=number)
    await stand.exchange("answered", BEN, "Which badge?", f"It is {NUMBER}.", at=PAGE)
    with pytest.raises(StoreError, match="broken"):
        await stand.forgetting.forget(ROOM.session, ANN)
    assert await stand.left()
    await stand.forgetting.forget(ROOM.session, ANN)
    assert await stand.left() == []


async def test_all_of_a_session_goes_whoever_said_it(tmp_path):
    stand = await told(tmp_path)
    assert await stand.forgetting.delete(ROOM.session) == Counts(exchanges=6)
    assert await stand.left() == []


async def test_a_person_goes_from_every_session_with_votes_and_choices(tmp_path):
    stand = await told(tmp_path)
    await stand.store.vote("before", ANN, "up", at=9)
    await stand.store.set(f"user:web:{ANN}", "preset", "alone", by=ANN, at=9)
    assert await stand.forgetting.look_for("web", ANN) == Counts(exchanges=1, quoting=3)
    counts = await stand.forgetting.erase("web", ANN)
    assert counts == Counts(exchanges=1, quoting=3, votes=1, settings=1)
    assert await stand.left() == ["before", "plain"]
    assert await stand.forgetting.erase("web", "nobody") == Counts()


PAGE_CONFIG = """
providers:
  p: {api: scripted, answers: {"*": "Certainly."}}
moa:
  save_traces: true
  presets: {review: {aggregator: {provider: p, model: big}, enabled: false}}
"""


async def test_in_the_browser_a_conversation_is_forgotten_after_a_button(tmp_path):
    async with running_gateway(PAGE_CONFIG, tmp_path) as gateway, Page.of(gateway) as page:
        await page.say(f"What is {NUMBER}?")
        await page.until(answered(1))
        await page.say("/forget")
        view = await page.until(lambda view: view["notices"])
        (button,) = view["notices"][0]["frame"]["buttons"]
        await page.press(button["action"], "", button["value"])
        view = await page.until(lambda view: len(view["notices"]) == 2)
        assert "Deleted: 1 question with its answer, 1 trace." in str(view["notices"][1])
        assert view["turns"] == []
        files = [each for each in (tmp_path / "data").rglob("*") if each.is_file()]
        assert not [each for each in files if NUMBER.encode() in each.read_bytes()]


SHAPES = """
providers:
  vendor: {api: chat_completions, base_url: "https://user@api.vendor.example:8443/v1", api_key: k}
  spare: {api: messages, base_url: "https://spare.example", api_key: k}
  here: {api: scripted, answers: {"*": "Yes."}}
moa:
  presets:
    review:
      reference_models:
        - {provider: here, model: a}
        - {provider: vendor, model: off, enabled: false}
      aggregator:
        provider: vendor
        model: big
        fallbacks: [{provider: vendor, model: small}, {provider: spare, model: m}]
"""


def test_vendors_are_all_that_may_be_sent_something_and_those_who_stand_by_come_last():
    config = configuration.parse(SHAPES, "config.yaml", {})
    places = Places(config, Grants(FakeClock()))
    found = vendors(places, config.catalogue.get("review"))
    assert found == [
        Vendor(name="here", host="", models=("a",)),
        Vendor(name="vendor", host="api.vendor.example", models=("big", "small")),
        Vendor(name="spare", host="spare.example", models=("m",), spare=True),
    ]
