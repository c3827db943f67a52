"""Shows `moa-gateway chat` as people and scripts start it: in a pipe, and on a real terminal."""

import asyncio
import os
import pty
import re
import signal
import sqlite3
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.store.lock import Lock
from tests.patience import PATIENCE

COMMAND = str(Path(sys.executable).with_name("moa-gateway"))
PROMPT = "› "
CONFIG = r"""
data_dir: data
providers:
  fake:
    api: scripted
    answers:
      wise: "Take the train. It is green."
      bold: {error: refused, message: "not today"}
      chief: ["First answer.", "Second answer.", "Third answer."]
      broken: {error: refused, message: "no \e[2J way"}
      echo: {text: "You said: {last}"}
      slow: {text: "One two three four five six.", chunk: 4, between: 0.2}
      never: {text: "It begins ", stall: true}
      nasty: {text: "A\e]0;pwned\a B\e[2J C\x9b2J D&#8238;E\rF"}
moa:
  presets:
    trip:
      reference_models: [{provider: fake, model: wise}, {provider: fake, model: bold}]
      aggregator: {provider: fake, model: chief}
    bad: {enabled: false, aggregator: {provider: fake, model: broken}}
    echo: {enabled: false, aggregator: {provider: fake, model: echo}}
    slow:
      reference_models: [{provider: fake, model: wise}]
      aggregator: {provider: fake, model: slow}
    never: {enabled: false, aggregator: {provider: fake, model: never}}
    nasty:
      reference_models: [{provider: fake, model: nasty}, {provider: fake, model: nasty}]
      aggregator: {provider: fake, model: nasty}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def environ(**more: str) -> dict[str, str]:
    left_out = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "MOA_GATEWAY_CONFIG", "TERM"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "TERM": "xterm-256color", **more}


def stored(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "data" / "moa-gateway.db")) as database:
        return database.execute(query).fetchall()


# --- in a pipe ----------------------------------------------------------------------------------


async def piped(folder: Path, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    """Run it to its end; give exit code, standard output and standard error."""
    child = await asyncio.create_subprocess_exec(
        *(COMMAND, "chat", *arguments),
        cwd=folder,
        env=environ(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await child.communicate(typed.encode())
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    assert child.returncode is not None
    return child.returncode, out.decode(), err.decode()


async def test_a_pipe_gets_the_answer_alone(folder):
    code, out, err = await piped(folder, "-m", "How do I get there?")
    assert (code, out) == (0, "First answer.\n")
    assert "trip · 1 of 2 advisors answered\n✓ fake:wise · done · " in err
    assert "    Take the train.\n✗ fake:bold · failed: refused the request\n" in err
    assert re.search(r"^trip · advisors 1/2 · ~\d+ tokens · .* s$", err, re.MULTILINE)
    assert "\x1b" not in out + err


async def test_a_question_without_an_answer_is_exit_code_1(folder):
    code, out, err = await piped(folder, "-p", "bad", "-m", "Well?")
    assert (code, out) == (1, "")
    assert "no [2J way" in err
    assert "Traceback" not in err


async def test_an_unknown_preset_runs_nothing_and_names_the_nearest(folder):
    code, out, err = await piped(folder, "-p", "trp", "-m", "Well?")
    assert (code, out) == (2, "")
    assert "Did you mean 'trip'?" in err


async def test_an_empty_question_is_refused_in_a_sentence(folder):
    code, out, err = await piped(folder, "-m", " ")
    assert (code, out) == (2, "")
    assert err.startswith("moa-gateway: The message is empty, so there was")
    assert len(err.splitlines()) == 1


async def test_a_dash_asks_all_of_standard_input_at_once(folder):
    code, out, _ = await piped(folder, "-p", "echo", "-m", "-", typed="one\n/two\n\nthree\n")
    assert (code, out) == (0, "You said: one\n/two\n\nthree\n")


async def test_lines_from_a_pipe_are_questions_one_after_the_other(folder):
    typed = "one\n\n/moa echo\ntwo\n/moa default\nthree\r\n/quit\nfour\n"
    code, out, _ = await piped(folder, typed=typed)
    assert (code, out) == (0, "First answer.\nYou said: two\nSecond answer.\n")


async def test_the_last_line_needs_no_end(folder):
    code, out, _ = await piped(folder, "-p", "echo", typed="grüße")
    assert (code, out) == (0, "You said: grüße\n")


async def test_one_failure_among_the_lines_of_a_pipe_is_exit_code_1(folder):
    code, out, _ = await piped(folder, typed="/moa bad\none\n/moa echo\ntwo\n")
    assert (code, out) == (1, "You said: two\n")


async def test_commands_answer_beside_and_ask_no_model(folder):
    typed = "/help\n/moa\n/moa nope\n/advisors\n/retry\n/stop\n/nonsense\n/new ideas\n"
    code, out, err = await piped(folder, typed=typed)
    assert (code, out) == (0, "")
    assert "/quit, Ctrl-D   leave" in err
    assert "* trip: fake:chief answers, advised by fake:wise, fake:bold\n" in err
    assert "  bad: fake:broken answers\n" in err
    assert "  nasty: fake:nasty answers, advised by 2 × fake:nasty\n" in err
    assert "There is no preset 'nope'." in err
    assert "No advisor was asked yet." in err
    assert "There is no question to ask again." in err
    assert "Nothing is running." in err
    assert "/nonsense is no command here" in err
    assert "/new is no command here, or says too much." in err
    assert stored(folder, "select count(*) from turns") == [(0,)]


async def test_retry_asks_anew_and_the_advisors_can_be_read_in_full(folder):
    code, out, err = await piped(folder, typed="one\n/retry\n/advisors\n")
    assert (code, out) == (0, "First answer.\nSecond answer.\n")
    assert err.count("trip · advisors 1/2") == 2
    assert "Take the train. It is green.\n" in err


async def test_moa_35_retry_all_asks_the_advisors_that_the_gate_left_out(folder):
    config = CONFIG.replace("    trip:", "    trip:\n      auto: true", 1)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    code, out, err = await piped(folder, typed="When?\n/retry all\n")
    assert (code, out) == (0, "First answer.\nSecond answer.\n")
    alone, together = (line for line in err.splitlines() if " tokens · " in line)
    assert "answered alone: a short plain question" in alone
    assert "advisors 1/2" in together


async def test_new_begins_another_conversation_with_the_same_preset(folder):
    code, out, err = await piped(folder, typed="/moa echo\none\n/new\ntwo\n")
    assert (code, out) == (0, "You said: one\nYou said: two\n")
    assert "A new conversation." in err
    assert stored(folder, "select count(distinct session) from turns") == [(2,)]


async def test_what_was_said_is_taken_out_pinned_and_handed_out(folder):
    lines = ("/moa echo", "one", "/undo", "/undo", "/memory add We go on Fridays.", "/memory")
    typed = "\n".join((*lines, "two", "/compact", "/export", ""))
    code, out, err = await piped(folder, typed=typed)
    assert (code, out) == (0, "You said: one\nYou said: two\n")
    assert "I took out the question “one” and its answer" in err
    assert "nothing here that could be taken back" in err
    assert "Pinned as number 1." in err
    assert "1. We go on Fridays." in err
    assert "too little here to summarise" in err
    assert "# Conversation\n\n1 exchange, exported" in err
    assert "> two\n\nYou said: two\n" in err


async def test_data_that_another_process_owns_is_exit_code_2(folder):
    (folder / "data").mkdir()
    lock = Lock(folder / "data" / "moa-gateway.db")
    try:
        code, out, err = await piped(folder, "-m", "Well?")
    finally:
        lock.release()
    assert (code, out) == (2, "")
    assert f"running already (process {os.getpid()})" in err
    assert len(err.splitlines()) == 1


async def test_a_model_that_does_not_start_says_why(folder):
    (folder / "junk.gguf").write_text("junk", encoding="utf-8")
    providers = "providers: {local: {api: embedded, model_path: junk.gguf}}\n"
    preset = "moa: {presets: {me: {enabled: false, aggregator: {provider: local, model: x}}}}\n"
    (folder / "config.yaml").write_text(f"data_dir: data\n{providers}{preset}", encoding="utf-8")
    code, out, err = await piped(folder, "-m", "Well?")
    assert (code, out) == (1, "")
    assert err.startswith("Loading junk.gguf.\n")
    assert "no GGUF file" in err


async def test_a_reader_that_has_read_enough_gets_no_complaint(folder):
    script = f"{COMMAND} chat -m Hello | true; exit ${{PIPESTATUS[0]}}"
    child = await asyncio.create_subprocess_exec(
        *("bash", "-c", script), cwd=folder, env=environ(), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        _, err = await child.communicate()
    assert child.returncode == 0
    assert b"Traceback" not in err
    assert b"Broken" not in err


# --- on a terminal ------------------------------------------------------------------------------


@dataclass(slots=True)
class Terminal:
    """A person's terminal with the program in it."""

    master: int
    slave: int
    child: asyncio.subprocess.Process
    screen: str = ""
    _seen: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self) -> None:
        self.screen += os.read(self.master, 65_536).decode(errors="replace")
        self._changed.set()

    async def sees(self, text: str) -> None:
        """Wait until something new stands there."""
        async with asyncio.timeout(PATIENCE):
            while (found := self.screen.find(text, self._seen)) < 0:
                self._changed.clear()
                await self._changed.wait()
        self._seen = found + len(text)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    async def left(self) -> int:
        """Wait until the program is over; give its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self.child.wait()

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)


@asynccontextmanager
async def terminal(folder: Path, *arguments: str, **more: str) -> AsyncIterator[Terminal]:
    """Start it on a terminal of 80 by 24."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    # A session's first process that opens a terminal owns it: Ctrl-C is its signal from then on.
    script = f'exec "$0" "$@" <{os.ttyname(slave)} >{os.ttyname(slave)} 2>&1'
    child = await asyncio.create_subprocess_exec(
        *("sh", "-c", script, COMMAND, "chat", *arguments),
        cwd=folder,
        env=environ(**more),
        start_new_session=True,
    )
    shown = Terminal(master, slave, child)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, shown.read)
    try:
        yield shown
    finally:
        loop.remove_reader(master)
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        os.close(master)
        os.close(slave)


async def test_a_conversation_on_a_terminal(folder):
    async with terminal(folder) as person:
        await person.sees("trip: fake:chief answers, advised by fake:wise, fake:bold.")
        await person.sees(PROMPT)
        person.type("How do I get there?\n")
        await person.sees("Ctrl-C stops.")
        await person.sees("1 of 2 advisors answered")
        await person.sees("First answer.")
        await person.sees("trip › ")
        person.type("/moa off\n")
        await person.sees("trip, no advisors › ")
        assert person.echoes()
        person.type("\x04")
        assert await person.left() == 0


async def test_the_advisors_and_the_answer_are_seen_while_they_are_written(folder):
    async with terminal(folder, "-p", "slow", "-m", "Count.") as person:
        await person.sees("slow · 1 of 1 advisor answered")
        await person.sees("One two three")
        assert await person.left() == 0
        await person.sees("One two three four five six.")
        assert person.echoes()


async def test_ctrl_c_stops_the_answer_and_leaves_at_the_prompt(folder):
    async with terminal(folder, "-p", "never") as person:
        await person.sees(PROMPT)
        person.type("Well?\n")
        await person.sees("It begins")
        assert not person.echoes()  # what is typed now would tear the picture
        person.type("\x03")
        await person.sees("— stopped")
        await person.sees(PROMPT)
        person.type("\x03")
        assert await person.left() == 0
        assert person.echoes()
    assert stored(folder, "select state from turns") == [("delivered",)]


async def test_ctrl_c_on_a_single_question_keeps_what_was_said_and_is_exit_code_1(folder):
    async with terminal(folder, "-p", "never", "-m", "Well?") as person:
        await person.sees("It begins")
        person.type("\x03")
        await person.sees("— stopped")
        assert await person.left() == 1


async def test_stop_is_heard_while_an_answer_is_written(folder):
    async with terminal(folder, "-p", "never") as person:
        await person.sees(PROMPT)
        person.type("Well?\n")
        await person.sees("It begins")
        person.type("/stop\n")
        await person.sees("— stopped")
        await person.sees(PROMPT)
        person.type("/quit\n")
        assert await person.left() == 0


async def test_being_told_to_end_ends_the_turn_as_well(folder):
    async with terminal(folder, "-p", "never") as person:
        await person.sees(PROMPT)
        person.type("Well?\n")
        await person.sees("It begins")
        person.child.send_signal(signal.SIGTERM)
        await person.left()
        assert person.echoes()
        assert person.screen.rfind("\x1b[?25h") > person.screen.rfind("\x1b[?25l")  # the cursor
    assert stored(folder, "select state from turns") == [("delivered",)]


async def test_what_a_killed_terminal_left_is_over_and_never_asked_again(folder):
    async with terminal(folder, "-p", "never", "-m", "Well?") as person:
        await person.sees("It begins")
        person.child.kill()
        await person.left()
    assert stored(folder, "select state from turns") == [("running",)]
    code, out, _ = await piped(folder, "-p", "echo", "-m", "Hello")
    assert (code, out) == (0, "You said: Hello\n")
    assert stored(folder, "select distinct state from turns") == [("delivered",)]


async def test_several_lines_pasted_at_once_are_one_question(folder):
    async with terminal(folder, "-p", "echo", "--plain") as person:
        await person.sees(PROMPT)
        person.type("one\n/two\nthree\n")
        await person.sees("You said: one\r\n/two\r\nthree\r\n")
        await person.sees(PROMPT)
        person.type("\x04")
        assert await person.left() == 0
    assert stored(folder, "select count(*) from turns") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "more"),
    [(["--plain"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})],
    ids=["--plain", "NO_COLOR", "TERM=dumb"],
)
async def test_who_wants_no_pictures_gets_none(folder, arguments, more):
    async with terminal(folder, *arguments, **more) as person:
        await person.sees(PROMPT)
        person.type("Well?\n")
        await person.sees("First answer.")
        await person.sees(PROMPT)
        person.type("\x04")
        assert await person.left() == 0
        assert "\x1b" not in person.screen


async def test_no_model_retitles_clears_or_hides_anything(folder):
    async with terminal(folder, "-p", "nasty", "-m", "Well?") as person:
        assert await person.left() == 0
        await person.sees("nasty · advisors 2/2")
        assert "\x1b]" not in person.screen
        assert "\x1b[2J" not in person.screen
        assert not re.search("[\x07\x80-\x9f\u202e]", person.screen)
        assert "DE" in person.screen
