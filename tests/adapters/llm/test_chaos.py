# Shows what becomes of a call when the network between us and a provider does its worst
# (P11, P12), for every wire format: a new one joins by a row in `stands.py`.

import asyncio
import tracemalloc
from contextlib import AsyncExitStack, aclosing

import pytest

from adapters.llm.breaker import ROW, Circuits
from adapters.llm.compose import Options, compose
from adapters.llm.deadline import Timeouts
from adapters.llm.wire import Endpoint
from core.errors import ModelBroken, ModelBusy, ModelError, ModelStalled, ModelUnreachable
from tests.adapters.llm.asking import call
from tests.adapters.llm.stands import STANDS, TEXT
from tests.patience import PATIENCE
from tests.simulators.chaos import FINE, ChaosProxy, Trouble
from tests.simulators.troubles import TLS_ALERT, bomb

PATIENT = Timeouts(first_token=30, between_tokens=30, total=60)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
PAGE = b"<html><body>Bad gateway</body></html>"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n"


@pytest.fixture(params=STANDS)
def stand(request):
    return STANDS[request.param]


@pytest.fixture
async def scene(stand, session):
    """Give a proxy before a provider, and a way to ask through it with these options."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(stand.simulator(0.0))
        proxy = await stack.enter_async_context(ChaosProxy(simulator.base_url))
        endpoint = Endpoint(base_url=proxy.base_url, connect=20)
        bare = stand.model(session, endpoint)

        def model(timeouts=PATIENT, **options):
            return compose(bare, options=Options(timeouts=timeouts, **options))

        yield proxy, model


async def told(model, request=None):
    """Give the words that came, and the error that came after them, if any."""
    words = ""
    try:
        async with aclosing(model.stream(request or call())) as stream:
            async for chunk in stream:
                words += chunk.text
    except ModelError as error:
        return words, error
    return words, None


# --- before the first word (P11) ------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(then="reset", instead=b""),
        Trouble(then="close", instead=b""),
        Trouble(then="reset", after=9),
        Trouble(then="close", after=40),
        Trouble(then="reset", after=b"\r\n\r\n"),
        Trouble(then="close", after=b"\r\n\r\n"),
        Trouble(instead=UNAVAILABLE),
        Trouble(instead=b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n" + PAGE),
        Trouble(
            instead=b"HTTP/1.1 429 Slow Down\r\nRetry-After-Ms: 9\r\nConnection: close\r\n\r\n"
        ),
    ],
    ids=[
        "reset at once",
        "closed at once",
        "reset in the head",
        "closed in the head",
        "reset after the head",
        "closed after the head",
        "503",
        "502 with a page",
        "429",
    ],
)
@pytest.mark.parametrize("position", [0, 1], ids=["aggregator", "reference"])
async def test_p11_what_goes_wrong_before_the_first_word_is_tried_again(scene, trouble, position):
    proxy, model = scene
    proxy.troubles = [trouble, FINE]
    assert await told(model(), call(position=position)) == (TEXT, None)


async def test_p11_a_provider_that_is_away_and_comes_back_is_asked_again(scene):
    proxy, model = scene
    await proxy.refuse()
    words, error = await told(model(), call(position=1))
    assert isinstance(error, ModelUnreachable)
    assert not error.connected
    assert (words, proxy.asked) == ("", 0)
    assert "Cannot connect to 127.0.0.1" in str(error)
    await proxy.listen()
    assert await told(model()) == (TEXT, None)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"Retry-After: 7", 7),
        (b"retry-after: 7.5", 7.5),
        (b"Retry-After-Ms: 7500", 7.5),
        (b"Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:28:09 GMT", 9),
        (b"x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 1m2s", 62),
        (b"Retry-After: soon", None),
    ],
)
@pytest.mark.parametrize("status", [b"429 Too Many Requests", b"503 Service Unavailable"])
async def test_p11_a_wish_to_wait_is_understood_however_it_is_said(scene, status, header, seconds):
    proxy, model = scene
    head = b"HTTP/1.1 " + status + b"\r\n" + header + b"\r\nConnection: close\r\n\r\n"
    proxy.troubles = [Trouble(instead=head)]
    _, error = await told(model(), call(position=1))
    assert isinstance(error, ModelBusy)
    assert error.retry_after == seconds
    assert proxy.asked == (2 if seconds is None else 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"220 smtp.example.org ESMTP\r\n\r\n",
        HEAD.replace(b"text/event-stream", b"text/html") + PAGE,
        HEAD + b'{"choices": [{"message": {"content": "al',
        HEAD + b"data: {]}\n\n",
        HEAD + b"\xff\xfe\x00nonsense" * 20,
        TLS_ALERT,
        bomb().instead,
    ],
    ids=["no HTTP", "a page", "half a document", "no JSON", "no text at all", "TLS", "a bomb"],
)
async def test_p11_what_nobody_can_read_is_told_as_such_and_not_asked_for_again(scene, answer):
    proxy, model = scene
    proxy.troubles = [Trouble(then="close", instead=answer)]
    words, error = await told(model())
    assert isinstance(error, ModelBroken | ModelUnreachable)
    assert words == ""
    assert "<" not in str(error)
    assert len(str(error)) < 300


async def test_p11_who_fails_again_and_again_is_left_alone(scene):
    proxy, model = scene
    proxy.troubles = [Trouble(instead=UNAVAILABLE)]
    guarded = model(circuits=Circuits("p"))
    for _ in range(ROW):
        await told(guarded, call(position=1))
    asked = proxy.asked
    _, error = await told(guarded, call(position=1))
    assert "left alone" in str(error)
    assert proxy.asked == asked == 2 * ROW


# --- after the first word (P11) -------------------------------------------------------------


@pytest.mark.parametrize("pace", [0.0, 0.3], ids=["read at once", "read now and then"])
@pytest.mark.parametrize("word", [b"bravo", b"eagle"])
async def test_p11_what_ends_after_a_word_keeps_the_words_and_is_not_asked_again(scene, word, pace):
    proxy, model = scene
    proxy.troubles = [Trouble(then="close", after=word), FINE]
    words, error = await told(model(), call(pace=pace))
    assert isinstance(error, ModelUnreachable)
    assert words == TEXT[: TEXT.index(word.decode())]
    assert proxy.asked == 1


async def test_p11_what_is_torn_after_a_word_is_not_asked_again(scene):
    proxy, model = scene
    proxy.troubles = [Trouble(then="reset", after=b"delta"), FINE]
    words, error = await told(model())
    if error is None:  # the reset came before anything was read: then it may be asked again
        assert (words, proxy.asked) == (TEXT, 2)
    else:
        assert TEXT.startswith(words)
        assert (type(error), proxy.asked) == (ModelUnreachable, 1)


async def test_p11_an_answer_that_is_cut_anywhere_is_never_taken_for_a_whole_one(scene):
    proxy, model = scene
    cuts = list(range(30, 2000, 61))
    proxy.troubles = [Trouble(then="close", after=cut) for cut in cuts]
    asked = model(Timeouts(first_token=30, between_tokens=30, total=0.3))
    whole = 0
    for _ in cuts:
        words, error = await told(asked, call(position=1, timeout=30.0))
        assert TEXT.startswith(words)
        assert isinstance(error, ModelError) if words != TEXT else True
        whole += words == TEXT and error is None
    assert whole < len(cuts)


async def test_p11_a_byte_at_a_time_is_slow_and_no_trouble(scene):
    proxy, model = scene
    proxy.troubles = [Trouble(then="trickle", seconds=0.0005)]
    assert await told(model()) == (TEXT, None)


async def test_p11_events_that_come_twice_break_nothing(scene):
    proxy, model = scene
    proxy.troubles = [Trouble(then="twice")]
    words, error = await told(model())
    assert error is None or isinstance(error, ModelError)
    assert set(words.split()) <= set(TEXT.split())


# --- stalls (P12) ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(then="stop", after=0),
        Trouble(then="stop", after=20),
        Trouble(then="stop", after=b"\r\n\r\n"),
        Trouble(instead=HEAD, endless=b": ping\n\n", seconds=0.02),
        Trouble(instead=HEAD, endless=b"\n", seconds=0.02),
    ],
    ids=["silence", "half a head", "a head", "only pings", "only blank lines"],
)
async def test_p12_who_never_says_a_word_is_let_go_after_first_token(scene, trouble):
    proxy, model = scene
    proxy.troubles = [trouble]
    words, error = await told(model(Timeouts(first_token=0.4, between_tokens=30, total=60)))
    assert isinstance(error, ModelStalled)
    assert (words, error.stage) == ("", "first_token")
    assert str(error) == "No word came within 0.4 s"
    assert proxy.asked == 1


async def test_p12_who_stops_after_a_word_is_let_go_after_between_tokens(scene):
    proxy, model = scene
    proxy.troubles = [Trouble(then="stop", after=b"eagle")]
    words, error = await told(model(Timeouts(first_token=30, between_tokens=0.4, total=60)))
    assert isinstance(error, ModelStalled)
    assert (error.stage, str(error)) == ("between_tokens", "Nothing more came for 0.4 s")
    assert words == TEXT[: TEXT.index("eagle")]
    async with asyncio.timeout(PATIENCE):
        await proxy.gone.wait()


async def test_p12_an_answer_without_end_is_let_go_after_total(scene, stand, session):
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(stand.simulator(0.5))
        bare = stand.model(session, Endpoint(base_url=slow.base_url))
        limits = Timeouts(first_token=30, between_tokens=30, total=1.2)
        words, error = await told(compose(bare, options=Options(timeouts=limits)))
    assert isinstance(error, ModelStalled)
    assert error.stage == "total"
    assert TEXT.startswith(words)


# --- too much (P5) --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endless",
    [b"x" * 65536, b"data: " + b"x" * 65536 + b"\n", b"data:\n" * 4096],
    ids=["a line", "an event", "blank data"],
)
async def test_p5_an_event_without_end_is_given_up_before_it_fills_the_memory(scene, endless):
    proxy, model = scene
    proxy.troubles = [Trouble(instead=HEAD + b"data: ", endless=endless)]
    tracemalloc.start()
    try:
        words, error = await told(model())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(error, ModelBroken)
    assert (words, str(error)) == ("", "The provider's answer has no end")
    assert most < 100 * 1024 * 1024


async def test_p5_a_model_that_never_stops_writing_is_stopped(scene, monkeypatch):
    proxy, model = scene
    monkeypatch.setattr("adapters.llm.http_model.LONGEST_ANSWER", len(TEXT) - 1)
    words, error = await told(model(), call(pace=0.0))
    assert (type(error), proxy.asked) == (ModelBroken, 1)
    assert str(error) == "The provider's answer has no end"
    assert TEXT.startswith(words)
