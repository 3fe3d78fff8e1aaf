# SPDX-License-Identifier: Apache-2.0
"""A client that asks for https://NAME/ twenty times a second and writes down, a line each, when it asked and what came:
"ok <hash of the certificate>" or what went wrong. It runs inside of a test's system, with nothing but Python.

Usage: client.py NAME ROOTS OUTPUT
"""

import hashlib
import socket
import ssl
import sys
import threading
import time

EVERY = 0.05  # seconds
PATIENCE = 30  # seconds, for one answer


def ask(name, context):
    with socket.create_connection(("127.0.0.1", 443), timeout=PATIENCE) as connection:
        with context.wrap_socket(connection, server_hostname=name) as secured:
            certificate = hashlib.sha256(secured.getpeercert(binary_form=True)).hexdigest()
            secured.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while received := secured.recv(65536):
                answer += received
    status = answer.split(b"\r\n", 1)[0].decode(errors="replace")
    return f"ok {certificate}" if " 200 " in status + " " else f"failed {status!r}"


def main():
    name, roots, output = sys.argv[1:]
    context = ssl.create_default_context(cafile=roots)
    lock = threading.Lock()
    file = open(output, "a", buffering=1)

    def one():
        began = time.time()
        try:
            outcome = ask(name, context)
        except OSError as failure:
            outcome = f"failed {failure!r}"
        with lock:
            file.write(f"{began:.3f} {time.time() - began:.3f} {outcome}\n")

    due = time.monotonic()
    while True:
        threading.Thread(target=one, daemon=True).start()
        due += EVERY
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
