"""A host's sshd, in small: runs what it is told through a socket, in its own network and alone.

`other_host.py serve SOCKET` answers; `other_host.py SOCKET HOST COMMAND` is the client's side. The
server's processes are not the client's children, as with a real host: they outlive a lost link.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys


def serve(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        while True:
            connection, _ = server.accept()
            if os.fork():
                connection.close()
                continue
            with connection, connection.makefile("r") as lines:
                command = lines.readline()
                run = subprocess.run(
                    ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=connection,
                    stderr=connection, check=False,
                )  # fmt: skip
                os._exit(run.returncode)


def ask(path: str, command: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(command.encode() + b"\n")
        while data := connection.recv(65536):
            os.write(1, data)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        ask(sys.argv[1], sys.argv[2])
