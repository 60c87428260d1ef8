"""Server processes under measurement: started pinned to a core, asked for their CPU time, ended by pid."""

import gzip
import os
import re
import resource
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


class Refused(Exception):
    """A measurement that must not be reported, and why."""


def free_port():
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat(pid):
    """The fields of /proc/PID/stat after the command name (which may hold spaces), or None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def tree(root):
    """{pid: start time} of a process and all its descendants."""
    parents, births = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := stat(entry)):
            parents.setdefault(int(fields[1]), []).append(int(entry))
            births[int(entry)] = fields[19]
    found, queue = {}, [root]
    while queue:
        pid = queue.pop()
        if pid in births:
            found[pid] = births[pid]
            queue += parents.get(pid, [])
    return found


def files_allowed():
    """How many files a server may open: as many as it needs where this user may raise the limit, as root mostly may."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, 131_072),) * 2)
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def interrupts_apart():
    """True where the kernel keeps the time of interrupts out of the time of the process they hit."""
    for source in ("/proc/config.gz", f"/boot/config-{os.uname().release}"):
        try:
            opened = gzip.open(source) if source.endswith(".gz") else open(source, "rb")
            with opened as config:
                return b"CONFIG_IRQ_TIME_ACCOUNTING=y" in config.read()
        except OSError:
            pass  # not every kernel publishes its configuration
    return False


INTERRUPTS_APART = interrupts_apart()


def core_seconds(*cores):
    """CPU seconds these cores have spent in processes or lost to the hypervisor."""
    total = 0
    for core in cores:
        line = re.search(rf"^cpu{core} (.*)$", Path("/proc/stat").read_text(), re.M).group(1)
        user, nice, system, _, _, interrupts, soft_interrupts, steal = map(int, line.split()[:8])
        total += user + nice + system + steal + (0 if INTERRUPTS_APART else interrupts + soft_interrupts)
    return total * TICK


def stolen_seconds(*cores):
    """Seconds in which the hypervisor let something else run on these cores."""
    stat = Path("/proc/stat").read_text()
    return sum(int(re.search(rf"^cpu{core} (.*)$", stat, re.M).group(1).split()[7]) for core in cores) * TICK


def children_seconds():
    """CPU seconds of all children this process has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Server:
    """One server, or one origin: a process tree on one core, answering `body` on 127.0.0.1:`port`."""

    def __init__(self, name, command, directory, port, core=None, body=None, path="/", patience=20):
        self.name, self.command, self.directory, self.port = name, command, Path(directory), port
        self.core, self.body, self.path, self.patience = core, body, path, patience
        self.process = None
        self.origin = None  # the server behind this one
        self.job = None
        self.loader = None  # what drives it instead of wrk

    def launch(self):
        """Starts the process in a session of its own, so that a Ctrl-C reaches us alone, and returns at once."""
        pinned = [] if self.core is None else ["taskset", "-c", str(self.core)]
        with open(self.directory / "output.log", "wb") as output:
            self.process = subprocess.Popen(
                pinned + self.command, cwd=self.directory, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def start(self):
        """Starts the process and returns when it answers as it should."""
        self.launch()
        until = time.monotonic() + self.patience
        while not self.answers():
            if self.process.poll() is not None:
                raise Refused(f"{self.name} ended with exit code {self.process.returncode}:\n{self.output()}")
            if time.monotonic() > until:
                raise Refused(f"{self.name} did not answer on port {self.port} in {self.patience} s:\n{self.output()}")
            time.sleep(0.05)
        self.check()

    def output(self):
        return (self.directory / "output.log").read_text(errors="replace")[-3000:]

    def answers(self):
        """True when a request is answered with 200; where no body is expected, when a connection is taken."""
        try:
            if self.body is None:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return True
            return self.exchange().startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    def exchange(self):
        """The whole response to the request that wrk sends, without its keep-alive."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(
                f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def check(self):
        """Refuses a server whose answer is not, byte for byte, the body of the job."""
        if self.body is None:
            return
        response = self.exchange()
        head, _, body = response.partition(b"\r\n\r\n")
        if re.search(rb"(?i)\r\ntransfer-encoding: chunked", head):
            body = chunked(body)
        if not head.startswith(b"HTTP/1.1 200 ") or body != self.body:
            raise Refused(f"{self.name} answers wrongly:\n{response[:1000].decode(errors='replace')}")

    def pids(self):
        return list(tree(self.process.pid))

    def cpu_seconds(self):
        """User and system time of the whole tree: every thread, every process, and children already waited for."""
        ticks = 0
        for pid in tree(self.process.pid):
            if fields := stat(pid):
                ticks += sum(map(int, fields[11:15]))
        return ticks * TICK

    def resident_bytes(self):
        """The memory of the whole tree that is in RAM."""
        pages = 0
        for pid in tree(self.process.pid):
            try:
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            except OSError:
                pass  # it has ended
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        """Asks the process to end, then ends by pid what is left of its tree."""
        if self.process is None:
            return
        family = tree(self.process.pid)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        for pid, birth in family.items():
            fields = stat(pid)
            if fields and fields[19] == birth and fields[0] != "Z":
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it ended by itself in between
        self.process.wait()
        self.process = None


class Client(Server):
    """A client under measurement: it does a round when it is told to, and tells what came of it."""

    def launch(self):
        with open(self.directory / "output.log", "wb") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(self.core)] + self.command, cwd=self.directory, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=output, start_new_session=True)

    def answers(self):
        return self.line(self.patience) == "ready"

    def check(self):
        """It looks at every frame itself."""

    def line(self, seconds):
        """The next line that it prints; empty when none comes."""
        return self.process.stdout.readline().decode().strip() if select.select([self.process.stdout], [], [], seconds)[0] else ""

    def round(self, seconds):
        """Has it work for so long, and returns what it tells; refused when it tells nothing."""
        try:
            self.process.stdin.write(f"{seconds}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # nothing comes then either
        if not (report := self.line(seconds + 30)):
            raise Refused(f"the client {self.name} failed:\n{self.output()}")
        return report


def chunked(body):
    """The content of a well-formed chunked body."""
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        content += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return content
