"""A configuration file that means no good is refused with a sentence: in little time and memory.

And a file is the only place where a variable is looked up: nothing that is said in a chat is.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ConfigError
from gateway import config
from tests.gateway.harness import process_gateway, running_gateway
from tests.gateway.page import Page, answered
from tests.patience import PATIENCE
from tests.security.house import MODELS

MEMORY = 1024 * 1024 * 1024
"""Bytes of addresses that reading a file may take, the interpreter included."""


def laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


def quadratic() -> str:
    return f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 49_000)}]"


BOMBS: dict[str, Callable[[], str | bytes]] = {
    "a billion laughs": laughs,
    "a long text, often": quadratic,
    "an alias of itself": lambda: "a: &a [*a]",
    "lists in lists": lambda: "a: " + "[" * 200_000,
    "blocks in blocks": lambda: "\n".join(" " * n + "a:" for n in range(900)),
    "keys that are lists": lambda: "? " * 100_000,
    "a python object": lambda: "a: !!python/object/apply:os.system ['touch broken-into']",
    "a python name": lambda: "a: !!python/name:os.system",
    "a tag of one's own": lambda: "a: !env HOME",
    "a binary": lambda: "a: !!binary aGk=",
    "merge keys": lambda: "a: &a {x: 1}\nb: {<<: *a}",
    "a key twice": lambda: MODELS + "\nmoa: {}",
    "a key twice in a block": lambda: MODELS + "\nhttp: {port: 0, port: 1}",
    "two documents": lambda: MODELS + "\n---\nhttp: {port: 0}",
    "no text": lambda: b"\xff\xfe\x00\x01" * 100,
    "a null byte": lambda: MODELS + "\nhttp: {token: 'a\x00b'}",
    "an escaped null byte": lambda: MODELS + '\nhttp: {token: "a\\0b"}',
    "half a character": lambda: MODELS + '\nhttp: {token: "\\ud800"}',
    "a number without end": lambda: MODELS + f"\nhttp: {{port: {'9' * 100_000}}}",
    "a number of another kind": lambda: MODELS + "\nhttp: {port: 1e99999}",
    "a hundred megabytes": lambda: b"# " + b"x" * (100 * 1024 * 1024),
    "a hundred megabytes of keys": lambda: b"a: b\n" * (20 * 1024 * 1024),
    "a hundred anchors": lambda: "\n".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 100)
    ),
}
CHECK = """
import sys
from gateway.cli.root import root
for file in sys.argv[1:]:
    try:
        root(["config", "check", "--config", file], standalone_mode=False)
        code = 0
    except SystemExit as left:
        code = left.code
    print(f"{file}: {code}", flush=True)
"""


def test_no_file_takes_the_program_down(tmp_path):
    files = []
    for name, make in BOMBS.items():
        content = make()
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        files.append(tmp_path / name.replace(" ", "-"))
        files[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *map(str, files)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        check=False,
    )
    told = done.stdout.splitlines()
    assert told == [f"{file}: 2" for file in files], done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 400 * len(BOMBS)  # a sentence each, whatever the file says
    assert not (tmp_path / "broken-into").exists()


@pytest.mark.parametrize("where", ["/dev/zero", "/dev/full", ".", "/proc/self/mem"])
def test_what_is_no_file_is_no_configuration(where, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, where],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.splitlines() == [f"{where}: 2"]
    assert "Traceback" not in done.stderr


ENVIRON = {"MOA_CANARY": "what-the-environment-holds"}
ECHO = MODELS.replace("big: Go by train.", 'big: "{last}"')


async def test_a_variable_is_looked_up_in_the_file_alone(tmp_path: Path):
    """At the end of a key: not in names, not in what a variable holds, not in what people say."""
    text = ECHO + "defaults: {system_prompt: 'Be ${MOA_CANARY}, not $MOA_CANARY.'}\n"
    async with running_gateway(text, tmp_path, environ=ENVIRON) as gateway:
        config = gateway.gateway.live.config
        assert config.settings.defaults.system_prompt == (
            "Be what-the-environment-holds, not $MOA_CANARY."
        )
    async with (
        process_gateway(ECHO, tmp_path, environ=ENVIRON) as process,
        Page.of(process) as page,
    ):
        said = "${MOA_CANARY} $MOA_CANARY ${{MOA_CANARY}} %MOA_CANARY% `echo $MOA_CANARY`"
        await page.say(said)
        view = await page.until(answered(1))
        assert "${MOA_CANARY}" in str(view)
        await page.choose("${MOA_CANARY}")
        assert ENVIRON["MOA_CANARY"] not in str(await page.look())
    assert ENVIRON["MOA_CANARY"] not in "\n".join((*process.stdout, *process.stderr))


def test_what_a_variable_holds_is_not_read_again(tmp_path):
    text = MODELS + '\nhttp: {port: 0, token: "${OUTER}"}\n${OUTER}: 1\n'
    (tmp_path / "config.yaml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, "config.yaml"],
        cwd=tmp_path,
        env={"OUTER": "${INNER}", "INNER": "canary", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "config.yaml: 2"  # a key is no place for a variable
    assert "canary" not in done.stdout + done.stderr


def test_a_file_without_end_is_no_secret():
    with pytest.raises(ConfigError, match="token_file: the file has more than 65,536 bytes"):
        config.parse("http: {token_file: /dev/zero}", "config.yaml", {})
