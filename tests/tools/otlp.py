"""A collector for tests: says in lines of JSON what it is sent, after a look at whether the official schema knows it, and behaves as the lines say that it reads.

It reads: accept; refuse CODE; hang, which takes everything and answers nothing. It ends with its input.
"""

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SCHEMAS = {"/v1/traces": ExportTraceServiceRequest, "/v1/logs": ExportLogsServiceRequest}
IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
behaviour = ["accept"]
going_on = threading.Event()
one_at_a_time = threading.Lock()


def say(**what):
    with one_at_a_time:
        print(json.dumps(what), flush=True)


def as_protobuf_has_it(value):
    """The one difference between OTLP's JSON and that of protobuf: ids are in hexadecimal, not in base64."""
    if isinstance(value, list):
        return [as_protobuf_has_it(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {name: as_protobuf_has_it(one) for name, one in value.items()}
    for name, length in IDS.items():
        if name in value:
            raw = bytes.fromhex(value[name])
            if len(raw) != length or not any(raw) or value[name] != value[name].lower():
                raise ValueError(f"{name} is {value[name]!r}")
            changed[name] = base64.b64encode(raw).decode()
    return changed


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if behaviour[0] == "hang":
            say(hung=self.path)
            going_on.wait()
            return
        status = int(behaviour[1]) if behaviour[0] == "refuse" else 200
        told = {"path": self.path, "headers": dict(self.headers), "status": status}
        try:
            if self.headers["content-type"] != "application/json":
                raise ValueError("not JSON")
            told["body"] = json.loads(body)
            json_format.ParseDict(as_protobuf_has_it(told["body"]), SCHEMAS[self.path]())
        except (json_format.ParseError, ValueError, KeyError) as error:
            told["wrong"] = repr(error)
        say(**told)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_port)
for line in sys.stdin:
    behaviour = line.split()
    if behaviour[0] != "hang":
        going_on.set()
    say(behaves=behaviour)
