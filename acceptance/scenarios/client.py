"""A client that notices everything: whether a request it sent on an open connection was answered, and completely."""
import select
import socket


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
        self.data = b""
        return True

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def has_ended(self):
        """Whether the server has closed the connection before a request was sent: it may."""
        return bool(select.select([self.socket], [], [], 0)[0])

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
            self.close()
            raise Lost(f"{method} {path}: {e!r} after {self.data[:200]!r}") from None

    def answer(self):
        self.data = b""
        self.until(lambda: b"\r\n\r\n" in self.data)
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").lower().split("\r\n")
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
                raise ConnectionError("the connection ended")
            self.data += piece
