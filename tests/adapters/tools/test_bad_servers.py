"""Shows what people and models are told when a tool server misbehaves, and that it comes back."""

import asyncio
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path

import mcp_types as types
import pytest

from adapters.tools import server as servers
from adapters.tools import session as sessions
from adapters.tools.child import LONGEST_MESSAGE
from adapters.tools.link import Options
from adapters.tools.server import McpServer
from tests.adapters.tools.conftest import SIMULATOR, call, hurried, load, offered, simulated

PATIENCE = 40.0


def alive(pid: int) -> bool:
    """Tell whether a process is there and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while alive(pid):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)


# --- it does not start ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("no-such-program-here",), "there is no program 'no-such-program-here' on the PATH"),
        (("/no/such/program",), "its program '/no/such/program' cannot be started: No such file"),
        ((str(SIMULATOR),), "cannot be started: Permission denied"),
        (simulated("--refuse"), "it refuses: no licence"),
        (simulated("\0"), "cannot be started: embedded null byte"),
        (simulated("--exit", 4), "its program has ended with exit code 4"),
    ],
)
async def test_a_server_that_does_not_start_is_named_with_the_cause(use, caplog, command, told):
    server = await use(command=command)
    assert told in server.problem
    assert server.tools() == ()
    result = await call(server, "say", text="hello")
    assert result.failed
    assert result.text.startswith("The tool server 't' cannot be used: ")
    assert told in result.text


async def test_a_folder_that_is_not_there_is_named(use, tmp_path):
    server = await use(command=simulated(), cwd=str(tmp_path / "none"))
    assert "there is no folder" in server.problem


async def test_what_a_server_said_last_is_in_the_log_and_nowhere_else(use, capsys):
    server = await use(command=simulated("--exit", 4))
    assert "no licence was found" in capsys.readouterr().out
    assert "licence" not in server.problem


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--mute"], "it did not answer within 1 seconds"),
        (["--listless"], "it did not answer within 1 seconds"),
        (["--mute", "--chatter"], "within 1 seconds, and what it writes to its output is not"),
    ],
)
async def test_a_server_that_never_answers_is_given_up(use, options, told):
    server = await use(command=simulated(*options), connect=1.0)
    assert told in server.problem


async def test_a_server_that_failed_is_tried_again_by_the_next_turn(use, tmp_path):
    program = tmp_path / "program"
    server = await use(command=(str(program),))
    assert server.problem
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {SIMULATOR}\n")
    program.chmod(0o700)
    await server.ready()
    assert server.problem == ""
    assert (await call(server, "say", text="here")).text == "here"


async def test_only_the_first_turn_waits_long_for_a_server_that_never_answers(
    use, pins, tmp_path, monkeypatch
):
    monkeypatch.setattr(servers, "IMPATIENT", 0.1)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o700)
    server = await use(command=(str(program),), connect=1.0)
    assert "did not answer within 1 seconds" in server.problem
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {SIMULATOR}\n")
    object.__setattr__(server._options, "connect", 600.0)  # a turn that waited would never end
    async with asyncio.timeout(PATIENCE):
        await server.ready()
        assert "did not answer" in server.problem or server.problem == ""
        while server.problem:
            await server.ready()  # in the background it comes
    assert (await call(server, "say", text="here")).text == "here"


async def test_a_server_that_fails_again_and_again_is_left_in_peace(use):
    server = await use(command=simulated("--exit", 4))
    server._not_before = asyncio.get_running_loop().time() + 1000
    server._wanted.clear()
    await server.ready()
    assert not server._wanted.is_set()
    assert "exit code 4" in server.problem


# --- it breaks in a call ----------------------------------------------------------------------


async def test_a_server_that_dies_in_a_call_says_so_and_is_there_for_the_next(use):
    server = await use(command=simulated())
    result = await call(server, "die")
    assert result.failed
    assert result.text == (
        "The tool server 't' is gone: its program has ended with exit code 7. "
        "Whether it did anything is unknown."
    )
    assert (await call(server, "say", text="again")).text == "again"


async def test_a_server_that_closes_its_output_counts_as_gone(use):
    server = await use(command=simulated())
    result = await call(server, "stop")
    assert "closed its output" in result.text
    assert (await call(server, "say", text="again")).text == "again"


async def test_a_call_without_an_answer_ends_and_the_server_stays(use, tmp_path):
    noted = tmp_path / "cancelled"
    server = await use(command=simulated("--cancelled", noted))
    with hurried(server):
        result = await call(server, "wait")
    assert result.failed
    assert "did not answer within 0.5 seconds" in result.text
    assert (await call(server, "say", text="still here")).text == "still here"
    assert noted.read_text().split()


async def test_a_server_that_reads_no_more_is_replaced(use, monkeypatch):
    monkeypatch.setattr(sessions, "STUCK", 0.1)
    server = await use(command=simulated())
    with hurried(server):
        assert "did not answer" in (await call(server, "freeze")).text
        result = await call(server, "say", text="x" * 1_000_000)
    assert (result.failed, result.ran) == (True, True)
    assert "it takes in no more calls" in result.text
    assert (await call(server, "say", text="again")).text == "again"


async def test_a_turn_that_is_stopped_takes_its_call_back(use, tmp_path):
    noted = tmp_path / "cancelled"
    server = await use(command=simulated("--cancelled", noted))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(call(server, "wait"))
        assert (await call(server, "say", text="meanwhile")).text == "meanwhile"
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert (await call(server, "say", text="after")).text == "after"
    assert noted.read_text().split()


async def test_calls_run_side_by_side(use):
    server = await use(command=simulated())
    async with asyncio.TaskGroup() as group:
        waits = group.create_task(call(server, "wait"))
        says = [group.create_task(call(server, "say", text=str(n))) for n in range(50)]
        for n, each in enumerate(says):
            assert (await each).text == str(n)
        assert not waits.done()
        waits.cancel()


async def test_what_is_no_message_is_read_over(use):
    server = await use(command=simulated("--chatter"))
    assert server.problem == ""
    assert (await call(server, "rubbish")).text == "after the rubbish"


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ("fail", "it went wrong"),
        ("deny", "The call was refused: not today"),
        ("odd", "The tool answered, but not with a result."),
    ],
)
async def test_what_a_tool_complains_about_is_for_the_model_to_read(use, tool, told):
    server = await use(command=simulated())
    # Some servers say with this code what they like; the library means by it that time ran out.
    result = await call(server, tool, code=-32001)
    assert (result.failed, result.text) == (True, told)
    assert server.problem == ""


async def test_a_tool_that_says_nothing_is_told_as_that(use):
    server = await use(command=simulated())
    assert (await call(server, "empty")).text == "(The tool gave no output.)"
    assert "half a character: ?, and none: ." in (await call(server, "half")).text


# --- it says too much -------------------------------------------------------------------------


async def test_a_long_result_keeps_head_and_tail(use):
    server = await use(command=simulated(), limit=1000)
    text = (await call(server, "long")).text
    assert text.startswith("a" * 500 + "\n[… 59,000 characters left out …]\n")
    assert text.endswith("z" * 500)


async def test_a_result_of_50_megabytes_is_refused_and_never_kept(use):
    server = await use(command=simulated())
    await call(server, "say", text="warm")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await call(server, "huge")
    assert (result.failed, result.text) == (
        True,
        "The call was refused: The result is longer than 8 MB.",
    )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 4 * LONGEST_MESSAGE
    assert (await call(server, "say", text="still here")).text == "still here"


async def test_a_long_message_that_answers_nobody_is_read_over(use):
    server = await use(command=simulated(), timeout=30.0)
    async with asyncio.TaskGroup() as group:
        lost = group.create_task(call(server, "hugest"))
        assert (await call(server, "say", text="still here")).text == "still here"
        lost.cancel()


# --- what it is given, and that nothing of it stays -----------------------------------------------


async def test_a_server_is_given_its_arguments_and_few_variables(use, tmp_path, monkeypatch):
    monkeypatch.setenv("MOA_GATEWAY_TOKEN", "not-for-servers")
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-servers")
    strange = "$HOME; `id` && *"
    server = await use(
        command=(*simulated(), "--page", "3", "--cancelled", strange),
        env={"ITS_KEY": "for it"},
        cwd=str(tmp_path),
    )
    argv, cwd, environ, _ = json.loads((await call(server, "show")).text)
    assert argv == ["--page", "3", "--cancelled", strange]
    assert cwd == str(tmp_path.resolve())
    assert environ["ITS_KEY"] == "for it"
    harmless = {"HOME", "ITS_KEY", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ"}
    assert set(environ) <= harmless


@pytest.mark.parametrize("options", [(), ("--stubborn",), ("--quiet-child",)])
async def test_nothing_of_a_server_is_left_when_the_program_ends(use, pins, tmp_path, options):
    noted = tmp_path / "pid"
    wanted = Options(name="t", command=simulated(*options, "--with-child", noted))
    server = McpServer(wanted, load=load, pins=pins)
    async with asyncio.TaskGroup() as group:
        owner = group.create_task(server.run())
        await server.ready()
        assert server.problem == ""
        child = int(noted.read_text())
        pid = server._connected._line._child._process.pid  # type: ignore[union-attr]
        assert alive(pid)
        assert alive(child)
        owner.cancel()
    assert not alive(pid)
    await gone(child)


async def test_a_server_that_knows_no_handshake_is_asked_what_it_speaks(use):
    server = await use(command=simulated("--modern"))
    assert server.problem == ""
    assert (await call(server, "say", text="modern")).text == "modern"


async def test_a_server_that_leaves_unknown_requests_open_costs_no_wait(use):
    server = await use(command=simulated("--deaf"), connect=9.0)  # the library would wait 10 s
    assert server.problem == ""


async def test_tools_come_page_by_page(use):
    server = await use(command=simulated("--page", 3))
    assert len(offered(server)) == 15
    assert offered(server) == sorted(offered(server))


# --- it tells what it was confided --------------------------------------------------------------

SECRET = "the-key-of-the-server"


def struck(text: str) -> str:
    return text.replace(SECRET, "[secret]")


async def test_no_half_of_a_secret_is_left_where_a_text_is_cut(use):
    server = await use(command=simulated(), limit=60, strike=struck)
    for before in range(30 - len(SECRET), 31):
        said = f"{'x' * before}{SECRET}{'y' * (60 - before)}"
        result = await call(server, "say", text=said)
        assert "left out" in result.text
        halves = (SECRET[:5], SECRET[-5:])
        assert not [each for each in halves if each in result.text], result.text


def test_a_secret_in_what_a_tool_says_of_itself_reaches_no_model():
    schema = {"type": "object", "properties": {"a": {"default": SECRET}}}
    tool = types.Tool(name="a", description=f"Asks with {SECRET}.", input_schema=schema)
    listed = sessions._listed(tool, struck)
    assert SECRET not in listed.description + listed.schema
    assert sessions._listed(tool, str).parameters == schema
