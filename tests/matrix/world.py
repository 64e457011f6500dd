"""A real homeserver (Synapse on SQLite), the real program, and people with nothing but an HTTP client. Loopback only."""
import json, os, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

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
        time.sleep(0.15)


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
    def __init__(self, folder, registration=None):
        self.folder, self.port, self.process = folder, free_port(), None
        self.base = f"http://127.0.0.1:{self.port}"
        python = os.environ.get("SYNAPSE_PYTHON") or os.path.join(os.path.dirname(os.path.dirname(HERE)), "build/synapse/bin/python")
        if not os.access(python, os.X_OK):
            sys.exit("there is no Synapse at " + python + ": run ./dev deps test")
        self.python = python
        with open(folder + "/log.yaml", "w") as f:
            f.write("version: 1\nhandlers: {f: {class: logging.FileHandler, filename: %s/hs.log}}\n"
                    "root: {level: WARNING, handlers: [f]}\n" % folder)
        config = {
            "server_name": "hs.test", "report_stats": False, "use_presence": False,
            "listeners": [{"port": self.port, "tls": False, "type": "http", "bind_addresses": ["127.0.0.1"],
                           "resources": [{"names": ["client"], "compress": False}]}],
            "database": {"name": "sqlite3", "args": {"database": folder + "/hs.db"}},
            "log_config": folder + "/log.yaml", "media_store_path": folder + "/media",
            "signing_key_path": folder + "/signing.key", "macaroon_secret_key": "m", "form_secret": "f",
            "enable_registration": True, "enable_registration_without_verification": True,
            "trusted_key_servers": [], "suppress_key_server_warning": True,
            "rc_registration": {"per_second": 1000, "burst_count": 1000},
            "rc_room_creation": {"per_second": 1000, "burst_count": 1000},
            "rc_login": {"address": {"per_second": 1000, "burst_count": 1000}},
            "rc_joins": {"local": {"per_second": 1000, "burst_count": 1000}},
            "rc_invites": {"per_room": {"per_second": 1000, "burst_count": 1000},
                           "per_user": {"per_second": 1000, "burst_count": 1000}},
            # A person may say a lot; the plain bot account meets the limit in its own test.
            "rc_message": {"per_second": 2, "burst_count": 40},
            "rc_reactions": {"per_second": 1000, "burst_count": 1000},
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

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def restart(self):
        self.stop()
        self.start()


class Person:
    def __init__(self, hs, name):
        self.hs, self.n = hs, 0
        try:
            got = call(hs.base, "POST", "/_matrix/client/v3/register", body={
                "username": name, "password": "correct horse " + name, "auth": {"type": "m.login.dummy"}})
        except Failed as e:
            if "M_USER_IN_USE" not in e.body:
                raise
            got = call(hs.base, "POST", "/_matrix/client/v3/login", body={
                "type": "m.login.password", "identifier": {"type": "m.id.user", "user": name},
                "password": "correct horse " + name})
        self.user, self.token = got["user_id"], got["access_token"]

    def do(self, method, path, body=None):
        for _ in range(60):  # a person waits when told so
            try:
                return call(self.hs.base, method, "/_matrix/client/v3" + path, self.token, body)
            except Failed as e:
                if e.status != 429:
                    raise
                time.sleep(json.loads(e.body).get("retry_after_ms", 500) / 1000)
        raise AssertionError("told to wait for ever")

    def create(self, *invited, **more):
        return self.do("POST", "/createRoom", {"invite": list(invited), **more})["room_id"]

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


def mention(user):
    return {"m.mentions": {"user_ids": [user]}}


def thread(root):
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": True,
                             "m.in_reply_to": {"event_id": root}}}


class Bot:
    def __init__(self, folder, hs, service):
        self.folder, self.hs, self.service = folder, hs, service
        self.port, self.process, self.log = free_port(), None, folder + "/log"
        os.makedirs(folder + "/guides")
        with open(folder + "/guides/keeper.md", "w") as f:
            f.write(GUIDE)
        open(self.log, "w").close()

    def configure(self, homeserver, token_file="\"\"", more=""):
        with open(self.folder + "/guidepost.yaml", "w") as f:
            f.write(f"listen: 127.0.0.1:{self.port}\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n"
                    f"synonyms: \"\"\nquestions: []\nmatrix:\n  homeserver: {homeserver}\n  bot_token_file: {token_file}\n"
                    f"  display_name: Q&A Bot\n  retry_auth_s: 1\n{more}")

    def start(self):
        self.begin = os.path.getsize(self.log)
        self.process = subprocess.Popen([PROGRAM, "serve", "-c", self.folder + "/guidepost.yaml"], cwd=self.folder,
                                        stdout=subprocess.DEVNULL, stderr=open(self.log, "a"))
        self.wait_said("msg=\"listening\"", "msg=listening")

    def said(self, *texts):
        with open(self.log) as f:
            f.seek(self.begin)
            log = f.read()
        return any(t in log for t in texts)

    def wait_said(self, *texts, seconds=40):
        def check():
            if self.process.poll() is not None:
                raise AssertionError("the program ended with %d: %s" % (self.process.returncode, open(self.log).read()[-3000:]))
            return self.said(*texts)
        until(check, seconds, f"it never said {texts}: " + open(self.log).read()[-3000:])

    def wait_connected(self):
        self.wait_said("msg=\"connected\"", "msg=connected")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            code = self.process.wait(30)
            assert code == 0, f"it ended with {code}: " + open(self.log).read()[-3000:]
        self.process = None

    def forget(self):
        shutil.rmtree(self.folder + "/data")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None


class World:
    """One homeserver, one program, alice and bob."""

    def __init__(self, service):
        self.folder = tempfile.mkdtemp(prefix="guidepost-matrix-")
        self.service = service
        os.makedirs(self.folder + "/bot")
        os.makedirs(self.folder + "/hs")
        self.bot = Bot(self.folder + "/bot", None, service)
        registration = None
        if service:
            registration = self.folder + "/hs/bot.yaml"
            self.bot.configure("http://127.0.0.1:1")
            subprocess.run([PROGRAM, "matrix", "register", "-c", self.bot.folder + "/guidepost.yaml", "-o", registration,
                            "--url", f"http://127.0.0.1:{self.bot.port}"], check=True, cwd=self.bot.folder,
                           stdout=subprocess.DEVNULL)
            assert os.stat(registration).st_mode & 0o777 == 0o600, "others may read the registration"
        self.hs = self.bot.hs = Homeserver(self.folder + "/hs", registration)
        versions = self.hs.start()
        print("# homeserver:", versions["versions"][-1], flush=True)
        self.alice, self.bob = Person(self.hs, "alice"), Person(self.hs, "bob")
        self.name = "@qabot:hs.test"
        if not service:
            account = Person(self.hs, "qabot")
            with open(self.bot.folder + "/token", "w") as f:
                f.write(account.token + "\n")
            os.chmod(self.bot.folder + "/token", 0o600)
            self.account = account
        self.configure()

    def configure(self, more="", homeserver=None):
        self.bot.configure(homeserver or self.hs.base, "\"\"" if self.service else "token", more)

    def end(self, keep):
        self.bot.stop()
        self.hs.stop()
        if keep:
            print("# left for you to look at:", self.folder, flush=True)
        else:
            shutil.rmtree(self.folder)

    def bob_asks(self, room):
        self.alice.do("POST", f"/rooms/{quote(room)}/invite", {"user_id": self.bob.user})
        self.bob.join(room)
        return self.bob.say(room, "qabot: " + QUESTION, **mention(self.name))

    def doctor(self):
        done = subprocess.run([PROGRAM, "doctor", "-c", self.bot.folder + "/guidepost.yaml"], cwd=self.bot.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        token = open(self.bot.folder + ("/matrix-as-token" if self.service else "/token")).read().strip()
        assert token not in done.stdout
        return "\n".join(line for line in done.stdout.splitlines() if line.startswith("matrix"))

    # ---- what the bot knows ----

    def state(self, sql, *values):
        with sqlite3.connect(f"file:{self.bot.folder}/data/state.db?mode=ro", uri=True) as db:
            return [row[0] for row in db.execute(sql, values)]

    def taken(self, event):
        return self.state("SELECT 1 FROM inbox WHERE identity = ?", event)

    # ---- what the bot has said in a room ----

    def ours(self, room):
        return [e for e in self.alice.events(room) if e["sender"] == self.name and e["type"] == "m.room.message" and e["content"]]

    def answers(self, room, question):
        def is_to(e):
            relates = e["content"].get("m.relates_to", {})
            return relates.get("m.in_reply_to", {}).get("event_id") == question
        return [e for e in self.ours(room) if is_to(e)]

    def answer(self, room, question, text, seconds=30):
        got = until(lambda: self.answers(room, question), seconds, "no answer to " + question)
        assert len(got) == 1, f"{len(got)} answers"
        assert text in got[0]["content"]["body"], got[0]["content"]["body"]
        return got[0]

    def wait_joined(self, room):
        until(lambda: self.name in self.alice.members(room), 30, "it did not join")
