"""Frames become calls that Discord takes: within its limits, without pings, without previews."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.discord.render import (
    COMPONENTS_V2,
    EPHEMERAL,
    SILENT,
    SUPPRESS_EMBEDS,
    edit_body,
    post_body,
    quoting,
    whisper_bodies,
)
from core.frames import Button, File, Frame, Notice, Panel, Part, Row
from core.markup import split
from tests.adapters.chat.discord.desk import DELIVERY, FOOTER, TURN, notice, panel, part
from tests.adapters.chat.discord.test_markdown import ACTIVE, NASTY
from tests.fakes.permission import permission


def post(frame: Frame, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = post_body(frame, delivery_id=DELIVERY, **more).json
    return body


PICKS = tuple(Button(action="pick", label=f"p{n}", turn_id="", value=f"p{n}") for n in range(30))
FRAMES = {
    "streaming": part("It **is", streaming=True),
    "final": part("It is **four**."),
    "stopped": replace(
        part("It"), content=Part(turn_id=TURN, index=0, text="It", error="— stopped", footer=FOOTER)
    ),
    "mention": replace(part("Done."), mention="42"),
    "panel": panel("ok", "writing", "waiting"),
    "settled": panel("ok", "failed", "ok", settled=True),
    "notice": notice("In *line*: 2 before you, @everyone."),
    "picker": notice("review answers here.", *PICKS),
    "file": Frame(key="file/0", content=File(turn_id=TURN, name="a.py", text="x = 1\n")),
}


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_a_post_looks_like_this(name, snapshot):
    assert json.dumps(post(FRAMES[name], reply_to="7"), indent=1, ensure_ascii=False) == snapshot


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_nothing_pings_or_unfurls_on_sends_and_edits(name):
    frame = FRAMES[name]
    for body in (post(frame), edit_body(frame).json, *[w.json for w in whisper_bodies(frame)]):
        mentions = body["allowed_mentions"]
        assert isinstance(mentions, dict)
        assert mentions["parse"] == []
        assert mentions["replied_user"] is False
        assert mentions.get("users", []) == ([frame.mention] if frame.mention else [])
        assert int(str(body["flags"])) & SUPPRESS_EMBEDS


def test_only_what_should_ring_rings():
    assert post(FRAMES["panel"])["flags"] == COMPONENTS_V2 | SUPPRESS_EMBEDS | SILENT
    assert post(FRAMES["final"])["flags"] == SUPPRESS_EMBEDS
    assert post(FRAMES["mention"])["flags"] == SUPPRESS_EMBEDS
    assert post(replace(FRAMES["final"], notify=False))["flags"] == SUPPRESS_EMBEDS | SILENT
    assert all(int(str(w.json["flags"])) & EPHEMERAL for w in whisper_bodies(FRAMES["panel"]))


def test_a_table_that_is_too_wide_for_a_message_loses_its_blanks_and_not_its_shape():
    """A long cell makes every row of its column as long."""
    rows = [("What it does", "Option"), ("everything " * 20, "first")]
    rows += [("Fast", f"option {n}") for n in range(15)]
    table = "\n".join(f"| {what.strip()} | {name} |" for what, name in rows)
    text = "Like this:\n\n" + table.replace("\n", "\n|---|---|\n", 1) + "\n\n- **so** it goes"
    content = str(post(part(text))["content"])
    assert len(content) <= 2000
    assert "```\nWhat it does │ Option\neverything everything" in content
    assert "Fast │ option 14\n```\n\n- **so** it goes" in content
    small = str(post(part("| a | b |\n|---|---|\n| 1 | 22 |"))["content"])
    assert "```\na  b\n─  ──\n1  22\n```" in small


def test_a_table_that_is_cut_is_one_in_every_message():
    table = "| Nr | What |\n|---|---|\n" + "| 1 | goes on and on |\n" * 150
    contents = [str(post(part(each))["content"]) for each in split(table, 1900)]
    assert len(contents) > 1
    assert all(each.startswith("```\nNr") and "|" not in each for each in contents)


def test_a_post_is_posted_once():
    body = post(FRAMES["final"])
    assert body["nonce"] == DELIVERY
    assert body["enforce_nonce"] is True


def test_where_components_are_refused_the_panel_is_text():
    body = post(FRAMES["settled"], layout=False)
    assert body["flags"] == SUPPRESS_EMBEDS | SILENT
    assert body["content"].startswith("**review · 2 of 3 advisors answered**\n✓ model_1")


def rows(count: int, text: str) -> Panel:
    return Panel(
        turn_id=TURN,
        preset=text[:50],
        settled=True,
        rows=tuple(
            Row(position=n, label=text[:60], state="ok", gist=text[:300], text=text)
            for n in range(1, count + 1)
        ),
    )


@pytest.mark.parametrize("count", [1, 5, 12, 26, 60, 200])
@pytest.mark.parametrize("text", ["model", "@everyone <@1> " * 20, "**_`|" * 60, "中" * 300])
def test_a_panel_of_any_size_fits(count, text):
    buttons = tuple(
        Button(action="advisors", label=f"👁 {text}", turn_id=TURN, value=str(n))
        for n in range(1, count + 1)
    )
    frame = Frame(key="panel", content=rows(count, text), buttons=buttons)
    (container,) = post(frame)["components"]
    texts = [each["content"] for each in container["components"] if each["type"] == 10]
    assert sum(map(len, texts)) <= 4000
    assert 1 + sum(1 + len(each.get("components", ())) for each in container["components"]) <= 40
    assert not ACTIVE.search("\n".join(texts))
    labels = [
        each["label"] for row in container["components"] for each in row.get("components", ())
    ]
    assert all(len(label) <= 80 for label in labels)
    assert len(post(frame, layout=False)["content"]) <= 2000


@given(st.integers(0, len(NASTY)), st.booleans(), st.none() | st.just("42"))
def test_any_prefix_fits_with_what_stands_below(end, streaming, mention):
    text = (NASTY * 2)[end : end + 1800]
    body = post(replace(part(text, streaming=streaming), mention=mention))
    assert 0 < len(body["content"]) <= 2000
    said = body["content"].removesuffix("<@42>") if mention else body["content"]
    assert not ACTIVE.search(said)


@pytest.mark.parametrize(
    "text",
    [
        "@here" * 380,
        "<@1>" * 475,
        "|a|b|\n|-|-|\n" + f"|{'x' * 800}|y|\n|z|{'w' * 800}|",
        "*" * 1900,
    ],
)
def test_what_grows_too_long_is_shown_as_it_was_written(text):
    for frame in (part(text), notice(text)):
        content = post(frame)["content"]
        assert len(content) <= 2000
        assert not ACTIVE.search(content)


def test_a_blank_message_is_never_sent():
    assert post(notice(""))["content"].strip()
    assert post(Frame(key="a", content=Part(turn_id=TURN, index=0, text="")))["content"].strip()


def test_a_choice_is_a_list_of_at_most_25():
    (row,) = post(FRAMES["picker"])["components"]
    (select,) = row["components"]
    assert select["type"] == 3
    assert [each["label"] for each in select["options"]] == [f"p{n}" for n in range(25)]


@given(st.text(max_size=4500))
def test_any_question_can_be_quoted(text):
    content = str(quoting(text)["content"])
    assert 0 < len(content) <= 2000
    assert not ACTIVE.search(content)


def test_a_long_whisper_takes_several_messages_and_buttons_come_last():
    text = "\n\n".join(f"Sentence {n}. " + "word " * 50 for n in range(30))
    button = Button(action="retry", label="🔁", turn_id=TURN)
    bodies = whisper_bodies(Frame(key="w", content=Notice(text=text), buttons=(button,)))
    assert len(bodies) > 3
    assert all(len(str(each.json["content"])) <= 2000 for each in bodies)
    assert [bool(each.json["components"]) for each in bodies] == [False] * (len(bodies) - 1) + [
        True
    ]


@pytest.mark.parametrize("frame", [permission(), permission("approved")], ids=["asked", "allowed"])
def test_a_call_that_needs_a_yes_looks_like_this(frame, snapshot):
    assert json.dumps(post(frame), indent=1, ensure_ascii=False) == snapshot
