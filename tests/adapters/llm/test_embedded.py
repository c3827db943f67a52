"""Shows that the embedded model answers, keeps its caches, comes back, and outlives nobody.

The model is the real one; see `embedded_model`.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest

from adapters.llm.embedded import REFERENCE_TOKENS, Embedded, EmbeddedOptions, Readiness
from core.calls import Chunk, ModelCall
from core.errors import ConfigError, ContextOverflow, ModelUnreachable
from core.types import Line
from tests.adapters.llm.embedded_model import MODELS, SLOT, Server, answer, asked, kept_running
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]

# One of the few things at which this model never fails.
SHORTEN = (
    "Make this shorter: We would like to inform you that the meeting which was planned for "
    "Monday has been moved to Tuesday."
)

# The first run on a machine fetches 93 MB.
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def weights(shared):
    """The model's file, which is there now."""
    (path,) = MODELS.rglob("*.gguf")
    return path


async def soon(true: Callable[[], Awaitable[bool]]) -> bool:
    """Tell whether it comes true within two seconds."""
    for _ in range(40):
        if await true():
            return True
        await asyncio.sleep(0.05)
    return False


async def drained(chunks: AsyncGenerator[Chunk, None]) -> None:
    async for _ in chunks:
        pass


# --- answers --------------------------------------------------------------------------------


async def test_it_answers_and_says_what_it_took(shared):
    text, usage, finish = await answer(shared, asked(SHORTEN, temperature=0.0))
    assert "Tuesday" in text
    assert finish == "stop"
    assert usage.input > 20
    assert 0 < usage.output < 40
    assert shared.state.phase == "ready"


async def test_a_reference_is_kept_short_and_the_aggregator_gets_what_it_asks_for(shared):
    essay = "Write a long story about a fox and a crow."
    _, usage, finish = await answer(shared, asked(essay, position=2, max_tokens=200))
    assert usage.output == REFERENCE_TOKENS
    assert finish == "length"
    _, usage, _ = await answer(shared, asked(essay, max_tokens=5))
    assert usage.output == 5


async def test_a_prompt_beyond_the_window_is_an_overflow(shared):
    with pytest.raises(ContextOverflow):
        await answer(shared, asked("word " * 9000))


# --- caches (MOA-19, MOA-26) ------------------------------------------------------------------

QUESTION = (
    "Our small team has to choose how to store the orders of a web shop. There are about two "
    "hundred orders a day, one server, nightly backups, and nobody who is paid to look after a "
    "database. Two of us know SQL well, the third one has only ever used spreadsheets. "
) * 2 + "What would you choose, and why?"
BLOCK = "Other models advise: use a database in one file.\n\nNow answer in one sentence."


async def test_the_conversation_is_read_from_the_cache_although_references_came_between(shared):
    first = asked(QUESTION).lines
    said, _, _ = await answer(
        shared, ModelCall(slot=SLOT, lines=(*first, Line.of("user", BLOCK)), max_tokens=30)
    )
    for position in (1, 2, 3):
        view = (Line.of("system", f"You are advisor {position}."), *first)
        await answer(shared, ModelCall(slot=SLOT, lines=view, position=position, max_tokens=4))
    second = (*first, *asked(said, "And in ten years?").lines, Line.of("user", BLOCK[::-1]))
    _, usage, _ = await answer(shared, ModelCall(slot=SLOT, lines=second, max_tokens=4))

    server = Server(shared)
    before, now = await server.tokens((*first, Line.of("user", BLOCK))), await server.tokens(second)
    common = next(i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b)
    assert common > 150
    assert usage.cache_read >= 0.9 * common


# --- stopping and dying -------------------------------------------------------------------------


async def test_a_call_that_is_given_up_frees_its_cache_at_once(shared):  # MOA-11
    server = Server(shared)
    async with aclosing(shared.stream(asked("Write a long story about the sea."))) as chunks:
        async for chunk in chunks:
            if chunk.text:
                break
        assert not await server.idle()
    assert await soon(server.idle)


async def test_nobody_else_may_ask_it(shared):
    child = Server(shared).child
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    async with aiohttp.ClientSession() as session:
        url = f"{child.address}/v1/chat/completions"
        async with session.post(url, json=body) as response:
            assert response.status == 401
    assert child.address.startswith("http://127.0.0.1:")
    assert child.key not in repr(child)


async def test_a_killed_model_fails_its_call_and_answers_the_next(weights):
    async with kept_running(EmbeddedOptions(folder=MODELS, model_path=weights)) as model:
        async with aclosing(model.stream(asked("Write a long story about the sea."))) as chunks:
            async for chunk in chunks:
                if chunk.text:
                    break
            os.kill(Server(model).child.process.pid, signal.SIGKILL)
            with pytest.raises(ModelUnreachable):
                await drained(chunks)
        text, _, _ = await answer(model, asked(SHORTEN, temperature=0.0))
        assert "Tuesday" in text


OWNER = """
import asyncio, sys
from pathlib import Path
from adapters.llm.embedded import Embedded, EmbeddedOptions
path = Path(sys.argv[1])
def changed(state):
    if state.phase == "ready":
        print(model._serving.child.address, flush=True)
model = Embedded(EmbeddedOptions(folder=path.parent, model_path=path), changed)
asyncio.run(model.run())
"""


async def test_it_ends_with_its_owner_even_if_that_is_killed(weights):
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(weights)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    host, _, port = (await owner.stdout.readline()).decode().strip()[7:].partition(":")
    owner.kill()
    await owner.wait()

    async def refused() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) != 0

    assert await soon(refused)


async def test_it_is_gone_when_nobody_runs_it_any_more(weights):
    async with kept_running(EmbeddedOptions(folder=MODELS, model_path=weights)) as model:
        await answer(model, asked("Hi", max_tokens=1))
        process = Server(model).child.process
    assert process.returncode is not None
    assert model.state.phase == "failed"


# --- not ready ----------------------------------------------------------------------------------


async def test_a_model_file_that_is_not_there_is_the_operators_to_mend(tmp_path):
    with pytest.raises(ConfigError, match=r"model_path.*none\.gguf"):
        Embedded(EmbeddedOptions(folder=tmp_path, model_path=tmp_path / "none.gguf"))


async def test_a_file_that_is_no_model_is_said_and_tried_again_when_asked(tmp_path, weights):
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"no model")
    async with kept_running(EmbeddedOptions(folder=tmp_path, model_path=path)) as model:
        with pytest.raises(ModelUnreachable, match=r"mine\.gguf is no GGUF file"):
            await answer(model, asked("Hi"))
        assert model.state.phase == "failed"
        path.unlink()
        path.symlink_to(weights)
        await answer(model, asked("Hi", max_tokens=1))
        assert model.state.phase == "ready"


async def test_a_call_does_not_wait_for_ever(tmp_path):
    model = Embedded(EmbeddedOptions(folder=tmp_path, patience=0.05))  # and nobody runs it
    with pytest.raises(ModelUnreachable, match="not ready"):
        await answer(model, asked("Hi"))


async def test_every_step_is_told(weights):
    phases: list[str] = []
    ready = asyncio.Event()

    def changed(state: Readiness) -> None:
        phases.append(state.phase)
        if state.phase == "ready":
            ready.set()

    model = Embedded(EmbeddedOptions(folder=MODELS), changed)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        task = group.create_task(model.run())
        await ready.wait()
        task.cancel()
    assert phases[0] == "loading"
    assert phases[-1] == "failed"
    assert "fetching" not in phases  # the right file is there: no network
