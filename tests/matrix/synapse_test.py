"""What people see, on a real Synapse, as an application service and as a plain account; a room is read back with the asker's
token.   usage: synapse_test.py [NAME...]     a way ("service", "sync") or a test; nothing: all of it"""
import concurrent.futures, signal, sys, threading, time, traceback

from alone_cases import ALONE
from room_cases import ROOM
from world import ALLOWED, World
from world_cases import WORLD


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
