"""What they see while the homeserver or the clock is touched: both ways at once."""
import threading

from world import QUESTION, until


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
