"""Watches the resident memory of a process, and the kernel's share of what is under way."""
import threading

LIMIT_MIB = 300
INTERVAL = 0.05


def resident(pid, field="VmRSS"):
    """In MiB."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """Samples VmRSS every 50 ms; VmHWM, which the kernel keeps, catches what falls between."""

    def __init__(self, pid):
        self.pid = pid
        self.before = resident(pid)
        self.samples = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.sample, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def sample(self):
        while True:
            try:
                self.samples.append(resident(self.pid))
            except OSError:
                return  # the process has ended
            if self.over.wait(INTERVAL):
                return

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        try:
            self.peak = max(max(self.samples), resident(self.pid, "VmHWM"))
        except OSError:
            self.peak = max(self.samples)


def queued(*ports):
    """Bytes in the kernel's buffers of all TCP connections from or to these ports, of both ends."""
    wanted = {f"{port:04X}" for port in ports}
    total = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:
            next(lines)
            for line in lines:
                fields = line.split()
                ends = {fields[1].rsplit(":", 1)[1], fields[2].rsplit(":", 1)[1]}
                if fields[3] == "01" and ends & wanted:
                    sending, receiving = fields[4].split(":")
                    total += int(sending, 16) + int(receiving, 16)
    return total
