"""Shows that servers of others that run on Node are understood, as children and over HTTP."""

import asyncio
import json
import os
import re
import socket

import pytest

from tests.adapters.tools.conftest import call, hurried, offered
from tests.simulators import npm_servers

# The first run on a machine installs them.
KINDS = {"echo", "get-sum", "get-tiny-image"}


@pytest.fixture(scope="module")
def programs():
    return npm_servers.installed()


async def test_files_are_read_and_those_outside_are_not(use, programs, tmp_path):
    (tmp_path / "note.txt").write_text("the key is under the mat")
    server = await use("files", command=(f"{programs}/mcp-server-filesystem", str(tmp_path)))
    assert server.problem == ""
    reads = {each.name.partition("__")[2] for each in server.tools() if each.reads_only}
    assert {"read_text_file", "list_directory"} <= reads
    assert not {"write_file", "edit_file", "move_file"} & reads
    right = await call(server, "read_text_file", path=str(tmp_path / "note.txt"))
    assert (right.failed, right.text) == (False, "the key is under the mat")
    wrong = await call(server, "read_text_file", path="/etc/passwd")
    assert wrong.failed
    assert "Access denied" in wrong.text


async def everything(server) -> None:
    """What a server that has one of each kind is good for, however it is reached."""
    assert (await call(server, "echo", message="héllo")).text == "Echo: héllo"
    assert "5" in (await call(server, "get-sum", a=2, b=3)).text
    picture = await call(server, "get-tiny-image")
    assert re.search(r"\[image: image/png, \d+ kB, not shown\]", picture.text)
    link = await call(server, "get-resource-links", count=2)
    assert "://" in link.text
    held = await call(server, "get-resource-reference", resourceType="Text", resourceId=1)
    assert "Resource 1" in held.text
    typed = await call(server, "get-structured-content", location="Chicago")
    assert set(json.loads(typed.text)) == {"temperature", "conditions", "humidity"}
    wrong = await call(server, "get-sum", a="x")
    assert wrong.failed
    assert "expected number" in wrong.text
    with hurried(server):
        late = await call(server, "trigger-long-running-operation", duration=60)
    assert late.failed
    assert "did not answer within 0.5 seconds" in late.text
    assert (await call(server, "echo", message="after")).text == "Echo: after"


async def test_a_server_with_everything_as_a_child(use, programs):
    server = await use("every", command=(f"{programs}/mcp-server-everything",))
    assert server.problem == ""
    assert set(offered(server)) >= KINDS
    await everything(server)


@pytest.fixture
async def over_http(programs):
    """Start it on a free port; give its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        f"{programs}/mcp-server-everything",
        "streamableHttp",
        env={**os.environ, "PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"listening on port" not in await process.stderr.readline():
            assert process.returncode is None
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()
    await process.communicate()


async def test_a_server_with_everything_over_http(use, over_http):
    server = await use("every", url=over_http)
    assert server.problem == ""
    assert set(offered(server)) >= KINDS
    await everything(server)
