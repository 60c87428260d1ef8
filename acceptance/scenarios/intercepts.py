"""The example of a plugin in the place of the server, under load."""
import os
import subprocess

from .load import loaded
from .room import Penstock, free_port, require

PLUGINS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "examples/intercept/plugins")


def intercept(room):
    nginx = room.nginx()
    for style in "blocking", "event":
        os.mkdir(os.path.join(nginx.www, style))
        with open(os.path.join(nginx.www, style, "small"), "w") as file:
            file.write(f"hello in {style} style\n")
    port, admin = free_port(), free_port()
    config = room.file("penstock.yaml", f"""\
listeners:
  - address: 127.0.0.1:{port}
admin: {{ address: 127.0.0.1:{admin} }}
plugins: {PLUGINS}
""")
    room.penstock = ["env", f"PENSTOCK_JAVA_OPTS=-Dintercept.port={nginx.port}", *room.penstock]
    penstock = Penstock(room, config, port, admin).ready()
    facts = []
    for style in "blocking", "event":
        url = penstock.url(f"/{style}/small")
        curl = subprocess.run(["curl", "-sS", "--fail", "--max-time", "10", url], capture_output=True, text=True)
        require(curl.stdout == f"hello in {style} style\n", f"curl {url}: {curl.stdout}{curl.stderr}")
        _, words = loaded(url, 3 if room.quick else 30)
        facts.append(f"{style}: {words}")
    return "; ".join(facts)
