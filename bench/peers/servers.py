"""How each peer, Penstock and the origins are started: configuration templates of this folder, filled in."""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import Client, Refused, Server, files_allowed, free_port

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
OPERATIONS = 200  # of the jobs that do more than one in a request
PARTS, PART, PIECES = 3200, 5000, 240  # of the stream: parts with their boundary; and how it is received in pieces
BOUNDARY = b"\r\n--penstock-boundary-7MA4YWxkTrZu0gW"
HELLO, ORIGIN, REDIS, GENERATED = b"hello\n", b"hello world\n", b"hello from redis\n", b"x" * 12
# What a frame client does, what its far end does, over how many connections, and how many questions are in flight on each
FRAMES = {"frames-rpc": ("ask", "echo", 8, 128), "frames-pingpong": ("ask", "echo", 64, 1),
          "frames-oneway": ("receive", "flood", 4, 0), "frames-slow": ("receive", "slow", 1, 0),
          "client-connects": ("connect", "echo", 16, 0)}
RELEASE = 25
LIBRARY = ROOT / "server" / "target" / "dist" / "lib"
# As the launcher starts Penstock, for Netty too
JVM = ["--add-opens", "java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED", "-XX:+UseCompactObjectHeaders",
       "-XX:+UseParallelGC", "-Xmn64m", "-Dio.netty.leakDetection.level=disabled"]
TUNNELS = {"tunnel-bulk": "bulk", "tunnel-pingpong": "pingpong", "tunnel-upgrade": "upgrade", "tunnel-idle": "idle"}


def find(program):
    """The path of an installed program; refused when it is not there."""
    if not (path := shutil.which(program, path=SEARCH)):
        raise Refused(f"{program} is not installed")
    return path


def say(*command):
    """What a command prints about itself, or that it is missing."""
    try:
        done = subprocess.run([find(command[0]), *command[1:]], capture_output=True, text=True, timeout=600)
    except Refused as missing:
        return str(missing)
    return (done.stdout + done.stderr).strip()


def fill(template, target, values):
    """Copies a template, or a folder of them, with each @NAME@ replaced."""
    source = HERE / template
    if source.is_dir():
        target.mkdir(exist_ok=True)
        for child in sorted(source.iterdir()):
            fill(f"{template}/{child.name}", target / child.name, values)
    else:
        target.write_text(re.sub(r"@([A-Z_]+)@", lambda name: str(values[name.group(1)]), source.read_text()))


def stream(job):
    """Random parts, each followed by the boundary; or as many random bytes as are received in pieces."""
    source = random.Random(7)
    if job == "bulk":
        return source.randbytes(PIECES * 65536)
    part = source.randbytes(PART)
    assert BOUNDARY not in part
    return (part + BOUNDARY) * PARTS


class Bench:
    """The servers of one job in one temporary folder; leaving it ends them all."""

    def __init__(self, job, server_core, load_core, penstock):
        self.job, self.server_core, self.load_core, self.penstock_command = job, server_core, load_core, penstock
        self.servers, self.values, self.origin, self.loader = [], {}, None, None
        self.body = {"reply": HELLO, "redis": REDIS, "roundtrip": b"done\n", "pool": b"done\n", "parked": None,
                     "intercept": GENERATED, "until": f"{PARTS * PART}\n".encode(),
                     "bulk": f"{PIECES * 65536}\n".encode(), **dict.fromkeys(TUNNELS, b"up\n"),
                     **dict.fromkeys(FRAMES)}.get(job, ORIGIN)

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="penstock-bench-"))
        self.folder.chmod(0o755)  # an nginx worker is another user
        return self

    def __exit__(self, *_):
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self, name):
        """A fresh folder and port, and what the templates may name."""
        folder = self.folder / f"{len(self.servers)}-{name}"
        folder.mkdir()
        return folder, {"DIR": folder, "PORT": free_port(), "ADMIN": free_port(), "OPERATIONS": OPERATIONS, "PARTS": PARTS,
                        "PIECES": PIECES, **self.values}

    def add(self, server):
        self.servers.append(server)
        server.origin, server.job, server.loader = self.origin, self.job, self.loader
        server.start()
        return server

    def origins(self):
        """Starts what the job's servers talk to, on the load generator's core."""
        if self.job in ("proxy", "start", "hop", "until", "bulk"):
            folder, values = self.place("origin")
            fill("nginx/origin.conf", folder / "nginx.conf", values)
            if self.job in ("until", "bulk"):
                (folder / "stream").write_bytes(stream(self.job))
            command = self.nginx_command(folder)
            self.origin = self.add(Server("origin nginx", command, folder, values["PORT"], self.load_core, ORIGIN))
            self.values["ORIGIN"] = values["PORT"]
        elif self.job in ("redis", "roundtrip", "pool"):
            folder, values = self.place("redis")
            command = [find("redis-server"), "--port", str(values["PORT"]), "--bind", "127.0.0.1", "--save", "",
                       "--appendonly", "no", "--dir", str(folder)]
            self.origin = self.add(Server("redis", command, folder, values["PORT"], self.load_core))
            self.values["REDIS"] = values["PORT"]
            command = [find("redis-cli"), "-p", str(values["PORT"]), "-x", "SET", "greeting"]
            done = subprocess.run(command, input=REDIS, capture_output=True)
            if done.stdout != b"OK\n":
                raise Refused(f"redis does not take a value: {(done.stdout + done.stderr).decode(errors='replace')}")

        elif self.job == "parked":
            folder, values = self.place("silent")
            self.values["SILENT"] = folder / "socket"
            command = [sys.executable, str(HERE / "silent.py"), str(folder / "socket"), str(values["PORT"])]
            self.origin = self.add(Server("silent", command, folder, values["PORT"], self.load_core))

        elif self.job in TUNNELS:
            folder, values = self.place("target")
            self.loader = self.go_program("load")
            self.values["TARGET"] = values["PORT"]
            command = [self.loader, "target", f"127.0.0.1:{values['PORT']}"]
            self.origin = self.add(Server("target", command, folder, values["PORT"], self.load_core))

        elif self.job in FRAMES:
            folder, values = self.place("far")
            command = [self.go_program("frames"), FRAMES[self.job][1], str(values["PORT"])]
            self.origin = self.add(Server("far end", command, folder, values["PORT"], self.load_core))
            self.classes = self.frame_clients()

    def frame_clients(self):
        """Compiles the clients of the frame jobs."""
        sources = ROOT / "bench" / "src" / "main" / "java" / "io" / "penstock" / "bench" / "frames"
        if not LIBRARY.is_dir():
            raise Refused(f"{LIBRARY} is missing: have ./penstock build it")
        classes = self.folder / "classes"
        command = [self.java("javac"), "-d", str(classes), "-cp", f"{LIBRARY}/*",
                   *(str(each) for each in sources.glob("*.java") if each.name != "package-info.java")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Refused(f"the frame clients do not compile:\n{done.stderr}")
        return classes

    @staticmethod
    def java(program):
        """A program of a JDK that is new enough: the one of JAVA_HOME, or one of those where the launcher looks, too."""
        homes = [os.environ.get("JAVA_HOME", ""), *sorted(map(str, Path("/usr/lib/jvm").glob("*")), reverse=True)]
        for home in filter(None, homes):
            release, tool = Path(home, "release"), Path(home, "bin", program)
            version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.M) if release.is_file() else None
            if version and int(version.group(1)) >= RELEASE and tool.is_file():
                return str(tool)
        raise Refused(f"no JDK {RELEASE} or newer: name one in JAVA_HOME")

    def frame_client(self, name):
        """A client that is measured: one of Penstock's faces, or Netty."""
        folder, values = self.place(name)
        does, _, connections, in_flight = FRAMES[self.job]
        command = [self.java("java"), *JVM, "-cp", f"{self.classes}:{LIBRARY}/*", "io.penstock.bench.frames.FrameClient",
                   name, does, str(self.origin.port), str(connections), str(in_flight)]
        return self.add(Client(name, command, folder, values["PORT"], self.server_core))

    def go_program(self, name):
        """Builds one of the programs in Go."""
        program = self.folder / f"go-{name}"
        done = subprocess.run([find("go"), "build", "-o", str(program), str(HERE / "go" / name / "main.go")],
                              capture_output=True, text=True)
        if done.returncode:
            raise Refused(f"the program {name} does not build:\n{done.stderr}")
        return str(program)

    def start(self, name):
        """Starts a peer or Penstock by name, on the server's core."""
        if self.job in FRAMES:
            return self.frame_client(name)
        return {"penstock": self.penstock, "nginx": self.nginx, "haproxy": self.haproxy,
                "trafficserver": self.traffic_server, "go": self.go}[name]()

    def nginx_command(self, folder):
        return [find("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]

    def nginx(self):
        folder, values = self.place("nginx")
        if self.job != "proxy":
            modules = re.search(r"--modules-path=(\S+)", say("nginx", "-V"))
            values["NGINX_MODULES"] = modules and modules.group(1)
            if not modules or not Path(modules.group(1), "ngx_http_lua_module.so").exists():
                raise Refused("nginx has no Lua module (Debian: libnginx-mod-http-lua lua-resty-core)")
            values["CONNECTIONS"] = 120_000 if self.job == "parked" else 1024
            values["LUA_BUFFER"] = "64k" if self.job in ("until", "bulk") else "4k"  # what suits the peer best
            fill("nginx/lua.conf", folder / "nginx.conf", values)
            fill(f"nginx/{self.job}.lua", folder / "handler.lua", values)
        else:
            fill("nginx/proxy.conf", folder / "nginx.conf", values)
        command = self.nginx_command(folder)
        return self.add(Server("nginx", command, folder, values["PORT"], self.server_core, self.body))

    def haproxy(self):
        folder, values = self.place("haproxy")
        values["TUNNELS"] = (files_allowed() - 100) // 2
        fill("haproxy/tunnel.cfg" if self.job in TUNNELS else "haproxy/proxy.cfg", folder / "haproxy.cfg", values)
        command = [find("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
        return self.add(Server("haproxy", command, folder, values["PORT"], self.server_core, self.body))

    def go(self):
        folder, values = self.place("go")
        command = [self.go_program("peer"), f"127.0.0.1:{values['PORT']}", f"127.0.0.1:{values['TARGET']}"]
        return self.add(Server("go", command, folder, values["PORT"], self.server_core, self.body))

    def traffic_server(self):
        folder, values = self.place("trafficserver")
        for name in ("bin", "cache", "include", "info", "lib", "log", "man", "modules", "run", "var"):
            (folder / name).mkdir()
        generator = Path("/usr/lib/trafficserver/modules/generator.so")
        if self.job == "intercept" and not generator.exists():
            raise Refused("trafficserver has no module generator (Debian: trafficserver)")
        values["REMAP"] = (f"map / http://127.0.0.1:1/ @plugin={generator}" if self.job == "intercept"
                           else f"map / http://127.0.0.1:{values['ORIGIN']}/")
        fill("trafficserver", folder / "etc", values)
        command = [find("traffic_server"), f"--run-root={folder / 'etc' / 'runroot.yaml'}"]
        path = f"/nocache/{len(GENERATED)}/x" if self.job == "intercept" else "/"
        return self.add(Server("trafficserver", command, folder, values["PORT"], self.server_core, self.body, path))

    def penstock(self):
        flavour = "tunnel" if self.job in TUNNELS else self.job
        server = self.prepare_penstock(flavour, self.server_core, self.penstock_command)
        return self.add(server)

    def prepare_penstock(self, flavour, core, command):
        """A Penstock ready to be started, with the configuration and the plugins of a flavour."""
        folder, values = self.place(f"penstock-{flavour}")
        fill(f"penstock/{flavour}", folder / "conf", values)
        body = HELLO if flavour == "reply" else self.body
        return Server("penstock", command + ["run", str(folder / "conf" / "penstock.yaml")], folder, values["PORT"],
                      core, body, patience=60)
