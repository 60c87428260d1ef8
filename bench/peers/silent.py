"""Accepts connections on a UNIX socket and says nothing; `silent.py SOCKET PORT`. The port only tells that it is up."""

import os
import resource
import selectors
import socket
import sys

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
quiet = socket.socket(socket.AF_UNIX)
quiet.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)  # a worker of nginx is another user
quiet.listen(4096)
up = socket.create_server(("127.0.0.1", int(sys.argv[2])))
held, waiting = [], selectors.DefaultSelector()
for listener in (quiet, up):
    waiting.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        client, _ = key.fileobj.accept()
        if key.fileobj is quiet:
            held.append(client)
