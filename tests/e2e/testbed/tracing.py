# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a process at its n-th system call of a kind, by strace."""

import subprocess

from .waiting import eventually


class KilledAt:
    """While entered, `pid` dies on entering the n-th system call that matches `calls` (a regular expression)."""

    def __init__(self, pid, calls, n):
        self._command = ["strace", "-f", "-p", str(pid), "-e", f"trace=/^({calls})$",
                         "-e", f"inject=/^({calls})$:signal=KILL:when={n}"]
        self._strace = None

    def __enter__(self):
        self._strace = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        # strace says so before it lets the process run on.
        eventually(lambda: "attached" in self._strace.stderr.readline(), "strace is attached")
        return self

    def __exit__(self, *_):
        self._strace.terminate()
        self._strace.communicate(timeout=10)


class FilesTouched:
    """While entered, notes the system calls by which processes name files; `lines` are strace's."""

    def __init__(self, pids, output):
        self._output = output
        attach = [word for pid in pids for word in ("-p", str(pid))]
        self._command = ["strace", "-f", *attach, "-e", "trace=%file", "-o", str(output)]
        self._strace = None

    @property
    def lines(self):
        return self._output.read_text(errors="replace").splitlines()

    def __enter__(self):
        self._strace = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        eventually(lambda: "attached" in self._strace.stderr.readline(), "strace is attached")
        return self

    def __exit__(self, *_):
        self._strace.terminate()
        self._strace.communicate(timeout=10)
