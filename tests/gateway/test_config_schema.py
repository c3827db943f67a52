"""The JSON Schema takes what the program takes, and names every key."""

import re

import msgspec
import pytest
import yaml

from gateway.config import schema
from tests.gateway.test_config import EXAMPLE, HERE

SCHEMA = schema()
KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def fits(value, rule) -> bool:
    """As much of JSON Schema as our own schema uses."""
    if not all(CHECKS[key](value, rule[key]) for key in CHECKS.keys() & rule.keys()):
        return False
    if isinstance(value, list):
        return all(fits(each, rule.get("items", {})) for each in value)
    return not isinstance(value, dict) or block_fits(value, rule)


# A pattern stands beside the type string.
CHECKS = {
    "$ref": lambda value, name: fits(value, SCHEMA["$defs"][name.rpartition("/")[2]]),
    "anyOf": lambda value, rules: any(fits(value, each) for each in rules),
    "enum": lambda value, words: value in words,
    "type": lambda value, name: isinstance(value, KINDS[name]),
    "pattern": lambda value, wanted: isinstance(value, str) and bool(re.search(wanted, value)),
}


def block_fits(value, rule) -> bool:
    known = rule.get("properties", {})
    more = rule.get("additionalProperties", {})
    if not set(rule.get("required", ())) <= value.keys():
        return False
    if more is False and not value.keys() <= known.keys():
        return False
    return all(fits(each, known.get(key, more)) for key, each in value.items())


def plain(name: str):
    text = (EXAMPLE if name == "example" else HERE / "minimal.yaml").read_text(encoding="utf-8")
    # An editor of YAML 1.2 reads `off` as a word.
    return yaml.safe_load(text.replace(": off ", ": 'off' "))


@pytest.mark.parametrize("name", ["example", "minimal"])
def test_it_takes_the_files_that_the_program_takes(name):
    assert fits(plain(name), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("http.port", "eighty"),
        ("htpp", {}),
        ("moa.presets.review.fanout", 3),
        ("moa.presets.review.aggregator.modle", "x"),
        ("providers.local.api", "embeded"),
        ("limits.user", "often"),
    ],
)
def test_it_refuses_what_the_program_refuses(path, value):
    file = plain("example")
    *keys, last = path.split(".")
    block = file
    for key in keys:
        block = block[key]
    block[last] = value
    assert not fits(file, SCHEMA)


def test_a_secret_from_a_file_a_variable_and_null_are_in_it():
    file = plain("minimal")
    file["providers"]["openai"] = {
        "api": "chat_completions",
        "base_url": "${URL}",
        "api_key_file": "/run/secrets/key",
        "max_parallel": "${MOST:-3}",
        "timeouts": None,
    }
    file["platforms"] = {"telegram": {"token_file": "t"}, "eu": {"type": "web", "enabled": "${X}"}}
    assert fits(file, SCHEMA)


def test_it_is_json():
    assert b'"https://json-schema.org/draft/2020-12/schema"' in msgspec.json.encode(SCHEMA)
