"""What they see while the program, or the line to it, is touched: one after another, both ways beside each other."""
import subprocess, time

from room_cases import greeted, same_name_each_time
from world import ALLOWED, ANSWER, PROGRAM, QUESTION, SETTLE, call, quote, thread, until


def the_doctor_finds_nothing_wrong_and_tells_no_secret(w):
    said = w.doctor()
    assert "we are " + w.name in said and "wrong" not in said, said
    assert not w.service or "the homeserver reaches us" in said, said


def the_first_time_what_was_said_before_is_left_alone(w):
    """Without a memory of its own."""
    room = w.direct()
    old = [w.alice.say(room, QUESTION) for _ in range(2)]
    for q in old:
        w.answer(room, q)
    w.bot.stop()
    w.bot.forget()
    asked = [w.alice.say(room, QUESTION) for _ in range(4)] if not w.service else []
    for _ in range(2):
        w.bot.connect()
        time.sleep(SETTLE)
        w.bot.stop()
    w.bot.start()
    w.alice.invite(room, w.bob.user)
    w.bob.join(room)
    w.answer(room, w.ask(room, w.bob))
    for q in old:
        assert len(w.answers(room, q)) == 1, "answered once more"
    for q in asked:
        assert not w.answers(room, q), "answered what was said before its time"


def a_question_behind_much_talk_is_found(w):
    room = w.room_of_three()
    w.bot.stop()
    q = w.ask(room)
    for i in range(35):
        w.alice.say(room, f"talk {i}")
        w.bob.say(room, f"more talk {i}")
    last = w.ask(room, w.bob)
    w.bot.start()
    w.expect_each_once(room, [q, last])


def three_questions_asked_while_it_was_down_are_answered_once(w):
    room = w.direct()
    w.bot.stop()
    questions = [w.alice.say(room, QUESTION) for _ in range(3)]
    time.sleep(1)
    w.bot.start()
    w.expect_each_once(room, questions)


def killed_again_and_again_it_answers_each_question_once(w):
    """Three times in a row: what is found open oftener may be what kills it, and is answered with an apology."""
    room = w.room_of_three()
    questions = []
    for i in range(6):
        questions.append(w.ask(room, w.bob if i % 2 else w.alice))
        time.sleep(0.04 * i)
        w.bot.kill()
        w.bot.start()
        if i % 3 == 2:
            w.expect_each_once(room, questions)


def the_limits_of_a_plain_account_are_kept(w):
    """Synapse's own, on its own account; a service has none."""
    if w.service:
        return
    room = greeted(w, w.room_of_three())
    limit = f"/_synapse/admin/v1/users/{quote(w.name)}/override_ratelimit"
    w.world.admin("POST", limit, {"messages_per_second": 1, "burst_count": 1})
    since = w.world.clock.now()
    w.expect_each_once(room, [w.ask(room, w.bob if i % 2 else w.alice) for i in range(5)])
    w.world.admin("POST", limit, {"messages_per_second": 0, "burst_count": 0})  # as our manual says
    assert any(len(at) > 1 for at in same_name_each_time(w, since, room).values()), "it was never told to wait"


def a_wrong_token_is_said_and_a_right_one_is_taken_without_a_restart(w):
    room = w.direct()
    path = w.bot.folder + ("/matrix-as-token" if w.service else "/token")
    w.bot.stop()
    right = open(path).read()
    with open(path, "w") as f:
        f.write("wrong\n")
    w.bot.start()
    w.bot.wait_said("does not let us in")
    q = w.alice.say(room, QUESTION)
    assert "does not know our token" in w.doctor() and "M_UNKNOWN_TOKEN" in w.bot.health(), w.doctor() + w.bot.health()
    with open(path, "w") as f:
        f.write(right)
    w.expect_each_once(room, [q])
    assert right.strip() not in open(w.bot.log).read(), "a token is in the log"


def a_wrong_hs_token_is_said_and_a_right_one_is_taken_without_a_restart(w):
    """What the homeserver shows to us; a plain account is shown nothing."""
    if not w.service:
        return
    room, path = w.direct(), w.bot.folder + "/matrix-hs-token"
    w.bot.stop()
    right = open(path).read()
    with open(path, "w") as f:
        f.write("wrong\n")
    w.bot.start()
    w.bot.wait_said("the homeserver does not reach us")
    assert w.bot.said("M_BAD_STATUS")
    q = w.alice.say(room, QUESTION)
    w.bot.wait_said("refused a request of a homeserver")
    assert "the homeserver does not reach us" in w.bot.health(), w.bot.health()
    assert "refused it" in w.doctor(), w.doctor()
    with open(path, "w") as f:
        f.write(right)
    w.bot.wait_said("the homeserver reaches us")
    w.expect_each_once(room, [q])


def with_a_password_it_logs_in_once_and_keeps_the_token(w):
    if w.service:
        return
    room = w.direct()
    w.secret("password", w.account.password)
    w.restart_with("  password_file: password\n")
    w.expect_each_once(room, [w.alice.say(room, QUESTION)])
    w.bot.stop()
    w.bot.connect()
    w.expect_each_once(room, [w.alice.say(room, QUESTION)])
    assert len([c for c in w.line.calls("/v3/login") if c.method == "POST"]) == 1, "it logged in again"
    devices = w.account.do("GET", "/devices")["devices"]
    assert [d["device_id"] for d in devices].count("GUIDEPOST") == 1, devices
    assert "we are " + w.name in w.doctor()
    assert w.account.password not in open(w.bot.log).read(), "the password is in the log"
    # Somebody signs it out: it logs in once more, as the same device.
    w.account.do("POST", "/logout/all", {})
    w.expect_each_once(room, [w.alice.say(room, QUESTION)])
    w.bot.stop()
    w.secret("password", "wrong")
    w.bot.forget()
    w.bot.start()
    w.bot.wait_said("does not let us in")
    q = w.alice.say(room, QUESTION)
    w.secret("password", w.account.password)
    w.bot.wait_said("msg=connected", "msg=\"connected")
    w.expect_each_once(room, [w.alice.say(room, QUESTION)])
    assert not w.answers(room, q), "it was said before the first time"
    w.secret("token", w.issue())
    w.restart_with(ALLOWED)


class Visitor:
    """A web chat, over HTTP."""

    def __init__(self, w):
        self.w, self.n = w, 0
        self.token = self.post("/v1/hello", {"t": "hello", "v": 1})["ready"]["tok"]

    def post(self, path, body, token=None):
        return call(f"http://127.0.0.1:{self.w.bot.port}", "POST", path, token, body)

    def does(self, **frame):
        self.n += 1
        self.post("/v1/messages", {"cid": f"cid-{self.n}", **frame}, self.token)

    def events(self):
        return call(f"http://127.0.0.1:{self.w.bot.port}", "GET", "/v1/events?after=0&wait=0", self.token)["events"]

    def heard(self):
        return [e["text"] for e in self.events() if e["t"] == "msg" and e["from"] == "staff"]


def a_reply_in_the_staffs_room_reaches_the_web_chat(w):
    room = w.room_of_three()
    w.restart_with(ALLOWED + f'staff:\n  room: "matrix:{room}"\n  names: ["{w.bob.user}=Bob"]\n')
    visitor = Visitor(w)
    visitor.does(t="ask", text=QUESTION)
    visitor.does(t="handoff", want="live")

    def roots():
        return [e for e in w.ours(room) if "Asks for a person" in e["content"]["body"]]
    root = until(roots, 60, "there is no thread")[0]
    assert QUESTION in root["content"]["body"] and ANSWER in root["content"]["body"], root
    root = root["event_id"]
    w.bob.say(room, "Good morning!", **thread(root))
    until(lambda: visitor.heard() == ["Good morning!"], 60, "the reply did not arrive")
    assert [e["who"] for e in visitor.events() if e.get("state") == "active"] == ["Bob"]
    visitor.does(t="ask", text="And at night?")

    def passed_on():
        return [e for e in w.ours(room) if "And at night?" in e["content"]["body"]]
    until(passed_on, 60, "what the visitor said did not arrive")
    assert passed_on()[0]["content"]["m.relates_to"]["event_id"] == root
    w.bot.kill()
    w.bob.say(room, "At night, too.", **thread(root))
    w.bot.connect()
    until(lambda: visitor.heard()[1:] == ["At night, too."], 90, "what was said meanwhile did not arrive")
    w.bob.say(room, "!close", **thread(root))
    until(lambda: visitor.events()[-1].get("state") == "ended", 60, "it did not end")
    time.sleep(SETTLE)
    assert visitor.heard() == ["Good morning!", "At night, too."] and len(passed_on()) == len(roots()) == 1
    w.restart_with(ALLOWED)


class Editor:
    """Somebody of the staff, as a program with a key."""

    def __init__(self, w):
        self.w = w
        self.command("user", "add", "--role", "editor", "eda", says="a long password of hers\n")
        self.token = self.command("token", "add", "--user", "eda", "--scope", "read,tickets,answers", "test").split()[-1]

    def command(self, *words, says=""):
        return subprocess.run([PROGRAM, words[0], words[1], "-c", self.w.bot.folder + "/guidepost.yaml", *words[2:]], input=says,
                              cwd=self.w.bot.folder, stdout=subprocess.PIPE, text=True, check=True).stdout

    def call(self, method, what, body=None):
        return call(f"http://127.0.0.1:{self.w.bot.port}", method, "/staff/api/" + what, self.token, body)

    def job(self, what, body):
        job = self.call("POST", what, body)["job"]

        def over():
            report = self.call("GET", f"job?id={job}")
            return report if report["state"] not in ("waiting", "running") else None
        report = until(over, 60, what + " does not end")
        assert report["state"] == "done", report
        return report["result"]


def an_answer_written_in_the_console_answers_the_next_asker(w):
    room, question = w.direct(), "Where is the spare fog horn?"
    w.answer(room, w.alice.say(room, question), "I don't know")
    eda = Editor(w)
    draft = {"kind": "answer", "entry": {"question": question, "answer": "In the **boat house**, on the left."}}
    preview = eda.job("preview", draft)
    assert [c["question"] for c in preview["changes"] if c["verdict"] == "better"] == [question], preview
    assert eda.job("save", {**draft, "digest": preview["digest"]})["live"]
    w.answer(room, w.alice.say(room, question), "boat house")


ALONE = [the_doctor_finds_nothing_wrong_and_tells_no_secret,
         the_limits_of_a_plain_account_are_kept,
         three_questions_asked_while_it_was_down_are_answered_once,
         a_question_behind_much_talk_is_found,
         killed_again_and_again_it_answers_each_question_once,
         a_wrong_token_is_said_and_a_right_one_is_taken_without_a_restart,
         a_wrong_hs_token_is_said_and_a_right_one_is_taken_without_a_restart,
         the_first_time_what_was_said_before_is_left_alone,
         a_reply_in_the_staffs_room_reaches_the_web_chat,
         an_answer_written_in_the_console_answers_the_next_asker,
         with_a_password_it_logs_in_once_and_keeps_the_token]
