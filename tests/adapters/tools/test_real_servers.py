"""Shows that servers of others are understood: their tools, their results and their errors."""

import pytest

from tests.adapters.tools.conftest import asked, call, offered


async def test_a_server_from_pypi_answers_and_says_what_is_wrong(use):
    server = await use("time", command=("mcp-server-time", "--local-timezone", "UTC"))
    assert server.problem == ""
    assert offered(server) == ["convert_time", "get_current_time"]
    (tool,) = [each for each in server.tools() if each.name == "time__convert_time"]
    assert tool.server == "time"
    assert tool.parameters
    assert "source_timezone" in tool.parameters["properties"]
    right = await call(server, "get_current_time", timezone="Europe/Kyiv")
    assert '"timezone": "Europe/Kyiv"' in right.text
    assert not right.failed
    wrong = await call(server, "get_current_time", timezone="Mars/Base")
    assert wrong.failed
    assert "Mars/Base" in wrong.text


@pytest.mark.parametrize(
    ("arguments", "told"), [("{", "not JSON"), ("[1]", "not an object"), ('{"a": NaN}', "not JSON")]
)
async def test_broken_arguments_never_reach_a_server(use, arguments, told):
    server = await use("time", command=("mcp-server-time",))
    result = await server.call(asked("time__get_current_time", arguments))
    assert result.failed
    assert told in result.text
    assert "Call the tool again" in result.text


async def test_an_unknown_tool_is_answered_with_those_there_are(use):
    server = await use("time", command=("mcp-server-time",))
    result = await call(server, "tell_fortune")
    assert result.failed
    assert "time__get_current_time" in result.text
