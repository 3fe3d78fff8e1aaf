# SPDX-License-Identifier: Apache-2.0
"""Starting servers that end with us, and reading /proc about them."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

ORDINARY_USER = "nobody"


def spawn(command, log, user=None, env=None):
    """Starts a server that gets SIGTERM should this process die; as `user`, if given."""
    prefix = ["setpriv", "--pdeathsig", "TERM"]
    if user:
        entry = pwd.getpwnam(user)
        prefix += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    # In a session of its own: httpd's prefork ends its whole process group when it stops.
    return subprocess.Popen(prefix + ["--"] + [str(word) for word in command], stdin=subprocess.DEVNULL,
                            stdout=log, stderr=log, env={**os.environ, **(env or {})}, start_new_session=True)


def end(process, within=10):
    """Ends a server that `spawn` started."""
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kill_9(pid):
    os.kill(pid, signal.SIGKILL)


def children(parent):
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        stat = _read(entry / "stat")
        if stat and int(stat.rpartition(")")[2].split()[1]) == parent:
            found.append(int(entry.name))
    return sorted(found)


def comm(pid):
    return _read(Path(f"/proc/{pid}/comm")).strip()


def threads_named(pid, prefix):
    """Ids of the process's threads whose name begins so."""
    return [int(task.name) for task in Path(f"/proc/{pid}/task").glob("*") if _read(task / "comm").startswith(prefix)]


def uid(pid):
    return int(_status_field(pid, "Uid").split()[0])


def rss_kb(pid):
    return int(_status_field(pid, "VmRSS").split()[0])


def is_alive(pid):
    stat = _read(Path(f"/proc/{pid}/stat"))
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def owner_of_port(local_port, candidates):
    """Which of `candidates` holds the TCP connection whose near end is `local_port`."""
    inode = _inode_of(local_port)
    for pid in candidates:
        if inode and f"socket:[{inode}]" in _open_files(pid):
            return pid
    return None


def _inode_of(local_port):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _read(Path(table)).splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == local_port and fields[9] != "0":
                return fields[9]
    return None


def _open_files(pid):
    targets = set()
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            targets.add(os.readlink(descriptor))
        except OSError:  # closed meanwhile
            continue
    return targets


def _status_field(pid, name):
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value
    raise ProcessLookupError(pid)


def _read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:  # ended meanwhile
        return ""


def anonymous_memory(pid):
    """What the process has written to and nobody else has, with what it shares since its fork; in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon:")).split()[1])
