"""The child process that runs the embedded model: a file to start, never a module to import.

It decides how llama.cpp is set up (a cache for each slot that nothing else may empty, threads
that sleep instead of spinning). It reads one JSON line from stdin, prints one JSON line with its
address or with what went wrong, and ends when stdin does: it never outlives its parent.
"""

from __future__ import annotations

import json
import os
import sys
import threading

CONTEXT = 8192
"""Tokens, shared by all slots: the advisors' views and the conversation lie side by side."""
SLOTS = 4


def main() -> None:
    """Serve until stdin ends."""
    # What a library may print must not get between the parent and our one line.
    say = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.buffer.readline() or "{}")
    watch = threading.Thread(target=_end_with_parent)
    watch.start()  # before the model is loaded: the parent may go at any time
    answer, server = _serve(order)
    print(json.dumps(answer), file=say, flush=True)
    if server is None:
        os._exit(1)
    watch.join()


def _serve(order: dict[str, str]) -> tuple[dict[str, str], object | None]:
    """Start the server; give what to say, and what has to be kept alive."""
    try:
        import xllamacpp  # noqa: PLC0415 - a library that does not load here is an answer too
    except ImportError as error:
        hint = "; install the system package libgomp1" if "libgomp" in str(error) else ""
        return {"error": f"The embedded model's engine does not load: {error}{hint}."}, None
    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    params.ui = False
    params.n_ctx = CONTEXT
    params.n_parallel = SLOTS
    params.kv_unified = True
    # Both would take a slot's cache away while it is idle, and the next call would read its
    # whole prompt again.
    params.cache_idle_slots = False
    params.cache_ram_mib = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, _cores() - 1)
    try:
        server = xllamacpp.Server(params)
    except RuntimeError:
        return {"error": f"{order['model']} is no GGUF file that llama.cpp can run."}, None
    return {"address": server.listening_address}, server


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))  # a container may have fewer than the machine
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)  # at once, also in the middle of an answer


if __name__ == "__main__":
    main()
