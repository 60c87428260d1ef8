"""SIGTERM: what was accepted is answered; and a second one does not wait for that."""
import multiprocessing
import os
import random
import signal
import threading
import time

from .client import Lost, Strict
from .room import require, term as send_term

GRACE = 20
PROCESSES = 2
CONNECTIONS = 64  # in each process


def hammer(port, over, results, number):
    """
    Asks until nobody accepts any more. Of four connections one is always busy, one is made anew for each request, one pauses a
    little, and one so long that the server takes it for idle when it ends.
    """
    client, counts, lost, statuses = Strict(port), 0, [], set()
    while not over.is_set():
        try:
            answer = client.ask("/small")
        except Lost as e:
            lost.append(str(e))
            continue
        if answer is None:
            break
        counts += 1
        statuses.add(answer[0])
        match number % 4:
            case 1:
                client.close()
            case 2:
                time.sleep(0.03)
            case 3:
                time.sleep(random.uniform(0.2, 0.6))
    refused_early = not over.is_set() and counts == 0
    client.close()
    results.append((counts, lost, statuses, client.closed_idle, refused_early))


def work(port, over, queue):
    results = []
    threads = [threading.Thread(target=hammer, args=(port, over, results, number)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put(results)


def long_requests(port, outcomes):
    """Begun before the signal and done after it: an answer that is late, and one that is on its way."""
    def ask(path, end):
        try:
            status, body = Strict(port).ask(path)
            outcomes.append((path, status == 200 and end in body, body[-20:]))
        except Exception as e:
            outcomes.append((path, False, repr(e)))

    threads = [threading.Thread(target=ask, args=("/late?ms=2500", b"late")) for _ in range(4)]
    threads += [threading.Thread(target=ask, args=("/drip?ms=2500", b"end\n")) for _ in range(4)]
    for thread in threads:
        thread.start()
    return threads


def term(room):
    nginx = room.nginx()
    with open(os.path.join(nginx.www, "small"), "w") as file:
        file.write("hello\n")
    origin = room.origin()
    slow = f'  slow: {{ servers: [ "127.0.0.1:{origin.port}" ] }}\n'
    more = (f"  - {{ path: /late, upstream: slow }}\n  - {{ path: /drip, upstream: slow }}\n"
            f"shutdown: {{ grace: {GRACE}s }}\n")
    # upstreams stand before routes: the slow one goes there
    penstock = room.start(nginx.port, more=more, upstreams=slow).ready()
    context = multiprocessing.get_context("fork")
    over, queue = context.Event(), context.Queue()
    workers = [context.Process(target=work, args=(penstock.port, over, queue)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    try:
        time.sleep(1 if room.quick else 4)
        outcomes = []
        longer = long_requests(penstock.port, outcomes)
        time.sleep(0.5)
        before = penstock.metric("penstock_http_requests_total")
        began = time.monotonic()
        send_term(penstock)
        status = penstock.ended(GRACE + 10)
        seconds = time.monotonic() - began
        results = [result for _ in workers for result in queue.get(timeout=30)]
        for thread in longer:
            thread.join(30)
    finally:
        over.set()
        for worker in workers:
            worker.join(15)
            if worker.is_alive():
                worker.kill()
    lost = [text for result in results for text in result[1]]
    answered = sum(result[0] for result in results)
    statuses = set().union(*(result[2] for result in results))
    require(len(results) == PROCESSES * CONNECTIONS and before > 0, f"only {len(results)} clients reported")
    require(not lost, f"{len(lost)} of {answered} requests lost, the first: {lost[:3]}")
    require(statuses == {200}, f"answers were {statuses}")
    require(not any(result[4] for result in results), "a client was refused from the beginning")
    wrong = [outcome for outcome in outcomes if not outcome[1]]
    require(len(outcomes) == 8 and not wrong, f"long requests were cut: {wrong}")
    require(status == 0, f"exit status {status}")
    require(seconds < GRACE, f"it took {seconds:.1f} s to end")
    return (f"{answered} requests over {len(results)} connections and 8 long ones, none lost; "
            f"{sum(result[3] for result in results)} idle connections closed; exit status 0 after {seconds:.1f} s, grace {GRACE} s")


def second_term(room):
    origin = room.origin()
    penstock = room.start(origin.port, more="shutdown: { grace: 30s }\n").ready()
    outcome = []

    def ask():
        try:
            outcome.append(Strict(penstock.port, 60).ask("/late?ms=30000"))
        except Lost as e:
            outcome.append(e)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    time.sleep(1)
    send_term(penstock)
    time.sleep(1.5)
    require(penstock.alive() and not outcome, "the first SIGTERM did not wait for the request in flight")
    began = time.monotonic()
    penstock.signal(signal.SIGTERM)
    status = penstock.ended(5)
    seconds = time.monotonic() - began
    thread.join(5)
    require(status == 5, f"exit status {status}, expected 5")
    require(seconds < 1, f"it took {seconds:.1f} s to stop")
    return f"drained for 1.5 s with a request in flight, then stopped {seconds * 1000:.0f} ms after the second signal with status 5"
