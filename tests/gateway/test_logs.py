"""Shows what stands in the log: JSON lines where nobody looks, no secret, no flood, no locals."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import structlog

from core.struck import STRUCK
from gateway import logs
from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, answered
from tests.simulators.provider import ProviderSimulator, Reply

SECRET = 'hunter2 "quoted" and välid'


@pytest.fixture
def log() -> Iterator[structlog.stdlib.BoundLogger]:
    """A logger of ours; everything is as it was afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield structlog.get_logger()
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def failing(text: str) -> None:
    password = "not-for-the-log".upper()  # a variable at the place of the failure
    raise ValueError(text, len(password))


def lines(written: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.splitlines()]


def test_every_line_is_an_object_with_its_time_and_level(capsys, log):
    logs.set_up()
    log.info("asked", models=3)
    logging.getLogger("library").warning("slow: %s", "very")
    first, second = lines(capsys.readouterr().err)
    assert (first["event"], first["level"], first["models"]) == ("asked", "info", 3)
    assert (second["event"], second["level"]) == ("slow: very", "warning")
    assert all(str(each["timestamp"]).endswith("Z") for each in (first, second))


def test_a_secret_is_struck_out_wherever_it_stands(capsys, log):
    logs.set_up([SECRET])
    log.info("%s is it", SECRET, key=SECRET, headers={"Authorization": [f"Bearer {SECRET}"]})
    logging.getLogger("library").warning("sent %s", SECRET)
    try:
        failing(SECRET)
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert len(lines(written)) == 3
    assert written.count(STRUCK) >= 4
    assert "hunter2" not in written


def test_a_traceback_is_one_line_and_shows_no_variables(capsys, log):
    logs.set_up()
    try:
        failing("a bug")
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    (line,) = lines(written)
    assert "a bug" in str(line["exception"])
    assert "NOT-FOR-THE-LOG" not in written


async def test_no_key_of_the_configuration_reaches_the_log_or_the_page(tmp_path):
    async with ProviderSimulator({"*": Reply(status=401)}, key="another") as models:
        text = f"""
    providers:
      sim: {{api: chat_completions, base_url: "{models.base_url}", api_key: "sk-very-secret-key"}}
    moa:
      presets:
        review:
          reference_models: [{{provider: sim, model: a}}]
          aggregator: {{provider: sim, model: big}}
"""
        async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
            await page.say("How do I get there?")
            view = await page.until(answered(1))
            assert "sk-very-secret-key" not in json.dumps(view)
            process.terminate()
            await process.ended()
    assert "sk-very-secret-key" not in "\n".join((*process.stdout, *process.stderr))
    assert all(json.loads(line)["event"] for line in process.stderr)


async def test_what_is_no_http_is_refused_and_not_quoted_in_the_log(tmp_path):
    text = """
    providers: {fake: {api: scripted, answers: {"*": "Yes."}}}
    moa: {presets: {review: {aggregator: {provider: fake, model: big}, enabled: false}}}
"""
    async with process_gateway(text, tmp_path) as process:
        where = urlsplit(process.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer of-a-stranger\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.split()[1] == b"400"
        process.terminate()
        await process.ended()
    assert "of-a-stranger" not in "\n".join(process.stderr)
    assert "Traceback" not in "\n".join(process.stderr)
