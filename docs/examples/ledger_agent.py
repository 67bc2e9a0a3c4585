"""An agent of a Weft mesh in Python's standard library alone: it transfers money once a person has agreed, and counts with checkpoints.

    npx weft agent run --app-id ledger --app-port 7701 -- python3 docs/examples/ledger_agent.py ledger.txt
"""

import json
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["APP_PORT"])
APP_TOKEN = os.environ["APP_API_TOKEN"]
SIDECAR = f"http://127.0.0.1:{os.environ['DAPR_HTTP_PORT']}/v1.0/state/statestore"
LEDGER = sys.argv[1] if len(sys.argv) > 1 else "ledger.txt"
KEPT_SECONDS = "86400"
BODY_BYTES_MAX = 16 * 1024 * 1024
writing = threading.Lock()

CARD = {
    "id": "ledger",
    "version": "1.0.0",
    "description": "Keeps a ledger: transfers money, and counts.",
    "capabilities": [
        {
            "name": "transfer",
            "description": "Transfers an amount to somebody, after a person has agreed.",
            "inputSchema": {
                "type": "object",
                "properties": {"to": {"type": "string"}, "amount": {"type": "number"}},
                "required": ["to", "amount"],
            },
            "outputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
            "costUsd": 0.01,
            "latencyMs": 20,
            "effects": "external",
        },
        {
            "name": "count",
            "description": "Counts up to a number, one checkpoint a step.",
            "inputSchema": {"type": "object", "properties": {"upTo": {"type": "integer"}}, "required": ["upTo"]},
            "outputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
            "effects": "none",
        },
    ],
}


def ask_sidecar(method, path, body=None):
    """The agent's own sidecar keeps what has to outlive this process."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "dapr-api-token": os.environ["DAPR_API_TOKEN"]}
    request = urllib.request.Request(SIDECAR + path, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None


def find_kept(key):
    return ask_sidecar("GET", "/" + urllib.parse.quote(key, safe=""))


def keep(key, result):
    ask_sidecar("POST", "", [{"key": key, "value": result, "metadata": {"ttlInSeconds": KEPT_SECONDS}}])


def write_once(key, line):
    """The effect carries the step's key, so doing it again does nothing: a crash right after it is harmless."""
    with writing:
        known = open(LEDGER, encoding="utf-8").read() if os.path.exists(LEDGER) else ""
        if f"{key}\t" in known:
            return
        with open(LEDGER, "a", encoding="utf-8") as ledger:
            ledger.write(f"{key}\t{line}\n")
            ledger.flush()
            os.fsync(ledger.fileno())


def result(text):
    return {"type": "result", "output": {"text": text}, "citations": [], "confidence": 1}


def transfer(step, key, _send):
    decision = step["params"].get("approval")
    if decision is None:
        args = {"to": step["params"]["to"], "amount": step["params"]["amount"]}
        reason = f"{args['amount']} would go to {args['to']}"
        return {"type": "needs_approval", "reason": reason, "action": "transfer money", "args": args, "risk": "high"}
    if decision["decision"] != "approve":
        return result(f"Nothing was transferred: {decision['by']} said no.")
    args = decision["args"]
    write_once(key, f"{args['amount']} to {args['to']}")
    return result(f"Transferred {args['amount']} to {args['to']}, approved by {decision['by']}.")


def count(step, _key, send):
    done = (step.get("checkpoint") or {"done": 0})["done"]
    for number in range(done + 1, step["params"]["upTo"] + 1):
        send({"type": "progress", "message": f"counted {number}"})
        send({"type": "checkpoint", "state": {"done": number}})
    return result(f"Counted to {step['params']['upTo']}, from {done + 1} in this attempt.")


CAPABILITIES = {"transfer": transfer, "count": count}


class Agent(BaseHTTPRequestHandler):
    def do_GET(self):
        if not self.is_ours():
            return
        self.answer(200, CARD) if self.path == "/card" else self.answer(404, {"message": "no such route"})

    def do_POST(self):
        if not self.is_ours():
            return
        if self.path == "/cancel":
            self.answer(200, {"ok": True})
        elif self.path == "/execute":
            self.execute()
        else:
            self.answer(404, {"message": "no such route"})

    def execute(self):
        length = int(self.headers.get("content-length", "0"))
        if length > BODY_BYTES_MAX:
            self.answer(413, {"message": f"more than {BODY_BYTES_MAX} bytes"})
            return
        step = json.loads(self.rfile.read(length))
        tenant = (step.get("context") or {}).get("tenant", "")
        key = f"{tenant}/{self.headers['Idempotency-Key']}"
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.end_headers()
        try:
            kept = find_kept(key)
            if kept is None:
                work = CAPABILITIES.get(step["capability"])
                end = work(step, key, self.send_line) if work else error("unknown_capability", step["capability"], False)
                if end["type"] == "result":
                    keep(key, end)
            else:
                end = kept
        except (KeyError, TypeError) as cause:
            end = error("bad_params", repr(cause), False)
        except (OSError, urllib.error.URLError) as cause:
            end = error("unavailable", str(cause), True)
        self.send_line(end)

    def is_ours(self):
        if self.headers.get("dapr-api-token") == APP_TOKEN:
            return True
        self.answer(403, {"message": "only the sidecar of this agent may call it"})
        return False

    def send_line(self, event):
        self.wfile.write(json.dumps(event).encode() + b"\n")
        self.wfile.flush()

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        """One line a request would drown what matters."""


def error(code, message, is_retryable):
    return {"type": "error", "code": code, "message": message, "isRetryable": is_retryable}


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Agent).serve_forever()
