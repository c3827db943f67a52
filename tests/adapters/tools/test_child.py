"""Shows that a server's output is cut into messages rightly, however it comes in pieces."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.tools import child as children
from adapters.tools.child import Child, TooLong

LINES = st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=8)


async def heard(*pieces: bytes, longest: int) -> list[bytes | int | None]:
    """Give the messages in these pieces; of one that is too long, the request it answers."""
    output = asyncio.StreamReader()
    for piece in pieces:
        output.feed_data(piece)
    output.feed_eof()
    process = cast("asyncio.subprocess.Process", SimpleNamespace(stdout=output, pid=0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "_living", set())  # there is no process that could be ended
        patch.setattr(children, "LONGEST_MESSAGE", longest)
        return [
            each.request if isinstance(each, TooLong) else bytes(each)
            async for each in Child(process).messages()
        ]


@given(LINES, st.integers(1, 50))
def test_every_line_is_a_message_wherever_the_pieces_end(lines, size):
    said = b"".join(line + b"\n" for line in lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "_PIECE", size)
        assert asyncio.run(heard(said, longest=1000)) == lines


@given(
    st.integers(0, 10**9),
    st.booleans(),
    st.integers(1, 5000),
    st.integers(5000, 20_000),
)
def test_what_is_too_long_is_read_over_and_its_request_known(number, first, size, length):
    text = b"a" * length
    head, tail = b'{"jsonrpc":"2.0","id":%d,' % number, b'"jsonrpc": "2.0", "id": %d}' % number
    long = head + b'"result":"' + text + b'"}' if first else b'{"result":"' + text + b'",' + tail
    said = b"before\n" + long + b"\nafter\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "_PIECE", size)
        assert asyncio.run(heard(said, longest=4000)) == [b"before", number, b"after"]


async def test_what_answers_nobody_has_no_request():
    assert await heard(b"x" * 9000 + b"\n", longest=4000) == [None]
