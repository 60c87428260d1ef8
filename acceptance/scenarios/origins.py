"""An origin that dies and comes back."""
import re
import threading
import time

from .client import Lost, Strict
from .room import require

CLIENTS = 8
LIMIT = 5  # seconds for an answer, whatever happens


class Load:
    """Clients that ask all the time and remember every answer with its time."""

    def __init__(self, port):
        self.port = port
        self.over = threading.Event()
        self.answers = []
        self.lost = []
        # a GET that was in flight is asked again, and fails to connect; a POST must not be repeated
        self.threads = [threading.Thread(target=self.ask, args=("GET" if number % 2 else "POST",)) for number in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def ask(self, method):
        client = Strict(self.port, LIMIT)
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = client.ask("/", method)
            except Lost as e:
                self.lost.append(str(e))
                continue
            if answer is None:
                self.lost.append("the connection was refused")
                return
            ended = time.monotonic()
            self.answers.append((began, ended, *answer))
            time.sleep(0.002 if answer[0] == 200 else 0.02)
        client.close()

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(LIMIT + 5)


def download(port, outcome):
    """A body that is cut short must not look whole, nor leave its client waiting."""
    client = Strict(port, LIMIT)
    try:
        outcome.append(f"answered with {client.ask('/drip?ms=60000')[0]}")
    except Lost:
        outcome.append(time.monotonic())


def origin_dies(room):
    origin = room.origin("--delay", 20)
    penstock = room.start(origin.port).ready()
    cut = []
    downloading = threading.Thread(target=download, args=(penstock.port, cut))
    with Load(penstock.port) as load:
        downloading.start()
        time.sleep(1.5)
        killed = time.monotonic()
        origin.kill()
        time.sleep(2)
        restarted = time.monotonic()
        room.origin("--delay", 20, port=origin.port)
        up = time.monotonic()
        time.sleep(2)
    downloading.join(LIMIT)
    require(cut and isinstance(cut[0], float) and cut[0] - killed < 1, f"the download that was cut short: {cut}")
    require(not load.lost, f"requests without an answer within {LIMIT} s: {load.lost[:3]}")
    before = [answer for answer in load.answers if answer[1] < killed]
    during = [answer for answer in load.answers if killed <= answer[0] and answer[1] < restarted]
    bad = [answer for answer in load.answers if answer[2] != 200]
    after = [answer for answer in load.answers if answer[0] > up]
    require(before and all(answer[2] == 200 for answer in before), "not all answers before were 200")
    require(len(during) >= CLIENTS and all(answer[2] == 502 for answer in during),
            f"answers without origin: { {answer[2] for answer in during} }, {len(during)} of them")
    phases = {}
    for answer in bad:
        named = re.search(rb"phase:\s+(\S+)", answer[3])
        require(answer[2] == 502 and named, f"{answer[2]} without a phase: {answer[3]!r}")
        phases[named[1].decode()] = phases.get(named[1].decode(), 0) + 1
    require(len(phases) > 1, f"only one phase was met, so nothing died mid-way: {phases}")
    require(after and all(answer[2] == 200 for answer in after[CLIENTS:]), "not all answers afterwards were 200")
    recovered = min(answer[1] for answer in load.answers if answer[2] == 200 and answer[1] > restarted) - up
    slowest = max(answer[1] - answer[0] for answer in load.answers)
    return (f"{len(before)} answers 200, then {len(bad)} answers 502 (" +
            ", ".join(f"{phase} {count}" for phase, count in sorted(phases.items())) +
            f"), then {len(after)} again 200, the first {max(0.0, recovered) * 1000:.0f} ms after the origin's return; "
            f"slowest answer {slowest * 1000:.0f} ms; a download was cut {(cut[0] - killed) * 1000:.0f} ms after the origin's end")
