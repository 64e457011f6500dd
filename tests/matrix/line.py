"""The line between a program and its homeserver: passes requests on, remembers them, and fails as told."""
import http.client, http.server, socket, socketserver, struct, threading, time


class Rule:
    """What happens to the next `times` requests of `method` (None: any) with `part` in their path.
    kind: "answer" status, body and headers instead of the homeserver; "drop": hang up before it hears; "lose": hang up after;
    "break": hang up in the middle of its answer; "hold": until released, then on."""

    def __init__(self, kind, part, method=None, times=1, status=0, body="", headers=()):
        self.kind, self.part, self.method, self.left = kind, part, method, times
        self.status, self.body, self.headers = status, body.encode(), headers
        self.released, self.met = threading.Event(), 0


class Seen:
    def __init__(self, method, path, at):
        self.method, self.path, self.at = method, path, at


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def log_message(self, *_):
        pass

    def hang_up(self, reset=False):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def answer(self, status, body, headers=(), part=None):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if part is None else body[:part])

    def pass_on(self, body):
        """(status, body) of the homeserver, or None when there is none."""
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.line.to, timeout=120)
        try:
            upstream.request(self.command, self.path, body, headers)
            got = upstream.getresponse()
            return got.status, got.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            upstream.close()

    def serve(self):
        line = self.server.line
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        rule = line.begin(self.command, self.path)
        try:
            if rule and rule.kind == "answer":
                self.answer(rule.status, rule.body, rule.headers)
                return
            if rule and rule.kind == "drop":
                self.hang_up()
                return
            if rule and rule.kind == "hold":
                rule.released.wait(120)
            got = self.pass_on(body)
            if not got or (rule and rule.kind == "lose"):
                self.hang_up()
            elif rule and rule.kind == "break":
                self.answer(*got, part=len(got[1]) // 2)
                self.hang_up(reset=True)
            else:
                self.answer(*got)
        except OSError:
            self.close_connection = True
        finally:
            line.end()

    do_GET = do_PUT = do_POST = do_DELETE = serve


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 64

    def handle_error(self, *_):
        pass  # who hangs up on us may


class Line:
    def __init__(self, to, clock=time.monotonic):
        self.to, self.clock, self.lock = to, clock, threading.Lock()
        self.rules, self.seen, self.now, self.most = [], [], 0, 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.line, self.port = self, self.server.server_port
        self.base = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def fail(self, kind, part, **more):
        with self.lock:
            self.rules.append(Rule(kind, part, **more))
            return self.rules[-1]

    def heal(self):
        with self.lock:
            rules, self.rules = self.rules, []
        for rule in rules:
            rule.released.set()

    def begin(self, method, path):
        with self.lock:
            self.seen.append(Seen(method, path, self.clock()))
            self.now += 1
            self.most = max(self.most, self.now)
            for rule in self.rules:
                if rule.left and rule.part in path and rule.method in (None, method):
                    rule.left -= 1
                    rule.met += 1
                    return rule
        return None

    def end(self):
        with self.lock:
            self.now -= 1

    def calls(self, part, since=0):
        with self.lock:
            return [s for s in self.seen if part in s.path and s.at >= since]
