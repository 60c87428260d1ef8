"""Plugins that do what they should not."""
import re
import subprocess
import threading
import time

from .client import Strict
from .room import await_true, require

BLOCKING = """\
import io.penstock.net.Loop;
import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

public final class Blocker implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
            switch (transaction.request().path()) {
                case "/loop" -> transaction.respond(200, "loop " + Loop.current().index() + "\\n");
                case "/block" -> {
                    long end = System.nanoTime() + 300_000_000L;
                    while (System.nanoTime() < end) Thread.onSpinWait();
                    transaction.respond(200, "blocked loop " + Loop.current().index() + "\\n");
                }
                default -> {}
            }
        });
    }
}
"""

BROKEN = """\
import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

public final class Broken implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> transaction.reply(200, "hello"));
    }
}
"""

REPORT = (r"loop 0 has been held up for (\d+) ms by the thread ([^;]*);.*(?:\n    at .*)*?\n    at .*Blocker.*"
          r"\((Blocker\.java:\d+)\)")


def last(pattern, text):
    """A cold machine may have others before: code that runs for the first time."""
    return (list(re.finditer(pattern, text)) or [None])[-1]


def on_both_loops(port):
    """A client on loop 0 and one on loop 1."""
    found = {}
    for _ in range(50):
        client = Strict(port)
        _, body = client.ask("/loop")
        found.setdefault(int(body.split()[1]), client)
        if len(found) == 2:
            return found
    require(False, f"50 connections were all on the loops {set(found)}")


def block_once(penstock):
    """Latencies on the other loop while one is blocked, and how long that took."""
    clients = on_both_loops(penstock.port)
    for _ in range(200):  # warm: what is measured is the other loop, not the class loader
        clients[1].ask("/loop")
    blocked = []

    def block():
        began = time.monotonic()
        blocked.append((*clients[0].ask("/block"), time.monotonic() - began))

    thread = threading.Thread(target=block)
    thread.start()
    time.sleep(0.03)
    latencies = []
    while thread.is_alive():
        began = time.monotonic()
        status, _ = clients[1].ask("/loop")
        require(status == 200, f"the other loop answered {status}")
        latencies.append(time.monotonic() - began)
        time.sleep(0.005)
    thread.join()
    require(blocked and blocked[0][1] == b"blocked loop 0\n", f"the blocking request: {blocked}")
    return latencies, blocked[0][2]


def watchdog(room):
    origin = room.origin()
    penstock = room.start(origin.port, more="loops: 2\n", plugins={"Blocker.java": BLOCKING}).ready()
    before = penstock.metric("penstock_eventloop_stalls_total")
    for _ in range(3):  # on a busy machine the system itself holds a thread up now and then
        latencies, blocked = block_once(penstock)
        if max(latencies) < 0.1:
            break
    require(len(latencies) >= 5 and max(latencies) < 0.1,
            f"{len(latencies)} answers of the other loop, slowest {max(latencies) * 1000:.0f} ms")
    await_true("the metric counts the stall", lambda: penstock.metric("penstock_eventloop_stalls_total") > before, 5)
    counted = penstock.metric("penstock_eventloop_stalls_total") - before
    said = await_true("the log names loop, thread, time and stack", lambda: last(REPORT, penstock.said()), 5)
    went_on = await_true("the log says how long it was", lambda: last(
        rf"loop 0 goes on after about (\d+) ms held up by {re.escape(said[2])}\n", penstock.said()), 5)
    require(250 <= int(went_on[1]) <= 2000, f"the log says {went_on[1]} ms")
    return (f"loop 0 blocked {blocked * 1000:.0f} ms: reported after {said[1]} ms with thread \"{said[2]}\" and "
            f"{said[3]} in the stack, about {went_on[1]} ms in all; loop 1 gave {len(latencies)} answers meanwhile, slowest "
            f"{max(latencies) * 1000:.1f} ms; penstock_eventloop_stalls_total +{counted:.0f}")


def plugin_error(room):
    room.file("plugins/Broken.java", BROKEN)
    config = room.file("penstock.yaml", """\
listeners: [ { address: "127.0.0.1:1" } ]
upstreams: { web: { servers: [ "127.0.0.1:1" ] } }
routes: [ { upstream: web } ]
plugins: plugins
""")
    done = subprocess.run(room.penstock + ["check", config], capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    require(done.returncode == 3, f"exit status {done.returncode}, expected 3: {said}")
    line = BROKEN.splitlines()[7]
    place = re.search(r"\S*Broken\.java:8\b", said)
    require(place, f"no file and line: {said}")
    require(line.strip() in said, f"the source line is not shown: {said}")
    return "status 3; " + " / ".join(text.strip() for text in said.replace(room.path + "/", "").strip().splitlines()[:3])
