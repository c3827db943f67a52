"""Shows that a privacy filter holds in every face, after a reload too, and at rest (ADR 0031)."""

from __future__ import annotations

import json

import pytest

from tests.gateway.harness import Running, running_gateway
from tests.gateway.http.programs import asked, client
from tests.gateway.page import Page, answered, answers

MAIL = "ann@example.org"
CONFIG = """
providers:
  fake:
    api: scripted
    answers:
      wise: "Her address is ann@example.org, I think."
      big: {{text: "Write to ann@example.org today.", chunk: 3}}
moa:
  save_traces: true
  privacy_filter: {filter}
  presets:
    review:
      reference_models: [{{provider: fake, model: wise}}]
      aggregator: {{provider: fake, model: big}}
      fanout: user_turn
"""


def at_rest(folder) -> tuple[str, str]:
    """Give what lies in the database and in the traces, as text."""
    files = [each for each in (folder / "data").glob("moa-gateway.db*") if each.is_file()]
    data = b"".join(each.read_bytes() for each in files)
    traces = "".join(each.read_text() for each in (folder / "data" / "traces").glob("*.jsonl"))
    return data.decode(errors="replace"), traces


async def read(gateway: Running) -> tuple[list[str], str]:
    """Give what a page shows of the answer, and the whole of what it was sent."""
    async with Page.of(gateway) as page:
        view = await page.until(answered(1))
        return answers(view), json.dumps(view["turns"])


@pytest.mark.parametrize("filter_", ["display", "full"])
async def test_moa_33_no_face_shows_it_and_full_keeps_none_of_it(tmp_path, filter_):
    config = CONFIG.format(filter=filter_)
    async with running_gateway(config, tmp_path) as gateway:
        async with Page.of(gateway) as page:
            await page.say("Where does Ann read?")
            await page.until(answered(1))
        shown, sent = await read(gateway)
        async with client(gateway) as api:
            stream = await api.chat.completions.create(
                model="review", messages=asked(f"Who is {MAIL}?"), stream=True
            )
            words = [each.choices[0].delta.content or "" async for each in stream if each.choices]
            whole = await api.chat.completions.create(model="review", messages=asked("Who?"))
        sent_to_big = gateway.calls.of("big")[-1].lines[-1].text
    assert shown == ["Write to [e-mail] today."]
    assert MAIL not in sent
    assert "Her address is [e-mail], I think." in sent
    assert "".join(words) == whole.choices[0].message.content == "Write to [e-mail] today."
    assert MAIL in sent_to_big
    async with running_gateway(config, tmp_path) as gateway:
        again, sent = await read(gateway)
    assert (again, MAIL in sent) == (shown, False)
    database, traces = at_rest(tmp_path)
    assert (MAIL in database, MAIL in traces) == (filter_ == "display", filter_ == "display")
    assert len(traces.splitlines()) == 3


async def test_without_a_filter_everything_is_shown_and_kept(tmp_path):
    async with running_gateway(CONFIG.format(filter="off"), tmp_path) as gateway:
        async with Page.of(gateway) as page:
            await page.say("Where does Ann read?")
            await page.until(answered(1))
        shown, _ = await read(gateway)
    assert shown == ["Write to ann@example.org today."]
    assert MAIL in at_rest(tmp_path)[1]
