# Shows that server-sent events are read by the grammar, however their bytes are cut.

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm import body, sse
from adapters.llm.body import Body
from adapters.llm.sse import Event, EventStream, EventTooLarge


def events_of(*pieces: bytes) -> list[Event]:
    stream = EventStream()
    return [event for piece in pieces for event in stream.feed(piece)] + stream.end()


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (b"data: a\n\n", [Event(data="a")]),
        (b"data:a\r\n\r\n", [Event(data="a")]),
        (b"data: a\r\rdata:  b\r\r", [Event(data="a"), Event(data=" b")]),
        (b"data: a\ndata: b\n\n", [Event(data="a\nb")]),
        (b"event: ping\ndata: a\n\ndata: b\n\n", [Event(data="a", name="ping"), Event(data="b")]),
        (b": comment\n\nid: 7\nretry: 10\ndata: a\n\n", [Event(data="a")]),
        (b"event: nothing\n\ndata\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", [Event(data="a")]),
        (b"data: a\x0bb\x1cc\xc2\x85d\xe2\x80\xa8e\n\n", [Event(data="a\x0bb\x1cc\x85d\u2028e")]),
        (b"data: \xff!\n\n", [Event(data="\ufffd!")]),
        (b"data: [DONE]", [Event(data="[DONE]")]),
        (b"data: [DONE]\r", [Event(data="[DONE]")]),
        (b"", []),
    ],
)
def test_events_are_read_by_the_grammar(raw, events):
    assert events_of(raw) == events


LINES = st.sampled_from(
    ["data: Київ", "data:", "data: 🚢", "event: x", ": ping", "id: 1", "", "", "nonsense", "\ufeff"]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.data())
def test_any_cut_of_the_bytes_gives_the_same_events(data):
    lines = data.draw(st.lists(st.tuples(LINES, ENDS), max_size=20))
    raw = "".join(line + end for line, end in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert events_of(*pieces) == events_of(raw)
    assert events_of(*(bytes([byte]) for byte in raw)) == events_of(raw)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw):
    assert events_of(raw) == events_of(raw[:7], raw[7:])


def test_an_event_without_end_does_not_fill_the_memory_p5(monkeypatch):
    monkeypatch.setattr(sse, "LARGEST_EVENT", 1000)
    stream = EventStream()
    stream.feed(b"data: " + b"x" * 900)
    with pytest.raises(EventTooLarge):
        stream.feed(b"x" * 200)


def test_events_of_any_number_are_no_event_without_end(monkeypatch):
    monkeypatch.setattr(sse, "LARGEST_EVENT", 1000)
    assert len(events_of(*[b": ping\n", b"data: x\n\n"] * 1000)) == 1000


@pytest.mark.parametrize("pieces", [[b'\n {"a": ', b"1}"], [b"\r\n", b"{", b"}"]])
def test_a_document_is_told_by_its_first_byte_and_given_at_its_end(pieces):
    reader = Body()
    assert [event for piece in pieces for event in reader.feed(piece)] == []
    [event] = reader.feed(b"")
    assert event.data.strip() == b"".join(pieces).decode().strip()
    assert not reader.streamed


def test_a_document_without_end_does_not_fill_the_memory_p5(monkeypatch):
    monkeypatch.setattr(body, "LARGEST_DOCUMENT", 1000)
    reader = Body()
    reader.feed(b"{" + b" " * 900)
    with pytest.raises(EventTooLarge):
        reader.feed(b" " * 200)
