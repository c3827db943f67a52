"""Shows frames as Slack's blocks and chunks, and that no text of a model can call anybody."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from adapters.chat.slack.chunks import (
    FIELD,
    Picture,
    chunks,
    extends,
    merged,
    picture,
    weight,
)
from adapters.chat.slack.manner import Manner, lesser
from adapters.chat.slack.render import below, length, quote, whole
from adapters.chat.slack.text import escape, neutralise, pieces, steady, within
from core.frames import Frame, Notice, Part, RowState
from tests.adapters.chat.slack.frames import FOOTER, TURN, button, final, panel, streaming
from tests.fakes.permission import permission
from tests.simulators.slack.blocks import parsed

PINGS = re.compile(
    r"<!(?:channel|here|everyone|group|subteam)|<@[UWB][A-Z0-9]|<#[CG][A-Z0-9]"
    r"|(?<!\w)@(?:channel|here|everyone)\b",
    re.IGNORECASE,
)
PIECES = (
    *("<!channel>", "<!here", "@everyonex", "|x>", "@here", "@", "here", "everyone", "<@U123>"),
    *("<", "!", "c", "`", "```\n", "**", " ", "\n", "<!subteam^S1>", "[a](b)", "&lt;", "ü"),
    *("👩\u200d👩\u200d👧", "x" * 40),
)
WORDS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def seen(frame: Frame) -> Picture:
    assert isinstance(frame.content, Part)
    return picture(frame.content)


def texts(value):
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def frames(text):
    of = panel("ok", "waiting", text=text)
    rows = tuple(replace(row, label=text, role=text, gist=text) for row in of.rows)
    of = replace(of, preset=text, rows=rows)
    yield streaming(text, of)
    yield final(text, of, error=text)
    yield final(text)
    yield Frame(key="panel", content=of)
    yield Frame(key="n", content=Notice(text=text), buttons=(button("pick", text, "x"),))


@given(WORDS)
@example("@here @everyone <!channel>")
def test_nothing_that_is_posted_calls_anybody_and_all_of_it_is_taken(text):
    for frame in frames(text):
        for manner in (Manner(), Manner(tight=True), Manner(rich=False)):
            body = whole(frame, manner)
            parsed(body.blocks)
            for said in (*texts(body.blocks), body.text):
                assert not PINGS.search(said)
    assert not PINGS.search(quote(text, text).text)
    assert len(quote(text, text * 50).blocks) == 1


@given(WORDS)
def test_a_stream_that_grows_by_any_steps_shows_the_whole_and_calls_nobody(text):
    shown, said = Picture(), ""
    for end in range(0, len(text) + 1, 3):
        part = Part(turn_id=TURN, index=0, text=text[:end], streaming=True)
        new = picture(part)
        assert extends(shown, new, streaming=True)
        for chunk in chunks(shown, new, "d"):
            assert not said or not str(chunk["text"])[:1].isspace()
            said += str(chunk["text"])
            assert not PINGS.search(said)
        shown = merged(shown, new)
    last = picture(Part(turn_id=TURN, index=0, text=text))
    assert extends(shown, last, streaming=False)
    said += "".join(str(chunk["text"]) for chunk in chunks(shown, last, "d"))
    assert said == neutralise(text)
    assert not PINGS.search(said)


@given(WORDS, WORDS)
def test_what_is_steady_stays_whatever_follows(text, more):
    assert neutralise(text + more).startswith(steady(neutralise(text)))


@given(WORDS)
def test_neutralising_keeps_the_length_and_is_done_once(text):
    safe = neutralise(text)
    assert len(safe) == len(text)
    assert neutralise(safe) == safe
    assert not PINGS.search(safe)
    assert not PINGS.search(escape(text))


@given(WORDS, st.integers(10, 60))
def test_cutting_loses_nothing_and_keeps_within(text, limit):
    cut = list(pieces(text, limit))
    assert all(len(piece) <= limit for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert len(within(text, limit)) <= limit


@pytest.mark.parametrize("text", ["ü" * 9000, "& <" * 3000, "👩‍👩‍👧" * 900, "plain " * 900])
def test_the_text_of_notifications_is_no_longer_than_may_be_edited(text):
    body = whole(final(text), Manner())
    assert 2_000 < len(body.text.encode()) <= 4_000


def test_a_quote_shows_every_line_as_quoted():
    (block,) = quote("ann", "one\n> two\nthree <!here>").blocks
    assert block["text"] == {
        "type": "mrkdwn",
        "text": "*ann* asked:\n>one\n>&gt; two\n>three &lt;!here&gt;",
    }


def test_code_that_only_looks_like_a_mention_stays_as_it_is():
    code = "```html\n<!DOCTYPE html>\n<!-- x -->\n@property\n@channelled\nmail@here.example\n```"
    assert neutralise(code) == code


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("streaming", streaming("Use Postgres,", panel("waiting", "writing"))),
        ("final", final("Use *Postgres*.", panel("ok", "failed", settled=True))),
        ("failed", final("Use", error="The model stopped. (trace x)")),
        ("empty", streaming("")),
        ("notice", Frame(key="n", content=Notice(text="2 wait before you."))),
        (
            "picker",
            Frame(
                key="n",
                content=Notice(text="Which models answer here?"),
                buttons=(button("pick", "review", "review"), button("pick", "quick", "quick")),
            ),
        ),
    ],
)
def test_frames_as_messages(name, frame, snapshot):
    body = whole(frame, Manner())
    assert body == snapshot(name=name)
    for block in body.blocks:
        made = Block.parse(dict(block))
        assert made is not None
        made.validate_json()


def test_frames_as_chunks(snapshot):
    start = seen(streaming("", panel("waiting", "waiting")))
    later = seen(streaming("Use Postgres, since", panel("ok", "timed_out")))
    assert chunks(Picture(), start, "d1") == snapshot(name="start")
    assert chunks(start, later, "d1") == snapshot(name="later")
    assert chunks(later, later, "d1") == []


def test_a_second_round_has_cards_of_its_own():
    first = seen(streaming("", panel("ok")))
    second = seen(streaming("", replace(panel("waiting"), round=2)))
    (_, update) = chunks(first, second, "d1")
    assert update["id"] == "d1-2-1"
    assert len(merged(first, second).tasks) == 2


def test_fields_are_as_long_as_they_may_be():
    of = panel("ok")
    of = replace(of, preset="p" * 999, rows=(replace(of.rows[0], label="l" * 999, gist="g" * 999),))
    shown = seen(streaming("", of))
    assert max(len(shown.title), len(shown.tasks[0].title), len(shown.tasks[0].output)) == FIELD
    assert weight(shown) > FIELD * 4


@pytest.mark.parametrize("advisors", [1, 3, 4, 10, 11, 24])
def test_however_many_advisors_there_are_the_message_is_taken(advisors):
    states: list[RowState] = ["ok"] * advisors
    of = panel(*states, settled=True, text="Words and words. " * 900)
    for size in (10, 5_000, 11_000):
        frame = final("a" * size, of)
        tight = whole(frame, Manner(tight=True)).blocks
        parsed(tight)
        assert length(tight) <= 12_000
        wide = whole(frame, Manner()).blocks
        assert len(wide) <= 50
        assert sum(str(block).count("Words") for block in wide) >= sum(
            str(block).count("Words") for block in tight
        )


def test_what_is_refused_is_written_more_plainly_each_time():
    manner, seen = Manner(), []
    for code in ("msg_too_long", "msg_too_long", "invalid_blocks", "msg_too_long"):
        manner = lesser(manner, code)
        seen.append((manner.tight, manner.rich, manner.bare, manner.plain))
    assert seen == [
        (True, True, False, False),
        (True, False, False, False),
        (True, False, True, False),
        (True, False, True, True),
    ]


@pytest.mark.parametrize("size", [10, 3_000, 11_000])
def test_without_blocks_everything_is_said_in_one_text(size):
    text = ("Words <!here> and words. " * 500)[:size]
    frame = final(text, panel("ok", settled=True), error="— stopped")
    body = whole(frame, Manner(bare=True))
    assert (body.blocks, body.text) == ([], "")
    assert body.markdown.startswith(neutralise(text))
    assert "— stopped" in body.markdown
    assert "advisors 2/3" in body.markdown
    assert len(body.markdown) <= 12_000
    cut = whole(frame, Manner(bare=True, plain=True))
    assert (cut.blocks, cut.markdown) == ([], "")
    assert 0 < len(cut.text.encode()) <= 4_000


def test_without_blocks_nothing_is_empty():
    for frame in (
        streaming(""),
        streaming("", panel("waiting")),
        Frame(key="n", content=Notice(text=" ")),
    ):
        assert whole(frame, Manner(bare=True)).markdown.strip()


def test_only_a_person_s_id_is_mentioned():
    part = Part(turn_id=TURN, index=0, text="x", footer=FOOTER)
    for who, there in (("U0ANN0001", True), ("!channel", False), ("U1> <!here", False)):
        frame = Frame(key="answer/0", content=part, final=True, mention=who)
        assert (f"<@{who}>" in str(below(part, frame, Manner()))) is there


@pytest.mark.parametrize("frame", [permission(), permission("approved")], ids=["asked", "allowed"])
def test_a_call_that_needs_a_yes_looks_like_this(frame, snapshot):
    body = whole(frame, Manner())
    assert body == snapshot
    assert not [each for each in texts(body.blocks) if PINGS.search(each) and "<!" in each]
    assert not PINGS.search(body.text)
