# SPDX-License-Identifier: Apache-2.0
"""A real Apache httpd with a ServerRoot of its own and the module under test in it."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import processes
from .ports import free_port
from .waiting import eventually

APACHE = "/usr/sbin/apache2"
DEBIAN_MODULES = Path("/usr/lib/apache2/modules")
DEBIAN_MOD_MD = DEBIAN_MODULES / "mod_md.so"
REPOSITORY = Path(__file__).resolve().parents[3]
CHILD_USER = "www-data"


def module_under_test():
    return Path(os.environ.get("MD_MODULE", REPOSITORY / "build/release/mod_md.so")).resolve()


@dataclass(frozen=True)
class Domain:
    """One managed domain and the TLS vhost that uses it."""
    name: str
    aliases: tuple = ()
    settings: tuple = ()                         # lines of its <MDomain> section
    vhost: tuple = ()                            # lines of its <VirtualHost> section
    protocols: str = "h2 http/1.1 acme-tls/1"

    @property
    def names(self):
        return (self.name, *self.aliases)

    def grown(self, *more_names):
        """The same with more names: the configuration now asks for a renewal."""
        return replace(self, aliases=(*self.aliases, *more_names))

    def render(self, https_port):
        alias_line = [f"ServerAlias {' '.join(self.aliases)}"] if self.aliases else []
        return "\n".join([
            f"<MDomain {' '.join(self.names)}>", *self.settings, "</MDomain>",
            f"<VirtualHost 127.0.0.1:{https_port}>", f"ServerName {self.name}", *alias_line,
            "SSLEngine on", f"Protocols {self.protocols}", *self.vhost, "</VirtualHost>", ""])


@dataclass(frozen=True)
class PlainHost:
    """A TLS vhost with certificate files of its own: what httpd does without us."""
    name: str
    certificate_file: Path
    key_file: Path
    vhost: tuple = ()                            # lines of its <VirtualHost> section

    def render(self, https_port):
        return "\n".join([f"<VirtualHost 127.0.0.1:{https_port}>", f"ServerName {self.name}", "SSLEngine on",
                          f"SSLCertificateFile {self.certificate_file}", f"SSLCertificateKeyFile {self.key_file}",
                          *self.vhost, "</VirtualHost>", ""])


@dataclass
class Layout:
    """What an httpd is made of, apart from its managed domains."""
    mpm: str = "event"
    module: Path | None = field(default_factory=module_under_test)  # None: httpd without any mod_md
    one_process: bool = False                    # -X: no children, everything in the process that was started
    user: str | None = None                      # start as this user instead of as the one who runs the tests
    preload: str | None = field(default_factory=lambda: os.environ.get("MD_HTTPD_PRELOAD"))


class Httpd:
    def __init__(self, root: Path, layout=None):
        self.root = root
        self.layout = layout or Layout()
        self.http_port, self.https_port = free_port(), free_port()
        self.store = root / "md"
        self.modules_run = set()
        self._shutdowns = []  # what was logged during each
        self._process = None
        self._make_tree()

    # -- configuration

    def configure(self, domains=(), options=()):
        """Writes httpd.conf. `options` are lines of the global context."""
        text = "\n".join([self._base(), *options, ""]) + "\n".join(d.render(self.https_port) for d in domains)
        (self.root / "httpd.conf").write_text(text)

    def test_configuration(self):
        """apachectl -t: exit code and what it said."""
        done = self._run("-t")
        return done.returncode, done.stdout + done.stderr

    def list_directives(self):
        """What the modules that are loaded know: apachectl -L."""
        done = self._run("-L")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *options):
        return subprocess.run([APACHE, *self._arguments(), *options], capture_output=True, text=True, timeout=30,
                              env={**os.environ, **self._environment()})

    def _make_tree(self):
        for name in ("logs", "htdocs"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "htdocs/index.html").write_text("served\n")
        if self.layout.user:
            owner = pwd.getpwnam(self.layout.user)
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _base(self):
        modules = {name: DEBIAN_MODULES / f"mod_{name}.so"
                   for name in (f"mpm_{self.layout.mpm}", "authz_core", "socache_shmcb", "ssl", "http2", "status")}
        if self.layout.module:
            modules["md"] = self._reachable_module()
        return "\n".join([
            f"ServerRoot {self.root}", "PidFile logs/httpd.pid", "ServerName localhost",
            *(f"LoadModule {name}_module {path}" for name, path in modules.items()),
            *self._user_lines(),
            f"Listen 127.0.0.1:{self.http_port}", f"Listen 127.0.0.1:{self.https_port}",
            "DefaultRuntimeDir logs", "ErrorLog logs/error_log", "LogLevel info",
            "Timeout 20", "GracefulShutdownTimeout 5", "StartServers 2",
            "SSLSessionCache shmcb:logs/sessions(512000)", "Protocols h2 http/1.1 acme-tls/1",
            "DocumentRoot htdocs",
            f'<Directory "{self.root}/htdocs">', "Require all granted", "</Directory>",
            *(self._md_lines() if self.layout.module else [])])

    def _reachable_module(self):
        """The module, or a copy of it: the repository may lie where only its owner looks."""
        if not self.layout.user:
            return self.layout.module
        return shutil.copy(self.layout.module, self.root / "mod_md.so")

    def _md_lines(self):
        return ["LogLevel md:debug", f"MDPortMap http:{self.http_port} https:{self.https_port}", "MDStoreDir md",
                '<Location "/md-status">', "SetHandler md-status", "</Location>",
                '<Location "/server-status">', "SetHandler server-status", "</Location>",
                '<Location "/md-metrics">', "SetHandler md-metrics", "</Location>"]

    def _user_lines(self):
        starts_as_root = os.getuid() == 0 and not self.layout.user
        return [f"User {CHILD_USER}", f"Group {CHILD_USER}"] if starts_as_root else []

    def _mode(self):
        return ["-X"] if self.layout.one_process else ["-DFOREGROUND"]

    def _arguments(self):
        return ["-d", str(self.root), "-f", str(self.root / "httpd.conf")]

    # -- running

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        self.launch()
        self.wait_ready()
        return self

    def launch(self):
        """Starts without waiting. The error log goes on growing over restarts."""
        self._starts = self._count_of_starts()
        self.modules_run.add(self.layout.module)
        with open(self.root / "logs/stderr", "ab") as log:
            self._process = processes.spawn([APACHE, *self._arguments(), *self._mode()], log,
                                            user=self.layout.user, env=self._environment())

    def wait_ready(self, within=30.0):
        def serves():
            assert self._process.poll() is None, f"httpd ended:\n{self.log()[-3000:]}\n{self.stderr()[-3000:]}"
            return self.has_started()
        eventually(serves, "httpd is ready", within)

    def has_started(self):
        """Since it was last launched or told to restart."""
        return self._count_of_starts() > self._starts

    def stop(self):
        if self.is_running():
            said_before = len(self.log())
            processes.end(self._process)
            self._shutdowns.append(self.log()[said_before:])

    def exit_code(self):
        """Of the server that has ended; None while it runs."""
        return self._process.poll()

    def restart(self):
        self.stop()
        self.start()

    def graceful(self):
        self._starts = self._count_of_starts()
        self._process.send_signal(signal.SIGUSR1)
        self.wait_ready()

    def kill(self):
        """kill -9 of the whole server, parent first, so that nobody mourns."""
        victims = [self.pid, *processes.children(self.pid)]
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):  # the activator follows its parent by itself
                processes.kill_9(pid)
        self._process.wait()
        eventually(lambda: not any(processes.is_alive(pid) for pid in victims), "every process is gone")

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    # -- processes

    def children(self):
        """The processes below the parent."""
        return processes.children(self.pid)

    def serving_children(self):
        return [pid for pid in self.children() if processes.comm(pid) != "md-activator"]

    def activator(self):
        """The process that activates staged sets, when it runs."""
        return self._child_named("md-activator")

    def side_process(self):
        """The process that does work of a start beside the parent, while it runs."""
        return self._child_named("md-start")

    def _child_named(self, name):
        return next((pid for pid in self.children() if processes.comm(pid) == name), None)

    def child_behind(self, local_port):
        """The child that holds the connection with this near end."""
        return processes.owner_of_port(local_port, self.children())

    # -- log

    def log(self):
        path = self.root / "logs/error_log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stderr(self):
        path = self.root / "logs/stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    def mark(self):
        """A place in the log; `log_since` tells what came after it."""
        return len(self.log())

    def log_since(self, mark):
        return self.log()[mark:]

    def _count_of_starts(self):
        return self.log().count("resuming normal operations")

    def crashes(self):
        """
        Lines about children that died of anything but a test's kill -9, and reports of sanitizers.

        What dies at a SIGTERM does not count: mpm_event closes the sockets of its workers there while these close them,
        too, and now and then steps on one that is gone (core: apr_os_sock_get below its main loop; any modules). A child's
        orderly end is seen at each graceful restart, and everything at the end by the sanitizers.
        """
        at_stops = set(line for said in self._shutdowns for line in said.splitlines())
        died = [line for line in self.log().splitlines()
                if "exit signal" in line and "exit signal Killed (9)" not in line and line not in at_stops]
        reports = [path.read_text(errors="replace") for path in self.root.glob("logs/sanitizer.*")]
        reports += re.findall(r"^.*runtime error:.*$", self.stderr(), re.MULTILINE)
        return died + reports

    def _environment(self):
        """What a sanitizer wants."""
        if not self.layout.preload:
            return {}
        # httpd itself frees little at exit; reports go where `crashes` finds them, whichever user writes them.
        logs = self.root / "logs"
        logs.chmod(0o777)
        return {"LD_PRELOAD": self.layout.preload,
                "ASAN_OPTIONS": f"detect_leaks=0:log_path={logs}/sanitizer:abort_on_error=0:detect_odr_violation=0",
                "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={logs}/sanitizer"}

