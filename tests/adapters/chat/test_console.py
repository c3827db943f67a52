"""Shows what a terminal prints of a turn: clean text when it is over, nothing dangerous ever."""

import asyncio
import errno
import io
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typing_extensions import override

from adapters.chat.console.adapter import PANEL_GRACE, ConsoleChat
from adapters.chat.console.render import advice
from adapters.chat.console.screen import HINT, LiveScreen, PlainScreen
from core.errors import Overloaded
from core.frames import Footer, Frame, Notice, Panel, Part, Row
from core.reply import PANEL, answer_key
from core.texts.turns import STOPPED
from core.types import Address, Author, Message, Usage
from tests.fakes.loop import run_virtual

ADDRESS = Address(platform="console", channel="c")
ROWS = (
    Row(
        position=1,
        label="openai:gpt-5.5",
        state="ok",
        words=12,
        seconds=3.14,
        dollars=Decimal("0.0042"),
        gist="Take the train.",
        text="Take the train. It is green.",
    ),
    Row(position=2, label="ollama:qwen3", role="skeptic", state="timed_out", seconds=30.0),
)
LIVE_ROWS = (ROWS[0], Row(position=2, label="ollama:qwen3", state="writing", words=120))
# What rich may send: colours, and where the cursor goes.
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def panel(rows=ROWS, *, settled=True, final=True) -> Frame:
    content = Panel(turn_id="t1", preset="review", rows=rows, settled=settled)
    return Frame(key=PANEL, content=content, final=final)


def answer(text="The **train**.", *, error=None, asked=2, index=0) -> Frame:
    footer = Footer(
        preset="review",
        used=1,
        asked=asked,
        usage=Usage(input=1000, output=234),
        dollars=Decimal("0.0042"),
        priced=True,
        seconds=6.1,
    )
    part = Part(turn_id="t1", index=index, text=text, footer=footer, error=error)
    return Frame(key=answer_key(index), content=part, final=True, notify=True)


def writing(text, index=0) -> Frame:
    part = Part(turn_id="t1", index=index, text=text, streaming=True)
    return Frame(key=answer_key(index), content=part)


class Plain:
    """A console whose two outputs are read back."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.chat = ConsoleChat(PlainScreen(self.out, self.err))

    async def show(self, *frames: Frame) -> None:
        for frame in frames:
            await self.chat.post(ADDRESS, frame, delivery_id="d")


class Terminal(Plain):
    """A console on a terminal of this size."""

    def __init__(self, *, width=80, height=24) -> None:
        super().__init__()
        self.console = Console(
            file=self.out,
            force_terminal=True,
            width=width,
            height=height,
            highlight=False,
            markup=False,
            emoji=False,
            color_system="standard",
        )
        self.screen = LiveScreen(self.console)
        self.chat = ConsoleChat(self.screen)

    def screens(self) -> list[str]:
        """What stood on the terminal, drawing by drawing, without colours."""
        drawn = re.split(r"\x1b\[2K|\x1b\[\?25[hl]", self.out.getvalue())
        return [text for each in drawn if (text := CONTROLS.sub("", each).strip())]

    def text(self) -> str:
        """What it says for good."""
        return "\n".join(line.rstrip() for line in self.screens()[-1].splitlines())


# --- plain --------------------------------------------------------------------------------------


async def test_on_a_pipe_standard_output_has_the_answer_alone():
    console = Plain()
    await console.show(panel(LIVE_ROWS, settled=False, final=False), writing("The"))
    assert console.out.getvalue() == console.err.getvalue() == ""
    await console.show(panel(), answer())
    assert console.out.getvalue() == "The **train**.\n"
    assert console.err.getvalue() == (
        "review · 1 of 2 advisors answered\n"
        "✓ openai:gpt-5.5 · done · 3.1 s · $0.0042\n"
        "    Take the train.\n"
        "✗ ollama:qwen3 (skeptic) · timed out after 30.0 s\n"
        "review · advisors 1/2 · 1,234 tokens · $0.0042 · 6.1 s\n"
    )


async def test_a_turn_that_failed_says_so_beside_and_to_its_caller():
    console = Plain()
    await console.show(answer("", error="The model is overloaded.", asked=0))
    assert console.out.getvalue() == ""
    assert console.err.getvalue().startswith("The model is overloaded.\n")
    assert (await console.chat.ended()).error == "The model is overloaded."


async def test_what_was_said_until_it_was_stopped_is_kept():
    console = Plain()
    await console.show(answer("Half of", error=STOPPED, asked=0))
    assert console.out.getvalue() == "Half of\n"
    assert console.err.getvalue().startswith(STOPPED)


class FullDisk(io.StringIO):
    """A file on a disk that is full."""

    @override
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


async def test_an_answer_that_cannot_be_written_is_no_answer():
    console = Plain()
    console.chat = ConsoleChat(PlainScreen(FullDisk(), console.err))
    await console.show(answer(asked=0))
    assert "No space left" in (await console.chat.ended()).error


def test_progress_is_said_once_for_each_step():
    console = Plain()
    screen = PlainScreen(console.out, console.err)
    for percent in range(3):
        screen.progress("fetching", f"Fetching: {percent} of 100 MB.")
    screen.progress("loading", "Loading.")
    assert console.err.getvalue() == "Fetching: 0 of 100 MB.\nLoading.\n"


# --- live ---------------------------------------------------------------------------------------


async def test_while_it_runs_the_panel_says_state_words_seconds_and_dollars():
    console = Terminal()
    await console.show(panel(LIVE_ROWS, settled=False, final=False))
    shown = console.screens()[-1]
    assert "review · asking 2 advisors, 1 answered" in shown
    assert re.search(r"✓ +openai:gpt-5.5 +done +3\.1 s · \$0\.0042", shown)
    assert re.search(r"… +ollama:qwen3 +writing \(120 words\)", shown)
    assert shown.endswith(HINT)
    console.screen.clear()


async def test_the_answer_is_drawn_as_it_grows_and_printed_once_when_it_is_whole():
    console = Terminal()
    await console.show(panel(final=False), writing("The tra"), answer(), panel())
    assert any("The tra\n" in re.sub(" +\n", "\n", each) for each in console.screens()[:-1])
    assert console.text().splitlines() == [
        "review · 1 of 2 advisors answered",
        "✓ openai:gpt-5.5 · done · 3.1 s · $0.0042",
        "    Take the train.",
        "✗ ollama:qwen3 (skeptic) · timed out after 30.0 s",
        "",
        "The train.",
        "",
        "review · advisors 1/2 · 1,234 tokens · $0.0042 · 6.1 s",
    ]


async def test_a_long_answer_stays_within_the_screen_and_shows_its_end():
    console = Terminal(height=12)
    text = "\n\n".join(f"Paragraph {number}." for number in range(40))
    await console.show(panel(final=False), writing(text))
    shown = console.screens()[-1]
    assert "Paragraph 39." in shown
    assert "Paragraph 1." not in shown
    assert len(shown.splitlines()) < 12
    await console.show(panel(), answer(text))
    assert "Paragraph 0.\n" in console.text()
    assert "Paragraph 39.\n" in console.text()


async def test_even_a_tiny_terminal_is_not_overdrawn():
    console = Terminal(width=12, height=3)
    await console.show(panel(LIVE_ROWS, final=False), writing("word " * 100))
    assert all(len(each.splitlines()) <= 2 for each in console.screens())
    console.screen.clear()


async def test_code_can_be_copied_from_the_terminal():
    line = "x = " + " + ".join(str(number) for number in range(60))
    console = Terminal()
    await console.show(answer(f"```python\nif 1:\n    {line}\n```", asked=0))
    assert f"if 1:\n    {line}\n" in console.text()


async def test_the_address_of_a_link_is_seen_and_no_hidden_one_is_made():
    console = Terminal()
    await console.show(answer("See [the bank](https://evil.example/login).", asked=0))
    assert "the bank (https://evil.example/login)" in console.text()
    assert "\x1b]8" not in console.out.getvalue()


async def test_something_is_seen_as_soon_as_it_is_asked():
    console = Terminal()
    message = Message(
        event_id="e", address=ADDRESS, author=Author(id="u", name="U"), text="?", at=0
    )
    await console.chat.acknowledge(message)
    assert HINT in console.out.getvalue()
    console.screen.clear()


# --- when a turn is over ------------------------------------------------------------------------


async def test_a_whole_answer_waits_for_the_last_state_of_its_panel():
    console = Plain()
    await console.show(panel(LIVE_ROWS, settled=False, final=False), answer())
    assert console.out.getvalue() == ""
    await console.show(panel())
    ended = await console.chat.ended()
    assert (ended.turn_id, ended.error) == ("t1", "")
    assert console.err.getvalue().startswith("review · 1 of 2 advisors answered")
    assert ended.panel
    assert "Take the train. It is green." in advice(ended.panel)


def test_a_panel_that_never_comes_holds_the_answer_up_for_a_moment_only():
    console = Plain()

    async def scene() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await console.show(answer())
        await console.chat.ended()
        return loop.time() - began

    assert run_virtual(scene()) == PANEL_GRACE
    assert console.out.getvalue() == "The **train**.\n"


async def test_what_comes_after_the_end_is_not_printed_again():
    console = Plain()
    await console.show(panel(), answer(), panel(), answer("Another."))
    assert console.out.getvalue() == "The **train**.\n"


async def test_a_part_that_is_taken_back_is_not_printed():
    console = Plain()
    message_id = await console.chat.post(ADDRESS, writing("void", index=1), delivery_id="d")
    await console.chat.delete(ADDRESS, message_id)
    await console.show(answer(asked=0))
    assert console.out.getvalue() == "The **train**.\n"


async def test_an_edit_replaces_what_was_shown():
    console = Plain()
    message_id = await console.chat.post(ADDRESS, writing("Wrong"), delivery_id="d")
    await console.chat.edit(ADDRESS, message_id, answer("Right.", asked=0))
    assert console.out.getvalue() == "Right.\n"


async def test_nothing_is_taken_in_before_the_gateway_runs():
    message = Message(
        event_id="e", address=ADDRESS, author=Author(id="u", name="U"), text="?", at=0
    )
    with pytest.raises(Overloaded):
        await Plain().chat.take_in(message)


# --- what models may not do to a terminal -------------------------------------------------------

SEQUENCES = st.sampled_from(
    ["\x1b", "[", "]", "2J", "0;t", "\x07", "\x9b", "\r", "\b", "\u202e", "\x85", "\x1b[2J"]
)
ENTITIES = st.sampled_from(["&#27;", "&#8238;", "&#13;", "&#155;", "&#x1b;[2J", "&#xfeff;"])
MARKS = st.sampled_from(["`", "```\n", "\n", "a", " ", "# ", "|", "*", "](", "<", ">", "- "])
NASTY = st.lists(SEQUENCES | ENTITIES | MARKS | st.characters(), max_size=30).map("".join)


@given(text=NASTY)
async def test_no_control_sequence_of_a_model_reaches_the_terminal(text):
    rows = (Row(position=1, label=text, role=text, state="failed", reason=text, gist=text),)
    frames = (
        panel(rows, settled=False, final=False),
        writing(text),
        panel(rows),
        answer(text, error=text),
        Frame(key="notice", content=Notice(text=text), final=True),
    )
    plain, terminal = Plain(), Terminal()
    await plain.show(*frames)
    assert not FORBIDDEN.search(plain.out.getvalue() + plain.err.getvalue())
    await terminal.show(*frames)
    drawn = terminal.out.getvalue()
    assert not FORBIDDEN.search(CONTROLS.sub("", drawn).replace("\r", ""))
    # Erasing and moving is the live region's alone: a line at a time, upwards, from its start.
    moves = set(re.findall(r"\x1b\[[0-9;?]*[A-Za-ln-z]", drawn))
    assert moves <= {"\x1b[2K", "\x1b[1A", "\x1b[?25l", "\x1b[?25h"}
    assert drawn.count("\r") == len(re.findall(r"\r\x1b\[2K|\r\x1b\[1A|\r$", drawn))
