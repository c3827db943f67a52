"""A canary in every key that is a secret, in a scene that fails everywhere, and none gets out.

The whole program on three platforms. Providers refuse and quote the key that they were sent; a
tool shows the environment it was given; servers of tools cannot be reached. Then everything that
leaves the program is searched: what platforms, models and pages were sent, every file of the data
folder, both outputs, and every command of the command line.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import click
import pytest
import yaml

from gateway import config as configuration
from gateway.cli.root import root
from gateway.config.values import Secret
from tests.gateway.harness import Process, process_gateway
from tests.patience import PATIENCE
from tests.security.secret_keys import secret_keys
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, SIMULATORS, STAGES, Stage, Where
from tests.transcripts.stages import configuration as staged

SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
SHOWS = {"id": "c1", "type": "function", "function": {"name": "leaky__show", "arguments": "{}"}}
DIES = {"id": "c2", "type": "function", "function": {"name": "leaky__die", "arguments": "{}"}}
QUESTION = "How do I get there?"


def canary(name: str) -> str:
    """Give a secret with the signs that are written otherwise when they are quoted."""
    return f"canary-{name}-\"q'uo\\te%+/="


@dataclass(slots=True, kw_only=True)
class Scene:
    """The stages, the models that refuse, and the program."""

    folder: Path
    file: dict[str, Any]
    stages: list[Stage]
    models: ProviderSimulator
    process: Process = field(init=False)

    @property
    def secrets(self) -> list[str]:
        """Every secret of the file, as the types have it: nothing is looked up by name."""
        config = configuration.parse(yaml.safe_dump(self.file), "config.yaml", {})
        return sorted(set(config.secrets))

    def platforms_were_sent(self) -> Iterator[str]:
        for stage in self.stages:
            for entry in stage.sim.requests.entries:
                params = {key: each for key, each in dict(entry.params).items() if key != "token"}
                yield json.dumps([entry.method, params], default=str, ensure_ascii=False)

    def models_were_sent(self) -> Iterator[str]:
        yield from (each.raw.decode() for each in self.models.seen)

    def files(self) -> Iterator[tuple[str, bytes]]:
        for each in (self.folder / "data").rglob("*"):
            if each.is_file():
                yield each.name, each.read_bytes()


def written(secret: str) -> set[bytes]:
    """Give a secret as it stands in a text, in JSON, in a `repr` and in an address."""
    forms = {secret, quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    forms |= {json.dumps(each)[1:-1] for each in [*forms]}
    data = secret.encode()
    encoded = {base64.b64encode(bytes(each) + data)[4:-4] for each in range(3)}
    inside = {each for each in encoded if len(each) > 8}
    return {each.encode() for each in forms} | {data.hex().encode()} | inside


def file(stages: list[Stage], models: ProviderSimulator) -> dict[str, Any]:
    """Write a file that has every secret there is."""
    whole: dict[str, Any] = yaml.safe_load(staged(stages, {}))
    port = models.base_url.rpartition(":")[2].partition("/")[0]
    told = {"headers": {"X-Extra": canary("header")}}
    base = models.base_url
    whole["providers"] = {
        "p": {"api": "chat_completions", "base_url": base, "api_key": canary("key-of-p"), **told},
        "r": {"api": "responses", "base_url": base, "api_key": canary("key-of-r"), **told},
        "m": {"api": "messages", "base_url": base, "api_key": canary("key-of-m"), **told},
        "u": {"api": "chat_completions", "base_url": f"http://u:canary-in-url@127.0.0.1:{port}/v1"},
        "gone": {
            "api": "chat_completions",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "gone-k",
        },
        "s": {"api": "scripted", "answers": {"x": "X."}, **told},
        "e": {"api": "embedded", **told},
    }
    slots = [("p", "refuses"), ("r", "refuses"), ("m", "refuses"), ("u", "refuses"), ("gone", "x")]
    whole["moa"]["presets"] = {
        "review": {
            "reference_models": [{"provider": who, "model": model} for who, model in slots],
            "aggregator": {"provider": "p", "model": "big"},
            "fanout": "user_turn",
        },
        "broken": {"enabled": False, "aggregator": {"provider": "p", "model": "refuses"}},
    }
    whole["moa"] |= {"save_traces": True, "default_preset": "review"}
    platforms = whole["platforms"]
    platforms["telegram"]["webhook_secret"] = "canary-of-the-webhook"
    platforms["slack"]["signing_secret"] = canary("signing")
    whole["http"] = {
        "port": 0,
        "token": canary("owner"),
        "keys": {"ci": {"token": canary("ci")}},
    }
    whole["tools"] = {
        "servers": {
            "leaky": {
                "command": [sys.executable, str(SERVER)],
                "env": {"API_KEY": canary("env"), "PLAIN": canary("a-long-plain-one")},
                "approve": "never",
            },
            "away": {
                "url": "http://u:canary-of-away@127.0.0.1:9/mcp",
                "headers": {"A": canary("mcp")},
            },
        }
    }
    whole["budgets"] = {"total": {"daily": 100}, "unpriced": 0}
    return whole


@pytest.fixture
async def scene(tmp_path) -> AsyncIterator[Scene]:
    words = f"Incorrect API key provided: {{}}; X-Extra: {canary('header')}"
    basic = base64.b64encode(b"u:canary-in-url").decode()
    quoted = " ".join(canary(f"key-of-{each}") for each in "prm") + f" canary-in-url {basic}"
    refuses = Reply(status=401, error={"message": words.format(quoted), "code": "invalid_api_key"})
    last = [Reply(text="", tool_calls=(SHOWS,)), Reply(text="", tool_calls=(DIES,))]
    replies: dict[str, Reply | Sequence[Reply]] = {
        "refuses": refuses,
        "big": [*[Reply(text="", tool_calls=(SHOWS,)), Reply()] * 5, *last, Reply()],
    }
    async with AsyncExitStack() as stack:
        stages = [
            STAGES[each](await stack.enter_async_context(SIMULATORS[each]())) for each in MESSENGERS
        ]
        models = await stack.enter_async_context(ProviderSimulator(replies))
        made = Scene(folder=tmp_path, file=file(stages, models), stages=stages, models=models)
        made.file["data_dir"] = str(tmp_path / "data")
        text = yaml.safe_dump(made.file, allow_unicode=True, sort_keys=False)
        made.process = await stack.enter_async_context(process_gateway(text, tmp_path))
        yield made


async def test_no_secret_leaves_the_program_on_any_way(scene: Scene):
    known = scene.secrets
    assert len(known) >= 18, known
    owner = {"Authorization": f"Bearer {canary('owner')}"}
    for stage in scene.stages:
        for where in ("dm", "group"):
            await stage.ask(QUESTION, where=where)
            await stage.until(partial(ended, stage, where))
    answers = await asked_by_http(scene.process.url, owner)
    scene.process.terminate()
    await scene.process.ended()
    told = {
        "a platform": "\n".join(scene.platforms_were_sent()).encode(),
        "a model": "\n".join(scene.models_were_sent()).encode(),
        "stdout": "\n".join(scene.process.stdout).encode(),
        "stderr": "\n".join(scene.process.stderr).encode(),
        "HTTP": b"\n".join(answers),
        **{f"file {name}": data for name, data in scene.files()},
        "the command line": await asyncio.to_thread(commands, scene.folder),
    }
    assert b"The key is wrong" in told["file moa-gateway.db"] + told["a platform"]  # it did fail
    assert b"[secret]" in told["a model"]  # and the tool did show what it had
    found = {
        (name, secret)
        for name, data in told.items()
        for secret in known
        if any(form in data for form in written(secret))
    }
    assert not found, sorted(found)


def ended(stage: Stage, where: Where) -> bool:
    """Tell whether an answer stands there, in whichever form."""
    return any("Hello from the" in each.text and each.complete for each in stage.seen(where))


async def asked_by_http(url: str, owner: dict[str, str]) -> list[bytes]:
    """Ask for what there is, and for what fails."""
    found = []
    async with aiohttp.ClientSession(url, headers=owner) as http:
        paths = ("/", "/api/status", "/api/conversations", "/metrics", "/v1/models", "/readyz")
        for path in (*paths, "/api/conversations/conversation-1", "/nowhere", "/v1/models/none"):
            async with http.get(path) as answer:
                found.append(await answer.read() + str(answer.headers).encode())
        for preset, stream in (("review", False), ("broken", False), ("broken", True)):
            body = {"model": preset, "messages": [{"role": "user", "content": QUESTION}]}
            async with http.post("/v1/chat/completions", json={**body, "stream": stream}) as answer:
                found.append(await answer.read() + str(answer.headers).encode())
    return found


COMMANDS = {
    ("audit",): (),
    ("backup",): ("{folder}/backup.db",),
    ("config", "check"): (),
    ("config", "schema"): None,
    ("cost",): (),
    ("dead-letters", "list"): (),
    ("dead-letters", "retry"): ("1",),
    ("health",): (),
    ("pair", "approve"): ("AAAA-AAAA",),
    ("people", "erase"): ("telegram:1", "--yes"),
    ("people", "export"): ("telegram:{ann}", "{folder}/exported"),
    ("presets", "list"): (),
    ("presets", "show"): ("review",),
    ("presets", "stats"): (),
    ("presets", "test"): ("broken",),
    ("reload",): (),
    ("replay",): ("{trace}", "--compare"),
    ("sessions", "delete"): ("telegram/nowhere", "--yes"),
    ("sessions", "export"): ("telegram/{ann}",),
    ("sessions", "list"): (),
    ("tools", "approve"): ("leaky",),
    ("tools", "list"): (),
    ("chat",): ("--plain", "-m", QUESTION, "-p", "broken"),
}
"""What each is given; None: it takes no file."""
ELSEWHERE = {("run",), ("demo",), ("version",)}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    for name, each in command.commands.items():
        yield from leaves(each, (*path, name))


def test_every_command_is_tried():
    assert set(leaves(root)) == set(COMMANDS) | ELSEWHERE


RUN_ALL = """
import json, sys
from gateway.cli.root import root
for words in json.load(sys.stdin):
    try:
        root(words, standalone_mode=False)
    except BaseException as error:  # what it is told is shown, too
        print(words, repr(error))
print("all were run")
"""


def commands(folder: Path) -> bytes:
    """Run every command, in one process; what they write counts, whether it is well or not."""
    trace = next((folder / "data" / "traces").rglob("*.jsonl"), folder / "none")
    names = {"folder": str(folder), "trace": str(trace), "ann": "1"}
    wanted = [
        [*path, "--config", str(folder / "config.yaml"), *(each.format(**names) for each in words)]
        for path, words in COMMANDS.items()
        if words is not None
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        cwd=folder,
        input=json.dumps(wanted).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.stdout.endswith(b"all were run\n"), done.stdout[-500:]
    return done.stdout


def test_every_key_that_is_a_secret_is_known_to_whoever_strikes_them_out():
    """Each is filled by its type, so that one that is added is in here, too."""
    missing = set()
    for path in secret_keys():
        text = yaml.safe_dump(_filled(path))
        config = configuration.parse(BASE + text, "config.yaml", {})
        if "canary-canary-canary" not in config.secrets:
            missing.add(path)
    assert not missing


BASE = """
moa: {presets: {alone: {enabled: false, aggregator: {provider: p, model: big}}}}
"""
REST: dict[str, dict[str, Any]] = {
    "*telegram": {"token": "t"},
    "*discord": {"token": "t"},
    "*slack": {"bot_token": "t", "app_token": "t"},
    "*chat_completions": {"base_url": "http://127.0.0.1:9"},
    "*responses": {"base_url": "http://127.0.0.1:9"},
    "*messages": {"base_url": "http://127.0.0.1:9"},
    "*scripted": {"answers": {"x": "X."}},
}


def _filled(path: tuple[str, ...]) -> dict[str, Any]:
    whole: dict[str, Any] = {"providers": {"p": {"api": "scripted", "answers": {"big": "Yes."}}}}
    here = whole
    for name in path[:-1]:
        kind = name.removeprefix("*")
        here = here.setdefault("one" if name.startswith("*") else name, {})
        if kind and name.startswith("*"):
            tag = "api" if path[0] == "providers" else "type"
            here |= {tag: kind, **REST.get(name, {})}
        if path[:2] == ("tools", "servers") and name == "*":
            here |= {"command": ["x"]} if "env" in path else {"url": "http://127.0.0.1:9"}
    here["KEY" if path[-1] == "*" else path[-1]] = "canary-canary-canary"
    return whole


CRASHES = {
    "in the main thread": "raise ValueError(secret)",
    "with a cause": "raise ValueError('a bug') from RuntimeError(secret)",
    "in a thread": "t = threading.Thread(target=lambda: int(secret)); t.start(); t.join()",
    "where nobody can catch it": "type('T', (), {'__del__': lambda self: int(secret)})()",
    "in a warning": "warnings.warn(secret)",
}


@pytest.mark.parametrize("name", CRASHES)
def test_what_a_crash_leaves_has_no_secret(name):
    secret = canary("crash")
    program = (
        "import threading, warnings, os; from gateway import logs\n"
        "secret = os.environ['CANARY']\n"
        "logs.set_up([secret]); logs.watch_crashes()\n" + CRASHES[name]
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "CANARY": secret},
        capture_output=True,
        check=False,
    )
    assert b"[secret]" in done.stderr
    assert not [each for each in written(secret) if each in done.stderr]


def test_a_crash_of_the_interpreter_leaves_no_dump_of_its_memory():
    program = (
        "import resource; from gateway import logs; logs.watch_crashes()\n"
        "print(*resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"0", b"0"]


def test_a_configuration_that_is_printed_shows_no_secret():
    for path in secret_keys():
        config = configuration.parse(BASE + yaml.safe_dump(_filled(path)), "config.yaml", {})
        assert "canary-canary-canary" not in repr(config) + str(config.settings), path
    assert isinstance(Secret("x"), Secret)
