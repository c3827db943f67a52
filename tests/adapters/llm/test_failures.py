# Shows that an error is understood in every shape in which providers send it.

import json

import pytest

from adapters.llm.failures import LONGEST_QUOTE, failure, hear, quoted
from core.errors import ContextOverflow, ModelBusy, ModelRefused


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "openai", "type": "t", "param": None, "code": "c"}}, "openai"),
        ({"error": "ollama"}, "ollama"),
        ({"object": "error", "message": "vllm", "code": 400}, "vllm"),
        ({"detail": "fastapi"}, "fastapi"),
        ({"detail": [{"loc": ["body", "x"], "msg": "pydantic"}]}, "pydantic ['body', 'x']"),
        (
            {"object": "error", "message": {"detail": [{"msg": "mistral", "loc": ["body", "y"]}]}},
            "mistral ['body', 'y']",
        ),
        ([{"error": {"message": "google", "code": 400, "status": "X"}}], "google"),
        (
            {"error": {"message": "openrouter", "metadata": {"raw": "upstream"}}},
            "openrouter: upstream",
        ),
        ("text", "text"),
        ({}, ""),
        (7, ""),
        ({"error": {}}, ""),
    ],
)
def test_the_words_are_found_in_every_shape(body, message):
    assert hear(json.dumps(body).encode()).message == message


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"<html>Bad gateway</html>", ""), (b"no healthy upstream", "no healthy upstream"), (b"", "")],
)
def test_a_proxys_page_is_not_quoted_but_its_words_are(body, message):
    assert hear(body).message == message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "x"}, ModelBusy),
        ({"code": "context_length_exceeded", "type": "invalid_request_error"}, ContextOverflow),
        ({"type": "overloaded_error"}, ModelBusy),
        ({"code": 200, "type": "server_error"}, ModelBusy),
        ({"code": "model_not_found"}, ModelRefused),
    ],
)
def test_an_error_without_a_status_is_told_by_its_code(error, kind):
    assert type(failure(hear(json.dumps({"error": error}).encode()), None)) is kind


def test_a_quote_is_one_short_line_without_secrets():
    text = quoted("  a\n\tb sk-12345678 " + "long " * 100, ("sk-12345678", "1"))
    assert text.startswith(": a b [secret] long")
    assert len(text) <= LONGEST_QUOTE + 2
    assert quoted(" \n", ()) == ""


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(429, "is busy"), (503, "is busy"), (529, "is busy"), (500, "is out of order")],
)
def test_a_provider_that_breaks_is_not_called_busy(status, sentence):
    assert str(failure(hear(b""), status)) == f"The provider {sentence} ({status})"
