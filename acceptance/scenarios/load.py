"""Load from wrk."""
import os
import re
import shutil
import subprocess

from .memory import Watch
from .room import require


def loaded(url, seconds):
    """How many requests wrk made over 64 connections, all without an error, and that in words."""
    require(shutil.which("wrk"), "wrk is not installed")
    done = subprocess.run(
        ["wrk", "-c64", "-t1", f"-d{seconds}", "--latency", url], capture_output=True, text=True, timeout=seconds + 60)
    said = done.stdout + done.stderr
    require(done.returncode == 0, said)
    rate = re.search(r"^Requests/sec:\s*([\d.]+)", said, re.M)
    count = re.search(r"(\d+) requests in", said)
    median = re.search(r"^ +50%\s+(\S+)", said, re.M)
    tail = re.search(r"^ +99%\s+(\S+)", said, re.M)
    require(rate and float(rate[1]) > 0 and count and median and tail, said)
    require("Socket errors" not in said and "Non-2xx" not in said, said)
    return int(count[1]), (f"{count[1]} requests in {seconds} s over 64 connections, {float(rate[1]):.0f}/s, no error, "
                           f"latency p50 {median[1]}, p99 {tail[1]}")


def wrk(room):
    nginx = room.nginx()
    with open(os.path.join(nginx.www, "small"), "w") as file:
        file.write("hello\n")
    penstock = room.start(nginx.port).ready()
    with Watch(penstock.pid) as memory:
        count, facts = loaded(penstock.url("/small"), 5 if room.quick else 30)
    # one that wrk cut off at the end may be counted, or not
    counted = penstock.metric("penstock_http_requests_total")
    require(abs(counted - count) <= 64, f"wrk counts {count} requests, penstock {counted:.0f}")
    return f"{facts}; peak RSS {memory.peak:.0f} MiB"
