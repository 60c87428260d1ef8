"""Upgrades to an origin, and CONNECT as curl asks for it."""
import os
import socket
import subprocess
import threading

from .room import Penstock, await_true, free_port, require

ASK = b"GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHELLO"


def switching():
    """An origin that switches, greets, and echoes until the client has ended its half; then it says goodbye."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
            connection.sendall(SWITCH)
            while piece := connection.recv(65536):
                connection.sendall(piece)
            connection.sendall(b"BYE")

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def talk(port, text):
    """What comes back over a tunnel through which the text was sent, half of it before the answer."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        half = len(text) // 2
        client.sendall(ASK + text[:half])
        client.sendall(text[half:])
        client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := client.recv(65536):
            received += piece
    head, _, rest = received.partition(b"\r\n\r\n")
    require(head.startswith(b"HTTP/1.1 101 "), f"no 101 but {head[:200]}")
    return rest


def tunnel(room):
    nginx = room.nginx()
    with open(os.path.join(nginx.www, "page"), "w") as file:
        file.write("through a tunnel\n")
    count = 50 if room.quick else 500
    with switching() as origin:
        port, admin, forward = free_port(), free_port(), free_port()
        config = room.file("penstock.yaml", f"""\
listeners:
  - address: 127.0.0.1:{port}
  - address: 127.0.0.1:{forward}
    connect: {{ allow: [ "127.0.0.1:{nginx.port}" ] }}
admin: {{ address: 127.0.0.1:{admin} }}
upstreams:
  chat: {{ servers: [ "127.0.0.1:{origin.getsockname()[1]}" ] }}
routes:
  - {{ path: /, upstream: chat }}
""")
        penstock = Penstock(room, config, port, admin).ready()
        text = os.urandom(200_000)
        moved = 0
        for i in range(count):
            part = text[: 1 + i * 397]
            back = talk(port, part)
            require(back == b"HELLO" + part + b"BYE", f"tunnel {i}: {len(back)} bytes for {len(part)}")
            moved += len(part) + len(back)
        url = f"http://127.0.0.1:{nginx.port}/page"
        curl = ["curl", "-sS", "--max-time", "10", "--proxytunnel", "--proxy", f"http://127.0.0.1:{forward}"]
        page = subprocess.run([*curl, url], capture_output=True, text=True)
        require(page.stdout == "through a tunnel\n", f"curl {url}: {page.stdout}{page.stderr}")
        refused = subprocess.run([*curl, f"http://127.0.0.1:{admin}/"], capture_output=True, text=True)
        require(refused.returncode and "403" in refused.stderr, f"curl was not refused: {refused.stderr}")
        await_true("all tunnels are over", lambda: penstock.metric("penstock_tunnels_open") == 0, 10)
        closed = penstock.metric("penstock_tunnels_closed_total")
        require(closed == count + 1, f"{closed:.0f} tunnels are counted")
        await_true("two lines for each", lambda: penstock.said().count(" protocol=") == 2 * (count + 1), 10)
    return f"{count} upgrades moved {moved:,} bytes, each one checked; curl --proxytunnel went through and was refused"
