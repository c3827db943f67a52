"""A tool server on standard input and output that does all that a server should not do.

Started as a child process: `python mcp_stdio.py [options]`. It speaks MCP by hand, as the
specification of 2025-11-25 has it. Its tools are named after what they do.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAIN = {"type": "object", "properties": {"text": {"type": "string"}}}

parser = argparse.ArgumentParser()
parser.add_argument("--exit", type=int, help="end at once with this code")
parser.add_argument("--mute", action="store_true", help="answer nothing")
parser.add_argument("--chatter", action="store_true", help="print what is no message first")
parser.add_argument("--stubborn", action="store_true", help="outlive the input and SIGTERM")
parser.add_argument(
    "--with-child", type=Path, help="start a child that lives on; its pid goes here"
)
parser.add_argument("--quiet-child", action="store_true", help="that child holds no pipe of ours")
parser.add_argument("--tools", type=Path, help="a JSON file with the list of tools")
parser.add_argument("--page", type=int, default=100, help="so many tools a page")
parser.add_argument("--cancelled", type=Path, help="note here what is cancelled")
parser.add_argument("--modern", action="store_true", help="know no handshake, only server/discover")
parser.add_argument("--refuse", action="store_true", help="answer every request with an error")
parser.add_argument("--deaf", action="store_true", help="leave unknown requests unanswered")
parser.add_argument("--listless", action="store_true", help="never say which tools there are")
options = parser.parse_args()


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def complain(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def tools() -> list[dict[str, Any]]:
    if options.tools:
        read: list[dict[str, Any]] = json.loads(options.tools.read_text())
        return read
    return [
        {"name": name, "description": f"I {name}.", "inputSchema": PLAIN}
        for name in ("say", "deny", *RESULTS)
    ]


def listed(params: dict[str, Any]) -> dict[str, Any]:
    first = int(params.get("cursor") or 0)
    after = first + options.page
    found = tools()
    more = {"nextCursor": str(after)} if after < len(found) else {}
    return {"tools": found[first:after], **more}


def initialised(params: dict[str, Any]) -> dict[str, Any]:
    return {
        "protocolVersion": params["protocolVersion"],
        "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": {"name": "simulator", "version": "1"},
    }


def discovered(_params: dict[str, Any]) -> dict[str, Any]:
    return {
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "ttlMs": 0,
        "cacheScope": "private",
    }


def text(said: str, **more: Any) -> dict[str, Any]:
    modern = {"resultType": "complete"} if options.modern else {}
    return {"content": [{"type": "text", "text": said}], **modern, **more}


def die(_wanted: dict[str, Any]) -> None:
    complain("the disk is on fire")
    os._exit(7)


def freeze(_wanted: dict[str, Any]) -> None:
    threading.Event().wait()


def stop(_wanted: dict[str, Any]) -> None:
    os.close(1)


def hugest(_wanted: dict[str, Any]) -> None:
    """Answer so that nobody could tell what."""
    sys.stdout.write('{"jsonrpc": "2.0", "x": "' + "a" * 50_000_000 + '"}\n')


def rubbish(_wanted: dict[str, Any]) -> dict[str, Any]:
    sys.stdout.write("Starting up…\n{not json}\n[]\n42\n")
    return text("after the rubbish")


def show(_wanted: dict[str, Any]) -> dict[str, Any]:
    return text(json.dumps([sys.argv[1:], str(Path.cwd()), dict(os.environ), os.getpid()]))


# None: there will be no result.
RESULTS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "wait": lambda _: None,
    "die": die,
    "stop": stop,
    "freeze": freeze,
    "huge": lambda _: text("a" * 50_000_000),
    "long": lambda _: text("a" * 30_000 + "z" * 30_000),
    "hugest": hugest,
    "rubbish": rubbish,
    "fail": lambda _: text("it went wrong", isError=True),
    "odd": lambda _: {"content": "no list at all"},
    "half": lambda _: text("half a character: \ud83d, and none: \0."),
    "empty": lambda _: {"content": []},
    "show": show,
}


def call(name: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
    if name in RESULTS:
        return RESULTS[name](wanted)
    return text(str(wanted.get("text", "")))


def answer(message: dict[str, Any]) -> None:
    number, method, params = message["id"], message["method"], message.get("params") or {}
    known = {"tools/list": listed}
    known |= {"server/discover": discovered} if options.modern else {"initialize": initialised}
    if options.refuse:
        say({"id": number, "error": {"code": -32002, "message": "no\nlicence"}})
    elif method == "tools/call":
        if params["name"] == "deny":
            code = params["arguments"].get("code", -32000)
            say({"id": number, "error": {"code": code, "message": "not today"}})
        elif (result := call(params["name"], params.get("arguments") or {})) is not None:
            say({"id": number, "result": result})
    elif options.listless and method == "tools/list":
        return
    elif method in known:
        result = known[method](params)
        if options.modern and method == "tools/list":
            result |= {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        say({"id": number, "result": result})
    elif not options.deaf:
        say({"id": number, "error": {"code": -32601, "message": "Method not found"}})


def main() -> None:
    if options.exit is not None:
        complain("no licence was found")
        sys.exit(options.exit)
    if options.with_child:
        sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
        pipes = subprocess.DEVNULL if options.quiet_child else None
        child = subprocess.Popen(sleeper, stdin=pipes, stdout=pipes, stderr=pipes)
        options.with_child.write_text(str(child.pid))
    if options.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.chatter:
        sys.stdout.write("Listening on stdio\n")
    known = tools() if options.tools else None
    for line in sys.stdin:
        message = json.loads(line)
        if options.cancelled and message["method"] == "notifications/cancelled":
            with options.cancelled.open("a") as noted:
                noted.write(f"{message['params']['requestId']}\n")
        if "id" in message and not options.mute:
            answer(message)
        if known is not None and (now := tools()) != known:
            known = now
            say({"method": "notifications/tools/list_changed"})
    if options.stubborn:
        threading.Event().wait()


main()
