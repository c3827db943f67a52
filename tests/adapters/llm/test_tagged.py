# Shows that thoughts which a server leaves in the words are thoughts, however the pieces cut them.

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.messages import Messages
from adapters.llm.tagged import LONGEST_LEAD, Tagged
from adapters.llm.wire import Endpoint
from core.calls import Chunk
from tests.adapters.llm.asking import call, hear
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.provider_reply import Reply

TEXTS = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<", "<th", "ink>", "</", "</think", " ", "\n", "a", "b"]
    ),
    max_size=12,
).map("".join)


def read(text: str, step: int) -> tuple[str, str]:
    """Give what is said and what is thought in a text that comes in pieces."""
    words = Tagged()
    chunks = [words.take(Chunk(text=text[at : at + step])) for at in range(0, len(text), step)]
    chunks.append(words.last(Chunk(finish="stop")))
    return "".join(each.text for each in chunks), "".join(each.reasoning for each in chunks)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("<think>Hm. 2 < 3.</think>\n\nYes.", "Yes.", "Hm. 2 < 3."),
        ("\n <think>\nHm.\n</think>Yes.\n", "Yes.\n", "Hm.\n"),
        ("<think>\n\n</think>\n\nYes.", "Yes.", ""),
        ("<think>Hm. </thin", "", "Hm. </thin"),
        ("<think>", "", ""),
        ("<think>a</think>The tag <think>b</think>.", "The tag <think>b</think>.", "a"),
        ("Write <think>a</think>", "Write <think>a</think>", ""),
        ("`<think>` is a tag", "`<think>` is a tag", ""),
        ("<thinking>a</thinking>", "<thinking>a</thinking>", ""),
        ("  indented </think>", "  indented </think>", ""),
        ("<thin", "<thin", ""),
    ],
)
def test_only_a_tag_at_the_very_beginning_is_thought(text, said, thought, step):
    assert read(text, step) == (said, thought)


@given(TEXTS, st.integers(1, 9))
def test_it_does_not_matter_how_the_pieces_cut_it(text, step):
    assert read(text, step) == read(text, len(text) or 1)
    if not text.lstrip().startswith("<think>"):
        assert read(text, step) == (text, "")


def test_a_piece_that_is_held_back_is_a_sign_of_life_and_of_blanks_not_many_are():
    words = Tagged()
    assert words.take(Chunk(text="<thi")) == Chunk(progress=True)
    blanks = Tagged()
    assert not blanks.take(Chunk(text=" " * LONGEST_LEAD)).text
    assert blanks.take(Chunk(text=" ")).text == " " * (LONGEST_LEAD + 1)


def test_what_comes_beside_the_words_passes():
    chunk = Chunk(text="<think>a", reasoning="b", progress=True)
    assert Tagged().take(chunk) == replace(chunk, text="", reasoning="ba")


@pytest.mark.parametrize("whole", [True, False])
async def test_thoughts_in_the_words_are_kept_apart(ask, whole):
    heard = await ask(Reply(text="<think>\nTests fail.\n</think>\n\nNo.", whole=whole))
    assert (heard.text, heard.reasoning) == ("No.", "Tests fail.\n")
    assert heard.finish == "stop"


async def test_and_so_they_are_in_another_format(session):
    reply = Reply(text="<think>Tests fail.</think>No.")
    async with AnthropicSimulator({"*": reply}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        heard = await hear(model, call())
    assert (heard.text, heard.reasoning) == ("No.", "Tests fail.")
