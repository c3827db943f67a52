"""What is older than its term goes: messages, traces, changes, copies; figures stay (ADR 0040)."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from adapters.files import Shelf
from adapters.sink.jsonl import JsonLines
from adapters.sink.tracefiles import TraceFiles
from adapters.store import open_sqlite
from adapters.store.copies import Copies
from core.erasure import Counts
from core.records import FileUse, Whose
from core.types import Address, Author, Line
from gateway import config as configuration
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.clock import SystemClock
from gateway.privacy.files import KeptFiles
from gateway.privacy.purge import Purge
from gateway.privacy.terms import KeptFor
from gateway.privacy.wiping import Wiping
from tests.adapters.sink.test_jsonl import ending
from tests.fakes.clock import FakeClock
from tests.fakes.turns import advice, end, message, start
from tests.gateway.assembled import TEXT
from tests.gateway.harness import running_gateway

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = 86_400_000
AT = int(NOW.timestamp() * 1000)
FILE = (
    TEXT
    + """
platforms: {slack: {bot_token: x, app_token: y}, web: {}}
retention: {messages: 30d, traces: 7d, audit: 60d}
defaults: {retention: {traces: 5d}}
workspaces: [{platform: slack, workspace: T1, retention: {messages: 10d}}]
channels:
  - {platform: slack, channel: C1, retention: {messages: forever, traces: 1d}}
  - {platform: slack, channel: C1, thread: "7", retention: {messages: 0}}
"""
)


FILES = (
    TEXT
    + """
platforms: {slack: {bot_token: x, app_token: y}, web: {}}
defaults: {retention: {files: 5d}}
channels:
  - {platform: slack, channel: C3, retention: {files: forever}}
"""
)


class Stand:
    """A purge over real files."""

    def __init__(self, folder: Path, store, text: str = FILE) -> None:
        self.folder = folder
        self.store = store
        settings = configuration.parse(text, "config.yaml", {})
        self.sink = JsonLines(folder / "traces")
        self.clock = FakeClock(NOW)
        kept = KeptFor(Places(settings, Grants(SystemClock())), store)
        self.shelf = Shelf(folder / "files")
        self.files = KeptFiles(store=store, shelf=self.shelf, kept=kept)
        self.wiping = Wiping(store, self.clock, self.files)
        self.purge = Purge(
            store=store,
            kept=kept,
            files=self.files,
            traces=TraceFiles(folder / "traces"),
            copies=Copies(folder / "data.db"),
            wiping=self.wiping,
            clock=self.clock,
            zone=UTC,
        )

    async def file(self, session: str, days: int) -> str:
        """Have a file come in a session so many days ago; give its hash."""
        turn_id = await self.exchange(session, days)
        found = await self.store.turn(turn_id)

        async def pieces():
            yield f"FILE-{session}-{days}".encode()

        received = await self.shelf.receive(pieces(), most=1000)
        at = AT - days * DAY
        await self.store.keep_file(
            FileUse(seq=found.start.seq, digest=received.digest, person="u1", at=at, text="FILE")
        )
        await self.shelf.keep(received)
        return received.digest

    async def exchange(self, session: str, days: int, *, workspace: str = "T2") -> str:
        """Have something said in a session so many days ago; give the turn's name."""
        turn_id, at = f"{session} {days}d", AT - days * DAY
        address = start("x", session=session)
        said = replace(
            message(f"e {turn_id}", f"WORDS-{days}"),
            author=Author(id="u1", name="Ann", circles=(workspace,)),
            address=type(message("x").address).of(address.session),
            at=at,
            message_id=f"m {turn_id}",
            direct=False,
        )
        accepted = await self.store.accept(said)
        begun = start(turn_id, seq=accepted.seq, session=session, started=at)
        begun = replace(begun, question=Line.of("user", f"WORDS-{days}"))
        await self.store.begin(begun)
        await self.store.landed(turn_id, 1, replace(advice(1), text=f"WORDS-{days}"))
        await self.store.finish(end(turn_id, f"WORDS-{days}"))
        await self.store.delivered(turn_id)
        await self.sink.turn_over(begun, ending(f"WORDS-{days}"))
        return turn_id

    async def left(self, session: str) -> list[int]:
        turns = await self.store.turns(session)
        return sorted(int(each.start.turn_id.rpartition(" ")[2][:-1]) for each in turns)

    async def traced(self, session: str) -> int:
        return len(await TraceFiles(self.folder / "traces").records(session))


async def opened(folder: Path, text: str = FILE) -> Stand:
    return Stand(folder, await open_sqlite(folder / "data.db"), text)


async def test_every_place_has_the_terms_of_its_most_exact_row(tmp_path):
    stand = await opened(tmp_path)
    ages = (1, 4, 8, 12, 40)
    where = {"web/a": "T2", "slack/C2": "T1", "slack/C1": "T1", "slack/C1/7": "T2"}
    for session, workspace in where.items():
        for days in reversed(ages):  # as it happened
            await stand.exchange(session, days, workspace=workspace)
    counts = await stand.purge.once(NOW)
    assert await stand.left("web/a") == [1, 4, 8, 12]  # 30 days everywhere
    assert await stand.left("slack/C2") == [1, 4, 8]  # 10 in the workspace
    assert await stand.left("slack/C1") == [*ages]  # for ever in the channel
    assert await stand.left("slack/C1/7") == []  # not at all in the thread
    assert counts.exchanges == 1 + 2 + 0 + 5
    assert [await stand.traced(each) for each in where] == [2, 2, 1, 1]  # 5 days, 1 in the channel
    assert await stand.purge.once(NOW) == Counts()
    await stand.store.close()


async def test_what_it_cost_stays_and_no_word_does(tmp_path):
    stand = await opened(tmp_path)
    for number in range(60):
        await stand.exchange(f"web/room{number % 5}", 40 + number)
        await stand.exchange(f"web/room{number % 5}", number // 5)
    before = await stand.store.costs(Whose(), since=0, until=AT + DAY)
    await stand.purge.tried(night=True)
    assert await stand.store.costs(Whose(), since=0, until=AT + DAY) == before
    everything = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert not [days for days in range(40, 100) if b"WORDS-%d" % days in everything]
    assert b"WORDS-11" in everything
    await stand.store.close()


async def test_what_still_waits_is_answered_first_unless_its_platform_is_gone(tmp_path):
    stand = await opened(tmp_path)
    for platform in ("slack", "telegram"):
        where = Address(platform=platform, channel="C9")
        said = replace(message(f"e {platform}", "WORDS", address=where), at=AT - 99 * DAY)
        await stand.store.accept(said)
    await stand.purge.once(NOW)
    assert [each.incoming.address.platform for each in await stand.store.waiting()] == ["slack"]
    await stand.store.close()


async def test_long_sessions_go_in_many_small_transactions_and_others_write_meanwhile(tmp_path):
    stand = await opened(tmp_path)
    for number in range(250):
        await stand.exchange("web/a", 31 + number)
    sizes = []
    erase = stand.store.erase

    async def noted(texts):
        sizes.append(len(texts.turns) + len(texts.messages))
        assert await stand.store.accept(message(f"meanwhile {len(sizes)}")) is not None
        await erase(texts)

    stand.store.erase = noted
    assert (await stand.purge.once(NOW)).exchanges == 250
    assert len(sizes) >= 3
    assert max(sizes) <= 200
    await stand.store.close()


async def test_changes_are_forgotten_after_their_term_and_hold_on(tmp_path):
    stand = await opened(tmp_path)
    for days in (100, 61, 59):
        await stand.store.set("session:a", "preset", f"p{days}", by="u1", at=AT - days * DAY)
    assert (await stand.purge.once(NOW)).audit == 2
    assert await stand.store.settings("session:a") == {"preset": "p59"}
    assert [each.value for each in await stand.store.audited(last=9)] == ["p59"]
    await stand.store.close()


async def test_copies_from_before_an_upgrade_end_too(tmp_path):
    stand = await opened(tmp_path)
    for name, days in (("data.db.v3.backup", 15), ("data.db.v4.backup", 13), ("mine.db", 99)):
        (tmp_path / name).write_text("WORDS of then")
        os.utime(tmp_path / name, ((AT - days * DAY) / 1000,) * 2)
    assert (await stand.purge.once(NOW)).copies == 1
    assert not (tmp_path / "data.db.v3.backup").exists()
    assert (tmp_path / "data.db.v4.backup").exists()
    assert (tmp_path / "mine.db").exists()
    await stand.store.close()


async def test_with_forever_nothing_goes(tmp_path):
    text = TEXT + "\nretention: {messages: forever, traces: forever, audit: forever}"
    stand = await opened(tmp_path, text)
    await stand.exchange("web/a", 4000)
    await stand.store.set("session:a", "preset", "x", by="u1", at=1)
    assert await stand.purge.once(NOW) == Counts()
    await stand.store.close()


async def test_the_log_has_figures_and_no_words(tmp_path):
    stand = await opened(tmp_path)
    await stand.exchange("web/a", 31)
    with capture_logs() as logs:
        await stand.purge.tried(night=False)
    (line,) = [each for each in logs if each["event"] == "purged"]
    assert line == {
        "event": "purged",
        "log_level": "info",
        "exchanges": 1,
        "messages": 1,
        "traces": 1,
    }
    await stand.store.close()


async def test_a_purge_that_fails_says_so_and_is_made_again(tmp_path):
    stand = await opened(tmp_path)
    await stand.exchange("web/a", 31)
    folder = tmp_path / "traces"
    (path,) = folder.glob("*.jsonl")
    path.write_text(path.read_text() + path.read_text().replace(str(AT - 31 * DAY), str(AT)))
    (folder / f"{path.name}.new").mkdir()
    with capture_logs() as logs:
        await stand.purge.tried(night=True)
    assert [each["event"] for each in logs] == ["not_purged"]
    (folder / f"{path.name}.new").rmdir()
    assert (await stand.purge.once(NOW)).traces == 1
    await stand.store.close()


# --- wiping ---------------------------------------------------------------------------------


class Slow:
    """A store whose files take a while to be written anew."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.done: list[bool] = []

    async def scrub(self, *, whole: bool) -> None:
        self.done.append(whole)
        self.clock.advance(self.seconds if whole else 0)


async def test_files_are_never_written_anew_for_more_than_a_hundredth_of_the_time():
    clock = FakeClock()
    store = Slow(clock, 0.5)
    wiping = Wiping(store, clock)  # type: ignore[arg-type]
    await wiping.now()
    await wiping.now()
    assert store.done == [True, False]
    clock.advance(50)
    await wiping.now()
    assert store.done == [True, False, True]


async def test_what_takes_long_waits_for_the_night():
    clock = FakeClock()
    store = Slow(clock, 10)
    wiping = Wiping(store, clock)  # type: ignore[arg-type]
    await wiping.now()
    clock.advance(100_000)
    await wiping.now()
    assert store.done == [True, False]
    await wiping.whole()
    assert store.done[-1]


# --- the whole program ------------------------------------------------------------------------

CONFIG = """
providers:
  p: {api: scripted, answers: {"*": "Certainly."}}
moa:
  save_traces: true
  presets: {review: {aggregator: {provider: p, model: big}, enabled: false}}
"""


async def test_a_start_takes_out_what_has_become_too_old_meanwhile(tmp_path):
    data = tmp_path / "data"
    async with running_gateway(CONFIG, tmp_path) as gateway:
        begun = replace(start("t1", session="web/a"), started=AT, question=Line.of("user", "WORDS"))
        await gateway.store.begin(begun)
        await gateway.store.finish(end("t1", "WORDS"))
        await gateway.store.delivered("t1")
    assert b"WORDS" in (data / "moa-gateway.db").read_bytes()
    async with running_gateway(CONFIG, tmp_path, clock=FakeClock(NOW + timedelta(days=91))):
        pass  # after so long it may be the clock that is wrong: half a day is waited
    assert b"WORDS" in (data / "moa-gateway.db").read_bytes()
    later = FakeClock(NOW + timedelta(days=91, hours=13))
    with capture_logs() as logs:
        async with running_gateway(CONFIG, tmp_path, clock=later) as gateway:
            while not any(each["event"] == "purged" for each in logs):
                await gateway.store.turn("t1")
            assert await gateway.store.turn("t1") is None
    with closing(sqlite3.connect(data / "moa-gateway.db")) as connection:
        (row,) = connection.execute("SELECT asker, dollars, answer FROM turns")
    assert row == ("u1", "0.0030", None)


async def test_files_go_by_their_own_term_and_before_the_messages_they_came_with(tmp_path):
    stand = await opened(tmp_path, FILES)
    old, young = await stand.file("slack/C2", 6), await stand.file("slack/C2", 4)
    kept = await stand.file("slack/C3", 80)
    counts = await stand.purge.once(NOW)
    assert counts.files == 1
    await stand.wiping.now()
    assert await stand.shelf.digests() == {young, kept}
    assert await stand.store.file_texts([old]) == {}
    assert await stand.store.lines("slack/C2")
    await stand.store.close()


async def test_the_files_of_what_is_erased_lie_nowhere(tmp_path):
    stand = await opened(tmp_path)
    gone = await stand.file("slack/C2", 40)
    assert gone in await stand.shelf.digests()
    await stand.purge.tried(night=False)
    assert await stand.shelf.digests() == frozenset()
    await stand.store.close()


async def test_what_a_kill_left_on_the_shelf_goes_at_the_next_start(tmp_path):
    stand = await opened(tmp_path)

    async def pieces():
        yield b"nobody noted who sent this"

    await stand.shelf.keep(await stand.shelf.receive(pieces(), most=1000))
    await stand.shelf.receive(pieces(), most=1000)
    await stand.files.open()
    assert not [*(tmp_path / "files").iterdir()]
    await stand.store.close()
