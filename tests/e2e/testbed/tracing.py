# SPDX-License-Identifier: Apache-2.0
"""Processes under strace: kill -9 at the n-th system call of a kind, and which files are named."""

import subprocess

from .waiting import eventually


class _Traced:
    """While entered, strace is attached to processes, with these words of its command line."""

    def __init__(self, pids, *words):
        self._command = ["strace", "-f", *(word for pid in pids for word in ("-p", str(pid))), *words]
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


class KilledAt(_Traced):
    """While entered, `pid` dies on entering the n-th system call that matches `calls` (a regular expression)."""

    def __init__(self, pid, calls, n):
        super().__init__([pid], "-e", f"trace=/^({calls})$", "-e", f"inject=/^({calls})$:signal=KILL:when={n}")


class FilesTouched(_Traced):
    """While entered, notes the system calls by which processes name files; `lines` are strace's."""

    def __init__(self, pids, output):
        super().__init__(pids, "-e", "trace=%file", "-o", str(output))
        self._output = output

    @property
    def lines(self):
        return self._output.read_text(errors="replace").splitlines()
