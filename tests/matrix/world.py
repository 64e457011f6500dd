"""A real homeserver (Synapse on SQLite), the real program on both ways to it, and people with nothing but an HTTP client. Loopback
only."""
import hashlib, hmac, json, mmap, os, shutil, signal, socket, sqlite3, struct, subprocess, sys, tempfile, threading, time
import urllib.error, urllib.parse, urllib.request

from line import Line

QUESTION = "How much does a lighthouse keeper earn?"
ANSWER = "41,000"
OTHER = "Which tools does a lighthouse keeper use?"
OTHER_ANSWER = "brushes"
GUIDE = """---
title: Lighthouse keeper
url: https://example.org/keeper
---
# Lighthouse keeper

## How much does a lighthouse keeper earn?

A lighthouse keeper earns **$41,000** a year.

## Which tools does a lighthouse keeper use?

A lighthouse keeper uses brushes, lamps and a telescope.
"""
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ["GUIDEPOST"]
SETTLE = 1.5  # how long we wait for what must not come
ALLOWED = "  allow_inviters: [\"@alice-*\", \"@bob-*\", \"@carol:*\"]\n"
LIMITED = json.dumps({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 2500})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(check, seconds, what):
    """Asks again and again until it is true; fails with `what` otherwise."""
    end = time.monotonic() + seconds
    while True:
        got = check()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.25)


def quote(s):
    return urllib.parse.quote(s, safe="")


class Failed(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


def call(base, method, path, token=None, body=None):
    request = urllib.request.Request(base + path, method=method)
    if token:
        request.add_header("Authorization", "Bearer " + token)
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as e:
        raise Failed(e.code, e.read().decode(errors="replace")) from None


class Homeserver:
    """Its name has a port, as far-away servers may, and needs no name service: @alice:127.0.0.1:8448."""

    def __init__(self, folder, registration=None):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.port, self.federation, self.process = folder, free_port(), free_port(), None
        self.base, self.name = f"http://127.0.0.1:{self.port}", f"127.0.0.1:{self.federation}"
        python = os.environ.get("SYNAPSE_PYTHON") or os.path.join(os.path.dirname(os.path.dirname(HERE)), "build/synapse/bin/python")
        if not os.access(python, os.X_OK):
            sys.exit("there is no Synapse at " + python + ": run ./dev deps test")
        self.python = python
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "9",
                        "-keyout", folder + "/tls.key", "-out", folder + "/tls.pem"], check=True, stderr=subprocess.DEVNULL)
        with open(folder + "/log.yaml", "w") as f:
            f.write("version: 1\nhandlers: {f: {class: logging.FileHandler, filename: %s/hs.log}}\n"
                    "root: {level: WARNING, handlers: [f]}\n" % folder)
        plenty = {"per_second": 1000, "burst_count": 1000}
        config = {
            "server_name": self.name, "report_stats": False, "use_presence": False,
            "listeners": [{"port": self.port, "tls": False, "type": "http", "bind_addresses": ["127.0.0.1"],
                           "resources": [{"names": ["client"], "compress": False}]},
                          {"port": self.federation, "tls": True, "type": "http", "bind_addresses": ["127.0.0.1"],
                           "resources": [{"names": ["federation"], "compress": False}]}],
            "tls_certificate_path": folder + "/tls.pem", "tls_private_key_path": folder + "/tls.key",
            "federation_verify_certificates": False, "ip_range_blacklist": [],
            "database": {"name": "sqlite3", "args": {"database": folder + "/hs.db"}},
            "log_config": folder + "/log.yaml", "media_store_path": folder + "/media",
            "signing_key_path": folder + "/signing.key", "macaroon_secret_key": "m", "form_secret": "f",
            "registration_shared_secret": "s", "enable_registration": True, "enable_registration_without_verification": True,
            "trusted_key_servers": [], "suppress_key_server_warning": True,
            "rc_registration": plenty, "rc_room_creation": plenty, "rc_login": {"address": plenty, "account": plenty, "failed_attempts": plenty},
            "rc_joins": {"local": plenty, "remote": plenty}, "rc_invites": {"per_room": plenty, "per_user": plenty, "per_issuer": plenty},
            # People may say a lot; a bot's limits are set for the test that is about them.
            "rc_message": plenty, "rc_reactions": plenty,
            "app_service_config_files": [registration] if registration else [],
        }
        with open(folder + "/hs.yaml", "w") as f:
            json.dump(config, f)  # YAML, too
        subprocess.run([python, "-m", "synapse.app.homeserver", "-c", folder + "/hs.yaml", "--generate-keys"],
                       check=True, stdout=subprocess.DEVNULL)

    def start(self):
        self.process = subprocess.Popen([self.python, "-m", "synapse.app.homeserver", "-c", self.folder + "/hs.yaml"],
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder + "/hs.err", "a"))

        def up():
            if self.process.poll() is not None:
                raise AssertionError("the homeserver ended: " + open(self.folder + "/hs.err").read()[-2000:])
            try:
                return call(self.base, "GET", "/_matrix/client/versions")
            except (OSError, Failed):
                return None
        return until(up, 90, "the homeserver does not answer")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.running():
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(30)

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def administrator(self):
        """The token of one, made as the manual says."""
        nonce = call(self.base, "GET", "/_synapse/admin/v1/register")["nonce"]
        mac = hmac.new(b"s", "\0".join([nonce, "admin", "correct horse", "admin"]).encode(), hashlib.sha1).hexdigest()
        return call(self.base, "POST", "/_synapse/admin/v1/register", body={
            "nonce": nonce, "username": "admin", "password": "correct horse", "admin": True, "mac": mac})["access_token"]


class Person:
    def __init__(self, hs, name):
        self.hs, self.n, self.password = hs, 0, "correct-horse-" + name
        got = call(hs.base, "POST", "/_matrix/client/v3/register", body={
            "username": name, "password": self.password, "auth": {"type": "m.login.dummy"}})
        self.user, self.token = got["user_id"], got["access_token"]

    def do(self, method, path, body=None):
        return call(self.hs.base, method, "/_matrix/client/v3" + path, self.token, body)

    def create(self, *invited, **more):
        return self.do("POST", "/createRoom", {"invite": list(invited), **more})["room_id"]

    def invite(self, room, user):
        self.do("POST", f"/rooms/{quote(room)}/invite", {"user_id": user})

    def join(self, room):
        self.do("POST", "/join/" + quote(room), {})

    def send(self, room, content, kind="m.room.message"):
        self.n += 1
        return self.do("PUT", f"/rooms/{quote(room)}/send/{kind}/p{time.time_ns()}-{self.n}", content)["event_id"]

    def say(self, room, text, **more):
        return self.send(room, {"msgtype": "m.text", "body": text, **more})

    def redact(self, room, event):
        self.n += 1
        self.do("PUT", f"/rooms/{quote(room)}/redact/{quote(event)}/r{time.time_ns()}-{self.n}", {})

    def events(self, room):
        """All of the room, oldest first."""
        events, token = [], None
        while True:
            got = self.do("GET", f"/rooms/{quote(room)}/messages?dir=b&limit=100" + (f"&from={quote(token)}" if token else ""))
            events += got["chunk"]
            token = got.get("end")
            if not token or not got["chunk"]:
                return events[::-1]

    def members(self, room):
        return set(self.do("GET", f"/rooms/{quote(room)}/joined_members")["joined"])

    def membership(self, room, user):
        return self.do("GET", f"/rooms/{quote(room)}/state/m.room.member/{quote(user)}")["membership"]


def mention(user):
    return {"m.mentions": {"user_ids": [user]}}


def thread(root):
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": True,
                             "m.in_reply_to": {"event_id": root}}}


class Clock:
    """Of the programs under test (fake/clock.c): it runs as ours does, and may be wound on, or set wrong."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(16))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 16)

    def now(self):
        return time.monotonic() + struct.unpack("qq", self.map[:])[0] / 1e9

    def advance(self, seconds):
        ahead, wrong = struct.unpack("qq", self.map[:])
        self.map[:] = struct.pack("qq", ahead + int(seconds * 1e9), wrong)

    def set_wrong(self, seconds):
        self.map[8:] = struct.pack("q", int(seconds * 1e9))

    def wind(self, seconds, speed=50):
        """Let that many seconds pass, `speed` times as fast as they do."""
        end = self.now() + seconds
        while self.now() < end:
            time.sleep(0.02)
            self.advance(0.02 * (speed - 1))


class Bot:
    def __init__(self, folder, clock):
        self.folder, self.clock = folder, clock
        self.port, self.process, self.log, self.begin = free_port(), None, folder + "/log", 0
        os.makedirs(folder + "/guides")
        with open(folder + "/guides/keeper.md", "w") as f:
            f.write(GUIDE)
        open(self.log, "w").close()
        asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.env = {**os.environ, "ASAN_OPTIONS": asan, "LD_PRELOAD": os.environ["GUIDEPOST_CLOCK"], "WOUND_CLOCK": clock.path}

    def configure(self, homeserver, rows):
        with open(self.folder + "/guidepost.yaml", "w") as f:
            f.write(f"listen: 127.0.0.1:{self.port}\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n"
                    f"synonyms: \"\"\nquestions: []\nmatrix:\n  homeserver: {homeserver}\n"
                    f"  display_name: Q&A Bot\n  retry_auth_s: 1\n{rows}")

    def start(self):
        self.begin = os.path.getsize(self.log)
        self.process = subprocess.Popen([PROGRAM, "serve", "-c", self.folder + "/guidepost.yaml"], cwd=self.folder, env=self.env,
                                        stdout=subprocess.DEVNULL, stderr=open(self.log, "a"))
        self.wait_said("listening")

    def said(self, *texts, always=False):
        with open(self.log) as f:
            f.seek(0 if always else self.begin)
            log = f.read()
        return any(t in log for t in texts)

    def tail(self, n=3000):
        return open(self.log).read()[-n:]

    def wait_said(self, *texts, seconds=60):
        def check():
            if self.process.poll() is not None:
                raise AssertionError("the program ended with %d: %s" % (self.process.returncode, self.tail()))
            return self.said(*texts)
        until(check, seconds, f"it never said {texts}: " + self.tail())

    def connect(self):
        self.start()
        self.wait_said("msg=connected", "msg=\"connected")

    def health(self):
        """What it tells who runs it."""
        with open(self.log) as f:
            f.seek(self.begin)
            address = [line for line in f if "what=admin_listen" in line][-1].split("addr=")[1].split()[0]
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as e:  # it is not ready: its words all the same
            return e.read().decode()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.running():
            self.process.terminate()
            code = self.process.wait(30)
            assert code == 0, f"it ended with {code}: " + self.tail()
        self.process = None

    def forget(self):
        shutil.rmtree(self.folder + "/data")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None


class Way:
    """One of the two ways to the homeserver: a program, the line between them, and people of its own."""

    def __init__(self, world, name):
        self.world, self.way, self.service = world, name, name == "service"
        self.bot = Bot(f"{world.folder}/{name}", world.clock)
        self.line, self.user = None, "qabot" if self.service else "reader"

    def register(self):
        """As an administrator does it; the path of the registration."""
        registration = f"{self.world.folder}/registration.yaml"
        self.bot.configure("http://127.0.0.1:1", f"  user: {self.user}\n")
        subprocess.run([PROGRAM, "matrix", "register", "-c", self.bot.folder + "/guidepost.yaml", "-o", registration,
                        "--url", f"http://127.0.0.1:{self.bot.port}"], check=True, cwd=self.bot.folder, stdout=subprocess.DEVNULL)
        assert os.stat(registration).st_mode & 0o777 == 0o600, "others may read the registration"
        return registration

    def arrive(self):
        hs = self.hs = self.world.hs
        self.line = Line(hs.port, self.world.clock.now)
        self.name = f"@{self.user}:{hs.name}"
        self.alice, self.bob = Person(hs, f"alice-{self.way}"), Person(hs, f"bob-{self.way}")
        if not self.service:
            self.account = Person(hs, self.user)
            self.secret("token", self.account.token)
        self.configure()

    def secret(self, name, value):
        with open(f"{self.bot.folder}/{name}", "w") as f:
            f.write(value + "\n")
        os.chmod(f"{self.bot.folder}/{name}", 0o600)

    def configure(self, more=None):
        more = self.world.rows if more is None else more
        own = f"  user: {self.user}\n" + ("" if self.service or "password_file" in more else "  bot_token_file: token\n")
        self.bot.configure(self.line.base, own + more)

    def restart_with(self, more):
        self.bot.stop()
        self.configure(more)
        self.bot.connect()

    def issue(self):
        """A new token of the account, as an administrator gets it."""
        return self.world.admin("POST", f"/_synapse/admin/v1/users/{quote(self.name)}/login", {})["access_token"]

    def doctor(self):
        done = subprocess.run([PROGRAM, "doctor", "-c", self.bot.folder + "/guidepost.yaml"], cwd=self.bot.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        token = open(self.bot.folder + ("/matrix-as-token" if self.service else "/token")).read().strip()
        assert token not in done.stdout
        return "\n".join(line for line in done.stdout.splitlines() if line.startswith("matrix"))

    # ---- rooms ----

    def direct(self):
        room = self.alice.create(self.name, is_direct=True, preset="trusted_private_chat")
        self.wait_joined(room)
        return room

    def room_of_three(self):
        room = self.alice.create(self.name, self.bob.user)
        self.bob.join(room)
        self.wait_joined(room)
        return room

    def wait_joined(self, room):
        until(lambda: self.name in self.alice.members(room), 60, "it did not join")

    def ask(self, room, person=None, text=QUESTION):
        return (person or self.alice).say(room, f"{self.user}: {text}", **mention(self.name))

    # ---- what the bot knows ----

    def state(self, sql, *values):
        with sqlite3.connect(f"file:{self.bot.folder}/data/state.db?mode=ro", uri=True) as db:
            return [row[0] for row in db.execute(sql, values)]

    def taken(self, event):
        return self.state("SELECT 1 FROM inbox WHERE identity = ?", event)

    # ---- what the bot has said in a room ----

    def ours(self, room, person=None):
        return [e for e in (person or self.alice).events(room)
                if e["sender"] == self.name and e["type"] == "m.room.message" and e["content"]]

    def answers(self, room, question, person=None):
        def is_to(e):
            relates = e["content"].get("m.relates_to", {})
            return relates.get("m.in_reply_to", {}).get("event_id") == question
        return [e for e in self.ours(room, person) if is_to(e)]

    def answer(self, room, question, text=ANSWER, seconds=60, person=None):
        got = until(lambda: self.answers(room, question, person), seconds, "no answer to " + question)
        assert len(got) == 1, f"{len(got)} answers"
        assert text in got[0]["content"]["body"], got[0]["content"]["body"]
        return got[0]

    def expect_each_once(self, room, questions, seconds=90, settle=SETTLE):
        """Answered, once, in the order in which they were asked."""
        for q in questions:
            self.answer(room, q, ANSWER, seconds)
        time.sleep(settle)
        for q in questions:
            assert len(self.answers(room, q)) == 1, "answered twice"
        places = [e["event_id"] for q in questions for e in self.answers(room, q)]
        order = [e["event_id"] for e in self.ours(room) if e["event_id"] in places]
        assert places == order, "not in the order in which they were asked"


class World:
    """One homeserver, and both ways to it."""

    def __init__(self, ways, rows=""):
        self.rows, self.people, self.root = rows, {}, None
        # In memory where there is some: what is killed here is processes, and a disk that syncs is most of the time.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 1 << 30 else None
        self.folder = tempfile.mkdtemp(prefix="guidepost-matrix-", dir=memory)
        self.clock = Clock(self.folder + "/clock")
        self.far = None
        service = Way(self, "service")
        self.hs = Homeserver(self.folder + "/hs", service.register())
        print("# homeserver:", self.hs.start()["versions"][-1], flush=True)
        self.ways = [w for w in (service, Way(self, "sync")) if w.way in ways]
        self.each(lambda w: w.arrive())
        self.each(lambda w: w.bot.connect())

    def each(self, fn):
        """On both ways at the same time; the results."""
        results, errors = {}, []

        def one(w):
            try:
                results[w.way] = fn(w)
            except BaseException as e:
                e.add_note(f"on the way: {w.way}") if hasattr(e, "add_note") else None
                errors.append(e)
        threads = [threading.Thread(target=one, args=(w,)) for w in self.ways]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if errors:
            raise errors[0]
        return results

    def far_away(self):
        """Another homeserver, and a person on it."""
        if not self.far:
            self.far = Homeserver(self.folder + "/far")
            self.far.start()
        return self.person(self.far, "carol")

    def person(self, hs, name):
        if name not in self.people:
            self.people[name] = Person(hs, name)
        return self.people[name]

    def admin(self, method, path, body):
        self.root = self.root or self.hs.administrator()
        return call(self.hs.base, method, path, self.root, body)

    def mend(self):
        """After a test that failed: as the next one expects it."""
        if not self.hs.running():
            self.hs.start()
        self.hs.thaw()
        for w in self.ways:
            w.line.heal()
            w.line.to = self.hs.port
            w.configure()
            if not w.bot.running():
                w.bot.start()

    def end(self, keep):
        for w in self.ways:
            w.bot.stop()
            w.line.stop()
        self.hs.stop()
        if self.far:
            self.far.stop()
        if keep:
            print("# left for you to look at:", self.folder, flush=True)
        else:
            shutil.rmtree(self.folder)
