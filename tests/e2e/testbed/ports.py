# SPDX-License-Identifier: Apache-2.0
"""Free loopback ports that no other test run on this machine takes meanwhile."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below the range from which the kernel picks ports of outgoing connections.
FIRST, LAST = 20000, 31999

_held = []  # open lock files: the locks last as long as this process


def free_port():
    locks = Path(tempfile.gettempdir()) / f"md-e2e-ports-{os.getuid()}"
    locks.mkdir(exist_ok=True)
    for port in random.sample(range(FIRST, LAST + 1), 200):
        lock = open(locks / str(port), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _bind_once(port)
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return port
    raise RuntimeError("no free loopback port found")


def _bind_once(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", port))
