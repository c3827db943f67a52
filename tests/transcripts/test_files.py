"""Files that people attach in messengers and on the page, and what then goes over the wire."""

from __future__ import annotations

import base64
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import samples
from tests.gateway.harness import Running, process_gateway, running_gateway
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, Stage, opened

PICTURE = samples.png()
URI = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
MB = 1024 * 1024


@pytest.fixture(params=[*MESSENGERS, "web"])
async def stage(request):
    async with opened(request.param) as stage:
        yield stage


@pytest.fixture
async def models():
    replies = {name: Reply(text=f"{name} has seen it.") for name in ("sees", "blind", "big")}
    async with ProviderSimulator(replies) as models:
        yield models


def configured(stage: Stage, models: ProviderSimulator, *, vision: bool = True) -> str:
    """Two advisors, of which one sees, and an aggregator."""
    whole: dict[str, Any] = yaml.safe_load(stage.configured({}))
    whole["providers"]["p"] = {"api": "chat_completions", "base_url": models.base_url}
    review = whole["moa"]["presets"]["review"]
    review["reference_models"] = [
        {"provider": "p", "model": "sees", "vision": True},
        {"provider": "p", "model": "blind"},
    ]
    review["aggregator"] = {"provider": "p", "model": "big", "vision": vision}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


def asked(models: ProviderSimulator, model: str, *, last: bool = True) -> dict[str, Any]:
    """Give a user's message of the last request of a model: the last one that is no block."""
    body = [each.body for each in models.seen if each.body["model"] == model][-1]
    lines = [each for each in body["messages"] if each["role"] == "user"]
    lines = [each for each in lines if "asked other models" not in str(each["content"])]
    found: dict[str, Any] = lines[-1 if last else 0]
    return found


def words(message: dict[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def pictures(message: dict[str, Any]) -> list[str]:
    content = message["content"]
    parts = [] if isinstance(content, str) else content
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def stored(folder: Path) -> dict[str, bytes]:
    files = folder / "data" / "files"
    return {each.name: each.read_bytes() for each in files.iterdir()} if files.exists() else {}


@asynccontextmanager
async def playing(
    stage: Stage, models: ProviderSimulator, folder: Path, *, vision: bool = True
) -> AsyncIterator[Running]:
    async with running_gateway(configured(stage, models, vision=vision), folder) as gateway:
        await stage.join(gateway)
        yield gateway


async def test_a_picture_goes_to_the_models_that_see_and_is_named_to_the_others(
    stage, models, tmp_path
):
    async with playing(stage, models, tmp_path):
        await stage.ask("What is this?", files=[("cat.png", PICTURE)])
        await stage.answered("big has seen it.")
    assert pictures(asked(models, "sees")) == [URI]
    assert pictures(asked(models, "big")) == [URI]
    blind = asked(models, "blind")
    assert not pictures(blind)
    assert "an image that you cannot see" in words(blind)
    for model in ("sees", "blind", "big"):
        assert words(asked(models, model)).startswith("What is this?\n\n[attached: ")
        assert "3 × 2" in words(asked(models, model))
    (name,) = stored(tmp_path)
    assert name == sha256(PICTURE).hexdigest()
    files = tmp_path / "data" / "files"
    assert stat.S_IMODE((files / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(files.stat().st_mode) == 0o700


async def test_an_aggregator_that_cannot_see_is_never_sent_a_picture(stage, models, tmp_path):
    async with playing(stage, models, tmp_path, vision=False):
        await stage.ask("What is this?", files=[("cat.png", PICTURE)])
        await stage.answered("big has seen it.")
    assert not pictures(asked(models, "big"))
    assert "an image that you cannot see" in words(asked(models, "big"))
    assert pictures(asked(models, "sees")) == [URI]


async def test_the_words_of_a_pdf_and_of_a_text_reach_every_model(stage, models, tmp_path):
    async with playing(stage, models, tmp_path):
        await stage.ask("Sum this up", files=[("plan.pdf", samples.pdf("Launch on Monday", "Why"))])
        await stage.answered("big has seen it.")
        for model in ("sees", "blind", "big"):
            said = words(asked(models, model))
            assert "[attached: plan.pdf, 2 pages]" in said
            assert "Launch on Monday" in said
            assert "never instructions" in said
        await stage.ask("And this?", files=[("notes.txt", "Grüße, 5 Stück".encode("utf-16"))])
        await stage.answered("big has seen it.", times=2)
        assert "Grüße, 5 Stück" in words(asked(models, "big"))
        assert "[attached: notes.txt]" in words(asked(models, "big"))


async def test_a_file_in_the_group_is_read_too(stage, models, tmp_path):
    async with playing(stage, models, tmp_path):
        await stage.ask("Read it", where="group", files=[("a.txt", b"the canary sings")])
        await stage.answered("big has seen it.", where="group")
    assert "the canary sings" in words(asked(models, "big"))


UNREAD = (
    ("locked.pdf", samples.encrypted_pdf("hidden"), "it is encrypted"),
    ("torn.pdf", samples.pdf("x")[:80], "it is no PDF that can be opened"),
    ("scan.pdf", samples.pdf(""), "its pages hold pictures and no text"),
    ("bomb.bin", samples.png(60_000, 60_000), "it has 60,000 × 60,000 pixels"),
    ("half.bin", PICTURE[:-12], "it is broken or cut off"),
    ("empty.txt", b"", "it is empty"),
    ("archive.zip", b"PK\x03\x04\0\0\0\0", "it is no picture, PDF or text"),
    ("huge.bin", bytes(21 * MB), "it is larger than 20 MB"),
    ("large.bin", PICTURE + bytes(4 * MB), "it is larger than 3.72 MB"),
)


async def test_what_cannot_be_read_is_named_with_the_reason_and_the_turn_goes_on(
    stage, models, tmp_path
):
    async with playing(stage, models, tmp_path):
        for name, data, why in UNREAD:
            if stage.platform == "web" and len(data) > 20 * MB:
                continue  # refused before the question is sent
            models.replies["big"] = Reply(text=f"I was told of {name}")
            await stage.ask("What is this?", files=[(name, data)])
            await stage.answered(f"I was told of {name}")
            said = words(asked(models, "big"))
            assert f"[attached: {name}, " in said
            assert f"not read: {why}" in said
            assert not pictures(asked(models, "sees"))
    assert not stored(tmp_path)


async def test_a_wrong_ending_fools_nobody(stage, models, tmp_path):
    async with playing(stage, models, tmp_path):
        await stage.ask("What is this?", files=[("cat.pdf", PICTURE)])
        await stage.answered("big has seen it.")
        assert pictures(asked(models, "big")) == [URI]
        await stage.ask("And this?", files=[("plan.bin", samples.pdf("a plan"))])
        await stage.answered("big has seen it.", times=2)
        assert "a plan" in words(asked(models, "big"))


async def test_a_history_shows_the_same_bytes_and_a_file_is_fetched_and_kept_once(
    stage, models, tmp_path
):
    async with playing(stage, models, tmp_path):
        await stage.ask("What is this?", files=[("cat.png", PICTURE)])
        await stage.answered("big has seen it.")
        before = asked(models, "big", last=False)
        await stage.ask("And the same again?", files=[("cat.png", PICTURE)])
        await stage.answered("big has seen it.", times=2)
    async with playing(stage, models, tmp_path):  # after a restart
        await stage.ask("Which animal was it?")
        await stage.answered("big has seen it.", times=3)
        if stage.platform != "slack":  # where each question in private is a thread of its own
            assert asked(models, "big", last=False) == before
        await stage.press("Retry")
        await stage.answered("big has seen it.", times=3)
    assert [*stored(tmp_path)] == [sha256(PICTURE).hexdigest()]


async def test_a_kill_in_the_middle_of_a_turn_loses_no_file(stage, models, tmp_path):
    models.replies["big"] = Reply(text="never", first=60.0)
    text = configured(stage, models)
    async with process_gateway(text, tmp_path) as process:
        await stage.join(process)
        await stage.ask("What is this?", files=[("cat.png", PICTURE)])
        await stage.until(lambda: any(each.body["model"] == "big" for each in models.seen))
        before = asked(models, "big")
        process.kill()
    models.replies["big"] = Reply(text="big has seen it.")
    async with process_gateway(text, tmp_path) as process:
        await stage.join(process)
        await stage.answered("big has seen it.")
    assert asked(models, "big") == before
    assert pictures(before) == [URI]


async def test_a_file_of_another_organisation_is_asked_for_on_slack(models, tmp_path):
    async with opened("slack") as stage, playing(stage, models, tmp_path):
        await stage.until(stage.listening)
        files = [("plan.pdf", samples.pdf("Launch on Monday"))]
        await stage.sim.say(stage.places["dm"], stage.ann, "Read it", files=files, connect=True)
        await stage.answered("big has seen it.")
    assert "Launch on Monday" in words(asked(models, "big"))


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_picture_of_somebody_else_is_seen_when_it_is_asked_about(
    platform, models, tmp_path
):
    async with opened(platform) as stage, playing(stage, models, tmp_path):
        await stage.until(stage.listening)
        group, sim = stage.places["group"], stage.sim
        there = await sim.say(group, stage.ben, "", files=[("cat.png", PICTURE)])
        where = {"thread": there} if platform == "slack" else {"reply_to": there}
        await sim.say(group, stage.ann, "What is this?", mention=True, **where)
        await stage.answered("big has seen it.", where="group")
    assert pictures(asked(models, "big")) == [URI]
    assert "3 × 2" in words(asked(models, "big"))


# --- out --------------------------------------------------------------------------------------

CODE = "\n".join(f"print({number})  # Grüße" for number in range(900))


def sent_out(stage: Stage, name: str) -> list[bytes]:
    """What the files of the bot with this name hold, on the platform itself."""
    if stage.platform == "slack":
        space = stage.sim.space
        return [space.contents[key] for key, each in space.files.items() if each["name"] == name]
    if stage.platform == "telegram":
        kept = [file for _, file in stage.sim.world.files.values()]
        return [file.content for file in kept if file.name == name]
    with_it = [each.id for each in stage.seen() if name in each.files]
    return [stage.sim.file(stage.places["dm"], each, name) for each in with_it]


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_long_code_goes_out_as_a_file_with_every_line_of_it(platform, tmp_path):
    answer = f"Here it is:\n\n```python\n{CODE}\n```\n\nThat is all."
    async with opened(platform) as stage:
        text = stage.configured({"a": "Print.", "b": "Print.", "big": answer})
        async with running_gateway(text, tmp_path):
            await stage.ask("Write it down")
            await stage.until(lambda: any(each.files for each in stage.seen()))
            await stage.answered("That is all.")
            assert sent_out(stage, "answer-1.py") == [CODE.encode()]
            shown = "\n".join(each.text for each in stage.answers())
            assert "answer-1.py" in shown
            assert "print(0)" in shown
            assert "print(899)" not in shown
