# MOA-27, MOA-10: what a call took that was cut off before its provider had said all of it.

import asyncio

from core.asking import Ask
from core.calls import Chunk
from core.ports import Provider
from core.presets import Slot
from core.types import Line, Usage
from tests.fakes.model import ScriptedModel, world

SLOT = Slot(provider="p", model="m")
LINES = (Line.of("user", "Why are the reports late? " * 20),)


def spent(*chunks):
    async def asked():
        model = ScriptedModel()
        ask = Ask(
            slot=SLOT, lines=LINES, provider=Provider(name="p", model=model), world=world(model)
        )
        for chunk in chunks:
            ask.take(chunk)
        ask.error = "cancelled"
        return ask.report().usage

    return asyncio.run(asked())


def test_what_was_read_is_known_and_only_what_was_written_is_guessed():
    begun = Chunk(usage=Usage(input=700, cache_read=600, estimated=True))
    usage = spent(begun, Chunk(text="It is the index. " * 6), Chunk(reasoning="Hm. " * 6))
    assert (usage.input, usage.cache_read, usage.estimated) == (700, 600, True)
    guessed = spent(Chunk(text="It is the index. " * 6), Chunk(reasoning="Hm. " * 6))
    assert guessed.cache_read == 0
    assert (usage.output, usage.reasoning) == (guessed.output, guessed.reasoning)
    assert usage.output > usage.reasoning > 0


def test_the_last_word_of_the_provider_wins():
    begun = Chunk(usage=Usage(input=700, estimated=True))
    whole = Usage(input=700, output=4)
    assert spent(begun, Chunk(text="It is."), Chunk(usage=whole, finish="stop")) == whole
