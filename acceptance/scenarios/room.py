"""Where a scenario takes place: a temporary directory, the processes in it, and their end."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ACCESS_LOG = re.compile(r"\S+Z #\d+ ")


class Failure(Exception):
    """What was expected did not happen."""


def require(condition, message):
    if not condition:
        raise Failure(message)


def await_true(what, condition, seconds):
    """Returns the first true value of the condition."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        require(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def get(url, seconds=5):
    """Status and body of a GET request on a connection of its own."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read()


class Process:
    """A process with its output in a file."""

    def __init__(self, room, name, command, cwd=None):
        self.name = name
        self.log = os.path.join(room.path, name + ".log")
        with open(self.log, "ab") as log:
            self.running = subprocess.Popen(
                command, cwd=cwd or room.path, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.pid = self.running.pid
        room.processes.append(self)

    def signal(self, number):
        self.running.send_signal(number)

    def alive(self):
        return self.running.poll() is None

    def ended(self, seconds):
        """The exit status; fails when it still runs by then."""
        try:
            return self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} still runs after {seconds:.0f} s") from None

    def kill(self):
        if self.alive():
            self.running.kill()
        self.running.wait()

    def processor_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()


class Penstock(Process):
    """The program under test, with its configuration and the ports in it."""

    def __init__(self, room, config, port, admin):
        super().__init__(room, "penstock", room.penstock + ["run", config])
        self.port = port
        self.admin = admin

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def ready(self, seconds=60):
        """Waits until it accepts connections."""
        def answers():
            require(self.alive(), f"penstock ended with status {self.running.returncode}")
            return accepts(self.port) and accepts(self.admin)
        await_true("penstock is ready", answers, seconds)
        return self

    def metric(self, name):
        """The sum of all series of that name."""
        _, text = get(f"http://127.0.0.1:{self.admin}/metrics")
        values = [float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines()
                  if line.startswith(name + " ") or line.startswith(name + "{")]
        require(values, f"no metric {name}")
        return sum(values)


class Room:
    def __init__(self, name, penstock, quick, keep):
        self.name = name
        self.penstock = penstock
        self.quick = quick
        self.keep = keep
        self.processes = []

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix=f"penstock-{self.name}.")
        os.chmod(self.path, 0o755)  # nginx gives up its rights and still has to read here
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
        if self.keep:
            print(f"     kept {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def logs(self):
        for process in {process.log: process for process in self.processes}.values():
            lines = process.said().splitlines()
            messages = [line for line in lines if not ACCESS_LOG.match(line)]
            yield f"{process.name}, pid {process.pid}: {len(lines) - len(messages)} lines of access log; its last messages:"
            yield from ("  " + line[:300] for line in messages[-25:])

    def start(self, origin, more="", upstreams="", plugins=None):
        """Penstock in front of an origin, with a configuration of at most twelve lines."""
        port, admin = free_port(), free_port()
        config = f"""\
listeners:
  - address: 127.0.0.1:{port}
admin: {{ address: 127.0.0.1:{admin} }}
upstreams:
  web:
    servers: [ "127.0.0.1:{origin}" ]
{upstreams}routes:
  - {{ path: /, upstream: web }}
{more}"""
        for name, source in (plugins or {}).items():
            self.file(f"plugins/{name}", source)
        if plugins:
            config += "plugins: plugins\n"
        require(config.count("\n") <= 12, "the configuration has more than 12 lines")
        self.config = config
        return Penstock(self, self.file("penstock.yaml", config), port, admin)

    def nginx(self, port=None):
        """An nginx that serves www/ and takes PUT requests into it; one process, so that killing it kills all of it."""
        port = port or free_port()
        www = os.path.join(self.path, "www")
        os.makedirs(www, exist_ok=True)
        os.chmod(www, 0o777)
        user = "user root;" if os.geteuid() == 0 else ""
        config = self.file("nginx.conf", f"""\
{user} daemon off; master_process off; pid {self.path}/nginx.pid; error_log {self.path}/nginx-errors.log;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; keepalive_requests 10000000; client_max_body_size 0; client_body_timeout 120s;
    client_body_temp_path {self.path}/body; proxy_temp_path {self.path}/proxy; fastcgi_temp_path {self.path}/fastcgi;
    uwsgi_temp_path {self.path}/uwsgi; scgi_temp_path {self.path}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096; root {www};
        location / {{ dav_methods PUT; dav_access user:rw group:r all:r; }}
    }}
}}
""")
        require(nginx_program(), "nginx is not installed")
        process = Process(self, "nginx", [nginx_program(), "-c", config, "-p", self.path])
        await_true("nginx is ready", lambda: accepts(port), 10)
        process.port = port
        process.www = www
        return process

    def origin(self, *options, port=None):
        """The origin of origin.py, for what nginx cannot be told to do."""
        port = port or free_port()
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "origin.py")
        process = Process(self, "origin", ["python3", script, str(port), *map(str, options)])
        await_true("the origin is ready", lambda: accepts(port), 10)
        process.port = port
        return process


def nginx_program():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def term(process):
    process.signal(signal.SIGTERM)
