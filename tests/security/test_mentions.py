"""Model text that tries to call somebody, to show a picture or to lead elsewhere than to the web.

Any mixture of markup, mentions, what cannot be seen and what is left open, in any pieces, is
written as it streams and when it is whole, and cut into messages; what each platform would be sent
is read with its simulator's own eyes. `tests/contracts/chats/test_harmless.py` posts chosen ones
over the wire; `tests/harmless_calls.py` watches every call of the suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.chat.discord.render import edit_body, post_body, whisper_bodies
from adapters.chat.slack.chunks import Picture, chunks, merged, picture
from adapters.chat.slack.manner import Manner
from adapters.chat.slack.render import whole
from adapters.chat.telegram.render import code_messages, render
from adapters.chat.web.markdown import blocks
from core.frames import Frame, Part
from core.markup import Streamed, sanitise, split, utf16
from tests import harmless_calls
from tests.contracts.chats.frames import answer, frames
from tests.simulators.discord.pings import CROWD, PERSON, ROLE, texts
from tests.simulators.slack.marks import in_blocks, in_markdown, mentioned
from tests.simulators.telegram.texts import formatted

PIECES = (
    *("@everyone", "@here", "@channel", "<@1234>", "<@!1234>", "<@&1234>", "<#1234>", "</ask:1>"),
    *("<!channel>", "<!here|x>", "<!subteam^S123|all>", "<@U0123456>", "<#C0123456>", "@ben_smith"),
    *("@", "<", ">", "!", "everyone", "U0123456", "channel>", "here", "<@", "<!", "&lt;", "&#64;"),
    *("[Ben](tg://user?id=1234)", "[x](javascript:alert(1))", "![p](https://evil.example/?q=x)"),
    *("![", "](", "https://evil.example/a.png", ")", "[", "]", "<https://evil.example>", "data:x"),
    *("\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u00ad", "＠everyone", "\x00", "\ud83d"),
    *("`", "```", "```\n", "~~~\n", "**", "_", "~~", "||", "> ", "# ", "- ", "1. ", "| a | b |\n"),
    *(
        "|---|---|\n",
        "\n",
        "\n\n",
        " ",
        "\\",
        "\\@",
        "a",
        "Hello ",
        ". ",
        "\u2028",
        "<b>",
        "<img src=",
    ),
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=25)
PEOPLE = {"U0123456": object(), "U1": object()}
CHECKED = settings(max_examples=150)


def written(pieces: Sequence[str], limit: int) -> Iterator[tuple[str, bool]]:
    """Each text that would be shown of an answer, as it comes and when it is whole."""
    streamed = Streamed(limit, utf16)
    for piece in pieces:
        streamed.add(piece)
        yield from ((text, False) for text in streamed.texts())
    said = "".join(pieces)
    yield from ((text, True) for text in split(sanitise(said), limit, utf16))


def framed(pieces: Sequence[str], limit: int) -> Iterator[Frame]:
    for text, final in written(pieces, limit):
        yield answer(text, final=final)
    said = "".join(pieces)
    yield from frames(said[:1_500], sanitise(said[:1_500]))


def harmless(platform: str, method: str, params: dict[str, object]) -> None:
    assert list(harmless_calls.RULES[platform](method, params)) == []


@CHECKED
@given(pieces=HOSTILE, limit=st.integers(30, 400))
def test_on_discord(pieces, limit):
    for frame in framed(pieces, limit):
        bodies = [
            post_body(frame, delivery_id="d"),
            post_body(frame, delivery_id="d", layout=False),
            edit_body(frame),
            *whisper_bodies(frame),
        ]
        for body in bodies:
            form: dict[str, Any] = dict(body.json)
            harmless("discord", "create_message", form)
            shown = [str(form.get("content") or ""), *texts(form.get("components") or [])]
            for each in shown:
                assert not CROWD.search(each)
                assert not PERSON.search(each)
                assert not ROLE.search(each)


@CHECKED
@given(pieces=HOSTILE, limit=st.integers(30, 400))
@example(pieces=["https://evil.example/a.png", "&lt;", "@everyone"], limit=30)
def test_on_telegram(pieces, limit):
    said = "".join(pieces)
    every = [render(frame) for frame in framed(pieces, limit)] + code_messages(sanitise(said))
    for rendered in every:
        for plain in (False, True):
            values: dict[str, Any] = dict(rendered.values(plain=plain))
            keys = values.pop("reply_markup")
            assert keys is None or isinstance(keys, dict)
            harmless("telegram", "sendMessage", {k: v for k, v in values.items() if v is not None})
            found = formatted(str(values["text"]), "", values["entities"] or [], empty=True)
            kinds = {each["type"] for each in found.entities}
            # Without its entities, code is text, and what stands in it may be a name.
            if not plain:
                assert not kinds & {"mention", "text_mention", "bot_command_of_another"}


@CHECKED
@given(pieces=HOSTILE, limit=st.integers(30, 400))
def test_on_slack(pieces, limit):
    for frame in framed(pieces, limit):
        for manner in (
            Manner(),
            Manner(tight=True),
            Manner(bare=True),
            Manner(bare=True, plain=True),
        ):
            body = whole(frame, manner)
            form = {"text": body.text, "blocks": body.blocks, "markdown_text": body.markdown}
            flags = {"unfurl_links": False, "unfurl_media": False}
            harmless("slack", "chat.postMessage", {**form, **flags})
            assert not mentioned(body.text, PEOPLE)
            assert not in_blocks(body.blocks, PEOPLE)
            assert not in_markdown(body.markdown, PEOPLE)


@CHECKED
@given(pieces=HOSTILE)
def test_in_a_stream_of_slack_whatever_the_chunks(pieces):
    """What was appended can never be taken back, so it must not become a mention later."""
    streamed, shown = Streamed(10_000, len, append=True), Picture()
    for piece in [*pieces, ""]:
        streamed.add(piece)
        for text in streamed.texts()[:1]:
            now = picture(Part(turn_id="t", index=0, text=text, streaming=True))
            harmless("slack", "chat.appendStream", {"chunks": chunks(shown, now, "m")})
            shown = merged(shown, now)
            assert not in_markdown(shown.text, PEOPLE)
            harmless("slack", "chat.appendStream", {"markdown_text": shown.text})


@CHECKED
@given(pieces=HOSTILE)
def test_on_the_page(pieces):
    html = "".join(blocks("".join(pieces)))
    assert not re.search(r"<(?:img|script|iframe|object|style|svg|form|input)\b", html)
    assert not re.search(r"\son\w+\s*=", re.sub(r">[^<]*<", "><", html))
    for target in re.findall(r"""href=["']([^"']*)""", html):
        assert target.startswith(("http://", "https://", "mailto:", "#"))


@pytest.mark.parametrize(
    "name", ["@everyone", "<!channel>", "<@U0123456>", "<@1234>", "@ben_smith"]
)
def test_a_person_who_is_called_like_a_mention_calls_nobody(name):
    frame = answer("Hello", mention=None)
    named = answer(f"Hello {name}", footer=name)
    for each in (frame, named):
        assert not in_blocks(whole(each, Manner()).blocks, PEOPLE)
        harmless("discord", "create_message", dict(post_body(each, delivery_id="d").json))
