# Shows that the simulator of the Responses format is as strict as the API, and says so as it does.

import json

import pytest

from tests.simulators.responses_rules import complaint, made_of

USER = {"type": "message", "role": "user", "content": "Ship it?"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "no"}
SCHEMA = {"type": "object", "properties": {}}
TOOL = {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}


def thought(**more):
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": made_of("rs_1")}
    return {name: value for name, value in (item | more).items() if value is not None}


def refused(*items, **fields):
    body = {"model": "gpt-5.5", "input": list(items) or [USER], "store": False, **fields}
    found = complaint(json.dumps(body).encode())
    return found and found.message


@pytest.mark.parametrize(
    ("items", "fields"),
    [
        ((), {}),
        ((USER, CALL, RESULT), {}),
        ((USER, thought(), CALL, RESULT), {}),
        ((USER, thought(encrypted_content=None), CALL, RESULT), {"store": True}),
        ((USER, {**USER, "role": "assistant"}), {}),
        ((), {"input": "Ship it?"}),
        ((), {"tools": [TOOL], "tool_choice": {"type": "function", "name": "f"}}),
        ((), {"reasoning": {"effort": "low"}, "max_output_tokens": 16}),
    ],
)
def test_what_is_right_is_taken(items, fields):
    assert refused(*items, **fields) is None


@pytest.mark.parametrize(
    ("items", "fields", "words"),
    [
        ((), {"messages": []}, "moved to 'input'"),
        ((), {"response_format": {}}, "moved to 'text.format'"),
        ((), {"stop": "END"}, "Unknown parameter: 'stop'"),
        ((), {"input": []}, "Missing required parameter: 'input'"),
        ((), {"max_output_tokens": 7}, ">= 16"),
        ((), {"temperature": 0.2}, "'temperature' is not supported"),
        (
            (),
            {"model": "gpt-4o", "include": ["reasoning.encrypted_content"]},
            "Encrypted content is not supported",
        ),
        ((), {"model": "gpt-4o", "reasoning": {"effort": "low"}}, "not supported"),
        ((), {"tools": [{"type": "function", "function": {"name": "f"}}]}, "'tools[0].name'"),
        ((), {"tools": [{**TOOL, "strict": True}]}, "'additionalProperties' is required"),
        ((), {"tools": [{"type": "function", "name": "f", "parameters": SCHEMA}]}, "is required"),
        ((), {"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice.fun"),
        ((), {"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "text.format.name"),
        ((USER, RESULT), {}, "No tool call found for function call output with call_id c"),
        ((USER, CALL), {}, "No tool output found for function call c"),
        ((USER, {**USER, "name": "ann"}), {}, "Unknown parameter: 'input[1].name'"),
        ((USER, {**USER, "role": "tool"}), {}, "Invalid value: 'tool'"),
        (({**USER, "content": [{"type": "output_text", "text": "a"}]},), {}, "output_text"),
        ((USER, thought(status="completed"), CALL, RESULT), {}, "'input[1].status'"),
        ((USER, thought(encrypted_content=None), CALL, RESULT), {}, "not persisted"),
        ((USER, thought(encrypted_content="x"), CALL, RESULT), {}, "could not be verified"),
        ((USER, thought()), {}, "without its required following item"),
        ((thought(), USER), {}, "without its required following item"),
    ],
)
def test_what_is_wrong_is_refused_in_the_apis_words(items, fields, words):
    assert words in (refused(*items, **fields) or "")
