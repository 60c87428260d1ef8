"""A client that notices everything: whether a request it sent on an open connection was answered, and completely."""
import select
import socket

TCP_CLOSE = 7  # the kernel's state of a connection that was closed first and refused what came behind


class Lost(Exception):
    """A request went out on a connection that was open, and was not answered completely."""


class Strict:
    """One keep-alive connection after the other. Not for several threads."""

    def __init__(self, port, seconds=10):
        self.port = port
        self.seconds = seconds
        self.socket = None
        self.data = b""
        self.closed_idle = 0

    def connect(self):
        """False when nobody accepts."""
        try:
            self.socket = socket.create_connection(("127.0.0.1", self.port), self.seconds)
        except (ConnectionRefusedError, ConnectionResetError):
            return False
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head, self.data = b"", b""
        self.ended = False
        return True

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def has_ended(self):
        """Whether the server has closed the connection before a request was sent: it may."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def was_closed_before(self):
        """
        Whether the server's end of the connection came first, between the look for it and the request: then the kernel reports
        an orderly end, although the request was answered by a reset. Where the request came first, it reports the reset.
        """
        state = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return not self.data and self.ended and state == TCP_CLOSE

    def ask(self, path, method="GET"):
        """Status and body; None when nobody accepts connections any more."""
        if self.socket and self.has_ended():
            self.closed_idle += 1
            self.close()
        if not self.socket and not self.connect():
            return None
        try:
            length = "Content-Length: 0\r\n" if method == "POST" else ""
            self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{length}\r\n".encode())
            return self.answer()
        except OSError as e:
            if self.was_closed_before():
                self.closed_idle += 1
                self.close()
                return self.ask(path, method)
            self.close()
            raise Lost(f"{method} {path}: {e!r} after {(self.head + self.data)[:200]!r}") from None

    def answer(self):
        self.head, self.data = b"", b""
        self.until(lambda: b"\r\n\r\n" in self.data)
        self.head, _, self.data = self.data.partition(b"\r\n\r\n")
        lines = self.head.decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(":", 1) for line in lines[1:])
        if "content-length" in headers:
            size = int(headers["content-length"])
            self.until(lambda: len(self.data) >= size)
        else:
            self.until(lambda: self.data.endswith(b"0\r\n\r\n"))
        if headers.get("connection", "").strip() == "close":
            self.close()
        return int(lines[0].split(" ")[1]), self.data

    def until(self, complete):
        while not complete():
            piece = self.socket.recv(65536)
            if not piece:
                self.ended = True
                raise ConnectionError("the connection ended")
            self.data += piece
