"""What people see in a room of its own: all of these at the same time."""
import threading, time

from world import ANSWER, LIMITED, OTHER, OTHER_ANSWER, QUESTION, SETTLE, mention, quote, thread, until


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
