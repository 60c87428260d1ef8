"""Large bodies: whole, and without being buffered."""
import hashlib
import os
import socket
import threading
import time

from .memory import LIMIT_MIB, Watch, queued
from .room import get, require

MIB = 1 << 20
PIECE = 256 * 1024

# Between what one end has handed to its kernel and what the other end has read; most of it is in the kernel's buffers of four
# sockets, so the proxy's own share is held to a limit of its own.
UNDER_WAY_LIMIT = 16 * MIB
OWN_LIMIT = 1 * MIB


def size_of(room):
    return (256 if room.quick else 1024) * MIB


def random_file(path, size):
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            piece = os.urandom(MIB)
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def in_lines(room):
    return f"config of {room.config.count(chr(10))} lines"


def open_request(penstock, head):
    connection = socket.create_connection(("127.0.0.1", penstock.port), 10)
    connection.settimeout(60)
    connection.sendall(head.encode())
    return connection


def read_head(connection):
    """Status, headers by lower-case name, and what of the body came with the head."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(PIECE)
        require(piece, f"the connection ended in the head of the answer: {data!r}")
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
    return int(lines[0].split(" ")[1]), headers, rest


def body_down(room):
    size = size_of(room)
    nginx = room.nginx()
    expected = random_file(os.path.join(nginx.www, "body"), size)
    penstock = room.start(nginx.port).ready()
    print("\n".join("     " + line for line in room.config.splitlines()))
    digest, received = hashlib.sha256(), 0
    with Watch(penstock.pid) as memory:
        began = time.monotonic()
        with open_request(penstock, "GET /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as connection:
            status, headers, rest = read_head(connection)
            require(status == 200 and int(headers["content-length"]) == size, f"{status} {headers}")
            buffer = bytearray(PIECE)
            while rest:
                digest.update(rest)
                received += len(rest)
                rest = memoryview(buffer)[:connection.recv_into(buffer)]
        seconds = time.monotonic() - began
    require(received == size, f"{received} of {size} bytes came")
    require(digest.hexdigest() == expected, "the SHA-256 differs")
    require(memory.peak < LIMIT_MIB, f"resident memory reached {memory.peak:.0f} MiB, limit {LIMIT_MIB}")
    return (f"{size // MIB} MiB in {seconds:.1f} s, {size / MIB / seconds:.0f} MiB/s, equal SHA-256 {expected[:12]}…, "
            f"peak RSS {memory.peak:.0f} MiB ({memory.before:.0f} before), {in_lines(room)}")


def body_up(room):
    size = size_of(room)
    nginx = room.nginx()
    source = os.path.join(room.path, "source")
    expected = random_file(source, size)
    penstock = room.start(nginx.port).ready()
    with Watch(penstock.pid) as memory:
        began = time.monotonic()
        with open_request(penstock, f"PUT /taken HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n") as connection:
            with open(source, "rb") as file:
                while piece := file.read(PIECE):
                    connection.sendall(piece)
            status, _, _ = read_head(connection)
        seconds = time.monotonic() - began
    require(status == 201, f"nginx answered {status}")
    with open(os.path.join(nginx.www, "taken"), "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    require(found == expected, "the SHA-256 differs")
    require(memory.peak < LIMIT_MIB, f"resident memory reached {memory.peak:.0f} MiB, limit {LIMIT_MIB}")
    return (f"{size // MIB} MiB in {seconds:.1f} s, {size / MIB / seconds:.0f} MiB/s, equal SHA-256 {expected[:12]}…, "
            f"peak RSS {memory.peak:.0f} MiB ({memory.before:.0f} before)")


class Flow:
    """Bytes under way, looked at again and again."""

    def __init__(self, ports):
        self.ports = ports
        self.under_way = 0
        self.own = 0

    def look(self, handed_over, read):
        """The numbers are not of one instant: what is read meanwhile makes them larger, never smaller."""
        self.under_way = max(self.under_way, handed_over - read)
        self.own = max(self.own, handed_over - read - queued(*self.ports))

    def require_bounded(self):
        require(self.under_way < UNDER_WAY_LIMIT, f"{self.under_way} bytes under way, limit {UNDER_WAY_LIMIT}")
        require(self.own < OWN_LIMIT, f"{self.own} bytes under way outside the kernel, limit {OWN_LIMIT}")

    def __str__(self):
        return (f"at most {self.under_way / MIB:.1f} MiB under way, of which {max(0, self.own) / 1024:.0f} KiB "
                "outside the kernel's buffers")


def slow_reader(room):
    seconds, rate, size = 5 if room.quick else 20, MIB, 1024 * MIB
    origin = room.origin()
    penstock = room.start(origin.port).ready()
    flow = Flow((origin.port, penstock.port))
    with Watch(penstock.pid) as memory:
        with open_request(penstock, f"GET /bytes?n={size} HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
            status, _, rest = read_head(connection)
            require(status == 200, f"the answer was {status}")
            began, read, looked = time.monotonic(), len(rest), 0.0
            while (elapsed := time.monotonic() - began) < seconds:
                read += len(connection.recv(16 * 1024))
                if elapsed - looked > 0.25:
                    looked = elapsed
                    _, counts = get(f"http://127.0.0.1:{origin.port}/count")
                    flow.look(int(counts.split()[0]), read)
                time.sleep(max(0.0, began + read / rate - time.monotonic()))
    flow.require_bounded()
    require(memory.peak < LIMIT_MIB, f"resident memory reached {memory.peak:.0f} MiB, limit {LIMIT_MIB}")
    require(read > seconds * rate * 0.8, f"only {read} bytes came in {seconds} s")
    return f"read {read / MIB / seconds:.2f} MiB/s for {seconds} s; {flow}; peak RSS {memory.peak:.0f} MiB"


def slow_origin(room):
    seconds, rate, size = 5 if room.quick else 20, MIB, 1024 * MIB
    origin = room.origin()
    penstock = room.start(origin.port).ready()
    flow = Flow((origin.port, penstock.port))
    sent, over = 0, threading.Event()

    def send(connection):
        nonlocal sent
        piece = bytes(64 * 1024)
        while not over.is_set():
            try:
                sent += connection.send(piece)
            except OSError:
                return

    with Watch(penstock.pid) as memory:
        head = f"PUT /take?rate={rate} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
        with open_request(penstock, head) as connection:
            connection.settimeout(None)
            sender = threading.Thread(target=send, args=(connection,), daemon=True)
            sender.start()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(0.25)
                handed_over = sent
                _, counts = get(f"http://127.0.0.1:{origin.port}/count")
                read = int(counts.split()[1])
                flow.look(handed_over, read)
            over.set()
            connection.shutdown(socket.SHUT_RDWR)
            sender.join(5)
    flow.require_bounded()
    require(memory.peak < LIMIT_MIB, f"resident memory reached {memory.peak:.0f} MiB, limit {LIMIT_MIB}")
    require(read > seconds * rate * 0.7, f"the origin got only {read} bytes in {seconds} s")
    return f"origin read {read / MIB / seconds:.2f} MiB/s for {seconds} s; {flow}; peak RSS {memory.peak:.0f} MiB"
