"""What people see, on a real Synapse, as an application service and as a plain account; a room is read back with the asker's
token.   usage: synapse_test.py [NAME...]     a way ("service", "sync") or a test; nothing: all of it

    ROOM    in a room of its own, all of them at the same time
    ALONE   the program, or the line to it, is touched: one after another, both ways beside each other
    WORLD   the homeserver or the clock is: both ways at once"""
import concurrent.futures, json, signal, subprocess, sys, threading, time, traceback

from world import ANSWER, OTHER, OTHER_ANSWER, PROGRAM, QUESTION, SETTLE, World, call, mention, quote, thread, until

ALLOWED = "  allow_inviters: [\"@alice-*\", \"@bob-*\", \"@carol:*\"]\n"
LIMITED = json.dumps({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 2500})


# ---- in rooms ----


def an_invitation_is_accepted_and_greeted(w):
    room = w.direct()
    until(lambda: any("Hello" in e["content"]["body"] for e in w.ours(room)), 30, "no greeting")


def a_direct_question_needs_no_mention_and_is_answered_with_a_notice(w):
    room = w.direct()
    c = w.answer(room, w.alice.say(room, QUESTION))["content"]
    assert c["msgtype"] == "m.notice" and c["m.mentions"] == {}, c
    assert "<strong>$41,000</strong>" in c["formatted_body"] and "https://example.org/keeper" in c["body"], c
    assert "rel_type" not in c["m.relates_to"]
    assert w.line.calls("/rooms/" + quote(room) + "/receipt/m.read/"), "it did not show that it has read"
    until(lambda: len(w.line.calls("/rooms/" + quote(room) + "/typing/")) >= 2, 20, "it did not show that it writes, and has written")


def in_a_room_only_what_is_for_us_is_answered_and_in_a_thread(w):
    room = w.room_of_three()
    idle = [w.alice.say(room, QUESTION), w.bob.say(room, "hello all"),
            w.alice.say(room, w.user + ": " + QUESTION, **{"m.mentions": {}}),
            w.alice.say(room, w.user + "tic " + QUESTION),
            w.alice.say(room, f"see https://{w.user}.example/x", **{"m.mentions": {}}),
            w.bob.say(room, f"> <{w.name}> {QUESTION}\n\nno idea", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$gone"}}}),
            w.alice.send(room, {"msgtype": "m.notice", "body": w.user + ": " + QUESTION, **mention(w.name)})]
    q = w.alice.say(room, "Q&A Bot: " + QUESTION, **mention(w.name))
    old = w.bob.say(room, w.user + ": " + OTHER)
    command = w.bob.say(room, "!ask " + OTHER)
    a = w.answer(room, q)
    assert a["content"]["m.relates_to"]["rel_type"] == "m.thread"
    assert a["content"]["m.relates_to"]["event_id"] == q
    w.answer(room, old, OTHER_ANSWER)
    w.answer(room, command, OTHER_ANSWER)
    follow = w.alice.say(room, OTHER, **thread(q))
    b = w.answer(room, follow, OTHER_ANSWER)
    assert b["content"]["m.relates_to"]["event_id"] == q
    back = w.bob.say(room, f"> <{w.name}> x\n\n" + QUESTION,
                     **{"m.relates_to": {"m.in_reply_to": {"event_id": a["event_id"]}}})
    w.answer(room, back)
    time.sleep(SETTLE)
    for event in idle:
        assert not w.answers(room, event), "it answered what was not for it"


def an_edit_changes_the_answer_and_a_redaction_removes_it(w):
    room = w.direct()
    q = w.alice.say(room, QUESTION)
    a = w.answer(room, q)
    w.alice.send(room, {"msgtype": "m.text", "body": "* " + OTHER,
                        "m.new_content": {"msgtype": "m.text", "body": OTHER},
                        "m.relates_to": {"rel_type": "m.replace", "event_id": q}})

    def replaced():
        return [e for e in w.ours(room) if e["content"].get("m.relates_to", {}).get("rel_type") == "m.replace"]
    new = until(replaced, 30, "the answer was not changed")[0]["content"]
    assert new["m.relates_to"]["event_id"] == a["event_id"]
    assert OTHER_ANSWER in new["m.new_content"]["body"]
    time.sleep(SETTLE)
    assert len(replaced()) == 1
    w.alice.redact(room, q)
    until(lambda: not any(e["event_id"] == a["event_id"] for e in w.ours(room)), 30, "the answer is still there")


def an_edit_that_makes_a_message_a_question_is_not_answered(w):
    room = w.room_of_three()
    said = w.alice.say(room, QUESTION)
    w.alice.send(room, {"msgtype": "m.text", "body": "* " + w.user + ": " + QUESTION, **mention(w.name),
                        "m.new_content": {"msgtype": "m.text", "body": w.user + ": " + QUESTION, **mention(w.name)},
                        "m.relates_to": {"rel_type": "m.replace", "event_id": said}})
    w.answer(room, w.ask(room))
    assert len([e for e in w.ours(room) if ANSWER in e["content"]["body"]]) == 1


def a_thumb_is_a_vote_and_the_last_one_that_is_left_counts(w):
    room = w.direct()
    a = w.answer(room, w.alice.say(room, QUESTION))

    def react(key):
        return w.alice.send(room, {"m.relates_to": {"rel_type": "m.annotation", "event_id": a["event_id"], "key": key}}, "m.reaction")

    def votes():
        return w.state("SELECT v FROM votes WHERE turn = ?", int(a["content"]["guidepost.answer"]["id"]))
    react("\U0001F44D")
    until(lambda: votes() == [1], 30, "no vote")
    react("\U0001F44D\uFE0F")
    down = react("\U0001F44E")
    until(lambda: votes() == [-1], 30, "the vote was not changed")
    w.alice.redact(room, down)
    until(lambda: votes() == [1], 30, "the vote was not taken back")


def a_suggestion_is_asked_by_its_number(w):
    room = w.direct()
    got = until(lambda q=w.alice.say(room, "lighthouse keeper"): w.answers(room, q), 30, "no answer")[0]["content"]["body"]
    numbered = [line for line in got.splitlines() if line.startswith("1. ")]
    assert numbered, got
    text = ANSWER if "earn" in numbered[0] else OTHER_ANSWER
    w.answer(room, w.alice.say(room, "1"), text)


def thrown_out_it_is_silent_and_invited_again_it_answers(w):
    room = w.room_of_three()
    w.alice.do("POST", f"/rooms/{quote(room)}/kick", {"user_id": w.name})
    time.sleep(1)
    w.alice.invite(room, w.name)
    w.wait_joined(room)
    w.answer(room, w.ask(room))


def an_encrypted_room_gets_one_notice(w):
    encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    room, later = w.alice.create(w.name, is_direct=True, initial_state=[encryption]), w.direct()
    w.wait_joined(room)
    w.answer(later, w.alice.say(later, QUESTION))
    before = len(w.ours(later))
    w.alice.do("PUT", f"/rooms/{quote(later)}/state/m.room.encryption", encryption["content"])
    for _ in range(3):
        for place in (room, later):
            w.alice.send(place, {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "x",
                                 "device_id": "X", "session_id": "x"}, "m.room.encrypted")
    until(lambda: w.ours(room) and len(w.ours(later)) > before, 30, "no notice")
    time.sleep(SETTLE)
    said, more = w.ours(room), w.ours(later)[before:]
    assert len(said) == 1 and "encrypted" in said[0]["content"]["body"], said
    assert len(more) == 1 and "encrypted" in more[0]["content"]["body"], more


def a_room_that_moves_is_followed(w):
    room = w.alice.create(w.name, preset="public_chat")
    w.wait_joined(room)
    new = w.alice.do("POST", f"/rooms/{quote(room)}/upgrade", {"new_version": "11"})["replacement_room"]
    w.wait_joined(new)
    w.answer(new, w.alice.say(new, QUESTION))


def a_room_whose_name_has_no_server_is_as_good_as_any(w):
    versions = w.alice.do("GET", "/capabilities")["capabilities"]["m.room_versions"]["available"]
    room = w.alice.create(w.name, is_direct=True, room_version="12" if "12" in versions else "11")
    assert "12" not in versions or ":" not in room, room
    w.wait_joined(room)
    w.answer(room, w.alice.say(room, QUESTION))


def who_may_not_invite_is_declined_near_and_far(w):
    with FAR:
        carol = w.world.far_away()
        dave, eve = w.world.person(w.world.far, f"dave-{w.way}"), w.world.person(w.hs, f"eve-{w.way}")
    near, far, welcome = eve.create(w.name), dave.create(w.name), carol.create(w.name, is_direct=True)
    for person, room in ((eve, near), (dave, far)):
        until(lambda: person.membership(room, w.name) == "leave", 40, f"the invitation of {person.user} is still open")
    until(lambda: w.name in carol.members(welcome), 40, "it did not join a room far away")
    w.answer(welcome, carol.say(welcome, QUESTION), person=carol)


def what_was_said_before_it_came_is_not_answered(w):
    room = w.alice.create()
    old = w.alice.say(room, QUESTION)
    w.alice.invite(room, w.name)
    between = w.alice.say(room, w.user + ": " + OTHER, **mention(w.name))
    w.wait_joined(room)
    joined = [e["event_id"] for e in w.alice.events(room) if e.get("state_key") == w.name or e["event_id"] == between]
    w.answer(room, w.alice.say(room, QUESTION))
    time.sleep(SETTLE)
    assert not w.answers(room, old)
    if joined.index(between) == 1:  # else we were quicker than she
        assert not w.answers(room, between)


def two_machines_in_conversation_are_stopped(w):
    room, said = w.room_of_three(), []
    for _ in range(9):
        said.append(w.ask(room, w.bob))
    until(lambda: len(w.ours(room)) >= 7, 30, "not even that")  # a greeting, five answers and a word about it
    time.sleep(SETTLE)
    assert len(w.ours(room)) == 7, [e["content"]["body"] for e in w.ours(room)]
    w.answer(room, w.ask(room))  # another person is answered


def after_a_quiet_while_a_question_is_answered_at_once(w):
    room = w.direct()
    time.sleep(0 if w.service else 17)  # a poll that brings nothing is no failure
    w.answer(room, w.alice.say(room, QUESTION), seconds=10)
    assert not w.bot.said("cannot ask what is new")


def greeted(w, room):
    until(lambda: w.ours(room), 30, "no greeting")
    return room


def same_name_each_time(w, since, room):
    """The transaction ids of what was sent into a room, each with its number of attempts."""
    tries = {}
    for call in w.line.calls("/send/m.room.message/", since):
        if quote(room) in call.path:
            tries.setdefault(call.path.split("?")[0], []).append(call.at)
    return tries


def told_to_wait_it_waits_and_answers_each_once(w):
    room, other = greeted(w, w.room_of_three()), greeted(w, w.direct())
    since = w.world.clock.now()
    w.line.fail("answer", quote(room) + "/send/", times=2, status=429, body=LIMITED, headers=[("Retry-After", "2")])
    questions = [w.ask(room), w.ask(room, w.bob)]
    w.expect_each_once(room, questions)
    w.answer(other, w.alice.say(other, QUESTION))
    tries = same_name_each_time(w, since, room)
    times = sorted(at for each in tries.values() for at in each)
    assert len(tries) == 2 and len(times) == 4, tries
    assert all(b - a >= 2.5 for a, b in zip(times[:2], times[1:3])), times


def whatever_breaks_on_the_way_each_is_answered_once(w):
    kinds = (("lose", {}), ("break", {}), ("drop", {}), ("answer", {"status": 502, "body": "<html>"}),
             ("answer", {"status": 200, "body": "<html>"}))
    rooms = [(greeted(w, w.direct()), *k) for k in kinds]
    since = w.world.clock.now()
    rules = [w.line.fail(kind, quote(room) + "/send/", times=2, **more) for room, kind, more in rooms]
    asked = [(room, [w.alice.say(room, QUESTION), w.alice.say(room, QUESTION)]) for room, _, _ in rooms]
    for room, questions in asked:
        w.expect_each_once(room, questions, settle=0)
    time.sleep(SETTLE)
    for (room, questions), rule in zip(asked, rules):
        w.expect_each_once(room, questions, settle=0)
        tries = same_name_each_time(w, since, room)
        assert rule.met == 2 and len(tries) == 2 and sum(map(len, tries.values())) == 4, (rule.kind, tries)


ROOM = [after_a_quiet_while_a_question_is_answered_at_once,
        who_may_not_invite_is_declined_near_and_far,
        told_to_wait_it_waits_and_answers_each_once,
        whatever_breaks_on_the_way_each_is_answered_once,
        an_invitation_is_accepted_and_greeted,
        a_direct_question_needs_no_mention_and_is_answered_with_a_notice,
        in_a_room_only_what_is_for_us_is_answered_and_in_a_thread,
        an_edit_changes_the_answer_and_a_redaction_removes_it,
        an_edit_that_makes_a_message_a_question_is_not_answered,
        a_thumb_is_a_vote_and_the_last_one_that_is_left_counts,
        a_suggestion_is_asked_by_its_number,
        thrown_out_it_is_silent_and_invited_again_it_answers,
        an_encrypted_room_gets_one_notice,
        a_room_that_moves_is_followed,
        a_room_whose_name_has_no_server_is_as_good_as_any,
        what_was_said_before_it_came_is_not_answered,
        two_machines_in_conversation_are_stopped]
FAR = threading.Lock()


# ---- the program, and the line to it ----


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


# ---- the homeserver, and the clock ----


def a_homeserver_that_restarts_costs_nothing_and_doubles_nothing(world):
    rooms = world.each(lambda w: w.room_of_three())

    def before(w):
        q = w.ask(rooms[w.way])
        w.answer(rooms[w.way], q)
        return [q]
    asked = world.each(before)
    world.hs.restart()  # its transaction numbers begin from one again
    world.each(lambda w: asked[w.way].append(w.ask(rooms[w.way])))
    world.each(lambda w: w.bot.kill())
    world.hs.restart()
    world.each(lambda w: w.bot.connect())
    world.each(lambda w: asked[w.way].append(w.ask(rooms[w.way], w.bob)))
    world.each(lambda w: w.expect_each_once(rooms[w.way], asked[w.way]))


def a_homeserver_that_falls_while_it_hands_over_loses_no_question(world):
    rooms = world.each(lambda w: w.direct())
    asked = world.each(lambda w: [w.alice.say(rooms[w.way], QUESTION)])
    world.hs.stop()
    world.hs.start()
    world.each(lambda w: asked[w.way].append(w.alice.say(rooms[w.way], QUESTION)))
    world.hs.stop()
    world.each(lambda w: w.bot.kill())
    world.each(lambda w: w.bot.start())
    world.each(lambda w: w.bot.wait_said("cannot be reached"))
    world.hs.start()
    world.each(lambda w: asked[w.way].append(w.alice.say(rooms[w.way], QUESTION)))
    world.each(lambda w: w.expect_each_once(rooms[w.way], asked[w.way]))


def catch_up(world, check):
    """Time goes on until check(w) has passed on every way: whoever waits for their turn has it some day."""
    done = threading.Event()

    def wind():
        while not done.wait(0.2):
            world.clock.advance(2)
    helper = threading.Thread(target=wind)
    helper.start()
    try:
        world.each(check)
    finally:
        done.set()
        helper.join()


def ten_minutes(world, away, back, held=False):
    """Answers are ready and cannot be delivered; the homeserver goes `away` for more than ten minutes, and comes `back`."""
    rooms = world.each(lambda w: [w.room_of_three(), w.direct()])
    world.each(lambda w: w.answer(rooms[w.way][0], w.ask(rooms[w.way][0])))  # one that it knows, and one that it does not
    for w in world.ways:
        w.line.fail("drop", "/_matrix/", times=10 ** 6)

    def ask(w):
        three, two = rooms[w.way]
        return {three: [w.ask(three), w.ask(three, w.bob), w.ask(three)], two: [w.alice.say(two, QUESTION) for _ in range(2)]}
    asked = world.each(ask)
    for w in world.ways:
        if w.service:  # the others cannot be told
            until(lambda: all(w.taken(q) for qs in asked[w.way].values() for q in qs), 30, "it was not told")
    away()
    since = world.clock.now()
    for w in world.ways:
        w.line.most = 0
        w.line.heal()
    world.clock.wind(660, 100)
    for w in world.ways:
        check_patience(w, since, world.clock.now())
    back()
    more = world.each(ask)

    def check(w):
        for room in rooms[w.way]:
            w.expect_each_once(room, asked[w.way][room] + more[w.way][room], 120)
    catch_up(world, check)
    for w in world.ways:
        assert held or w.line.most <= 2, f"{w.line.most} connections at once"  # held: the line waits for them, we have given up


def check_patience(w, since, now):
    """It went on trying, each call at growing distances, and no two of them in step."""
    for part, least in (("/send/m.room.message/", 6), ("/sync?", 6)):
        times = [c.at for c in w.line.calls(part, since)]
        if w.service != ("send" in part):
            continue
        assert least <= len(times) <= 120, f"{len(times)} attempts of {part} in eleven minutes"
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert now - times[-1] < 140, "it has given up"
        assert max(gaps) < 140, gaps  # a long poll that hangs, and a minute


def a_homeserver_that_is_away_for_ten_minutes_gets_every_answer(world):
    ten_minutes(world, world.hs.stop, world.hs.start)


def a_homeserver_that_hangs_for_ten_minutes_gets_every_answer_once(world):
    ten_minutes(world, world.hs.freeze, world.hs.thaw, held=True)


def a_clock_that_is_wrong_changes_nothing(world):
    rooms = world.each(lambda w: w.room_of_three())
    asked = {w.way: [] for w in world.ways}
    for wrong in (7200, -7200, 0):
        world.clock.set_wrong(wrong)
        world.each(lambda w: asked[w.way].append(w.ask(rooms[w.way], w.bob if wrong < 0 else w.alice)))
        world.each(lambda w: w.answer(rooms[w.way], asked[w.way][-1]))
        if wrong > 0:
            world.each(lambda w: w.bot.kill())
            world.each(lambda w: w.bot.connect())
    world.each(lambda w: w.expect_each_once(rooms[w.way], asked[w.way]))


WORLD = [a_homeserver_that_restarts_costs_nothing_and_doubles_nothing,
         a_homeserver_that_falls_while_it_hands_over_loses_no_question,
         a_homeserver_that_is_away_for_ten_minutes_gets_every_answer,
         a_homeserver_that_hangs_for_ten_minutes_gets_every_answer_once,
         a_clock_that_is_wrong_changes_nothing]


class Score:
    def __init__(self, names):
        self.names, self.failed, self.ran, self.lock = names, 0, 0, threading.Lock()

    def run(self, test, of, way):
        if self.names and test.__name__ not in self.names:
            return
        begin = time.monotonic()
        try:
            test(of)
            outcome = f"ok      {way:8}{test.__name__} {time.monotonic() - begin:.1f} s"
        except Exception:
            outcome = f"FAILED  {way:8}{test.__name__}\n{traceback.format_exc()}"
        with self.lock:
            self.ran += 1
            self.failed += outcome.startswith("FAILED")
            print(outcome, flush=True)
        if outcome.startswith("FAILED") and test not in ROOM:  # there, others are under way
            (of if isinstance(of, World) else of.world).mend()

    def alone(self, w):
        for test in ALONE:
            self.run(test, w, w.way)


def main():
    ways = [a for a in sys.argv[1:] if a in ("service", "sync")] or ["service", "sync"]
    score = Score([a for a in sys.argv[1:] if a not in ("service", "sync")])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends us ends what we have started
    begin = time.monotonic()
    world = World(ways, ALLOWED)
    try:
        print(f"# started after {time.monotonic() - begin:.1f} s", flush=True)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for test in ROOM:
                for w in world.ways:
                    pool.submit(score.run, test, w, w.way)
        print(f"# rooms after {time.monotonic() - begin:.1f} s", flush=True)
        world.each(score.alone)
        print(f"# alone after {time.monotonic() - begin:.1f} s", flush=True)
        for test in WORLD:
            score.run(test, world, "both")
    finally:
        if score.failed:
            for w in world.ways:
                print(f"# {w.way} said:\n{w.bot.tail(12000)}")
        world.end(score.failed)
    print(f"# {score.ran} ran, {score.failed} failed, {time.monotonic() - begin:.1f} s")
    sys.exit(1 if score.failed or not score.ran else 0)


main()
