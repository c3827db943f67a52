"""A tool server on standard input and output whose one tool does something that can be counted.

`python bank.py FILE`: `pay` writes its text as a line to FILE, waits a moment, and says so.
"""

import json
import os
import sys
import threading

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
PAY = {"name": "pay", "description": "Pays what is written on the bill.", "inputSchema": SCHEMA}


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "bank", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": [PAY]}
    if method == "tools/call":
        file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, f"{params['arguments']['text']}\n".encode())
        os.close(file)
        threading.Event().wait(0.05)
        return {"content": [{"type": "text", "text": "paid"}]}
    return {}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = answer(message["method"], message.get("params") or {})
        reply = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
