"""Many clients that are connected and say nothing."""
import os
import resource
import socket
import time

from .memory import LIMIT_MIB, Watch, resident
from .room import await_true, require

CLIENTS = 10_000
REQUEST = b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n"
IP_BIND_ADDRESS_NO_PORT = 24


def ask(client):
    client.sendall(REQUEST)
    data = b""
    while b"\r\n\r\nhello\n" not in data:
        piece = client.recv(4096)
        require(piece, f"the connection ended in the answer: {data!r}")
        data += piece
    require(data.startswith(b"HTTP/1.1 200 "), f"not 200: {data!r}")
    require(b"connection: close" not in data.lower(), f"not kept alive: {data!r}")


def connect(port, number):
    client = socket.socket()
    client.settimeout(10)
    # several addresses, because one has only some 28,000 ports
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((f"127.0.0.{2 + number % 4}", 0))
    client.connect(("127.0.0.1", port))
    return client


def raise_file_limit(needed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    require(hard == resource.RLIM_INFINITY or hard >= needed, f"ulimit -Hn is {hard}; this needs {needed}")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def idle_clients(room):
    raise_file_limit(CLIENTS + 1000)
    nginx = room.nginx()
    with open(os.path.join(nginx.www, "small"), "w") as file:
        file.write("hello\n")
    penstock = room.start(nginx.port, more="client: { idle-timeout: 10m }\n").ready()
    clients = []
    try:
        with Watch(penstock.pid) as memory:
            for number in range(200):  # classes loaded, pools filled
                with connect(penstock.port, number) as client:
                    ask(client)
            before = resident(penstock.pid)
            began = time.monotonic()
            for number in range(CLIENTS):
                clients.append(connect(penstock.port, number))
                ask(clients[-1])
            seconds = time.monotonic() - began
            await_true("the metric counts all clients",
                       lambda: penstock.metric("penstock_client_connections") == CLIENTS, 10)
            held = resident(penstock.pid)
            again = clients[::100]
            for client in again:
                ask(client)
            require(penstock.metric("penstock_client_connections") == CLIENTS, "connections were lost")
    finally:
        for client in clients:
            client.close()
    await_true("they are let go when they leave", lambda: penstock.metric("penstock_client_connections") == 0, 20)
    require(memory.peak < LIMIT_MIB, f"resident memory reached {memory.peak:.0f} MiB, limit {LIMIT_MIB}")
    return (f"{CLIENTS} clients held at once, connected and answered in {seconds:.1f} s, penstock_client_connections {CLIENTS}, "
            f"{len(again)} of them asked again; RSS {held:.0f} MiB ({before:.0f} before), "
            f"{(held - before) * 1024 / CLIENTS:.1f} KiB per client")
