# SPDX-License-Identifier: Apache-2.0
"""The second half of ./quickstart: a CA and httpd with two managed domains, watched while their certificates arrive."""

import json
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/e2e"))

from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402

from testbed import tls  # noqa: E402
from testbed.httpd import Domain, Httpd, module_under_test  # noqa: E402
from testbed.pebble import Pebble  # noqa: E402
from testbed.pki import TestAuthority  # noqa: E402

# Browsers find *.localhost on this machine without a name server.
DOMAINS = {Domain("one.localhost", ("www.one.localhost",)): [tls.RSA_ONLY],
           Domain("two.localhost", settings=("MDPrivateKeys RSA secp384r1",)): [tls.RSA_ONLY, tls.EC_ONLY]}
PATIENCE = 120  # seconds


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    stays = "--once" not in sys.argv[1:] and sys.stdin.isatty() and sys.stdout.isatty()
    # Not below the repository: the children of httpd run as another user, and must get there.
    root = Path(tempfile.mkdtemp(prefix="md-quickstart-"))
    root.chmod(0o755)
    show = Show(root)
    try:
        show.start()
        show.watch()
        show.prove()
        if stays:
            show.stay()
    except KeyboardInterrupt:
        print()
    except AssertionError as failure:
        sys.exit(f"{failure}")
    finally:
        show.stop()
        shutil.rmtree(root, ignore_errors=True)


class Show:
    def __init__(self, root):
        self.root = root
        self.authority = TestAuthority(root)
        self.httpd = Httpd(root / "httpd")
        self.ca = Pebble(root / "pebble", self.authority, self.httpd.http_port, self.httpd.https_port)
        self._roots = None
        self._began = time.monotonic()
        self._told = {}  # how many log entries of each domain were shown

    def start(self):
        heading("A local ACME certificate authority (pebble)")
        self.ca.start()
        print(f"Directory: {self.ca.url}")
        self._roots = self.ca.roots()
        (self.root / "roots.pem").write_text(self._roots)

        heading("httpd with two managed domains")
        (self.httpd.root / "htdocs/index.html").write_text("It works, and nobody ordered a certificate by hand.\n")
        self.httpd.configure(DOMAINS, [
            f"MDCertificateAuthority {self.ca.url}", f"MDCACertificateFile {self.authority.root_file}",
            "MDCertificateAgreement accepted", "MDContactEmail you@example.org"])
        self.httpd.start()
        print(f"{module_under_test()}\nserves from {self.httpd.root}")
        for domain in DOMAINS:
            answer = tls.fetch(self.httpd.https_port, domain.name)
            print(f"{domain.name}: {answer.status}, with {describe(answer.certificate)}")

    def watch(self):
        """Tells what the module says about its work until each domain answers with its certificates."""
        heading("Certificates arrive")
        waiting = dict(DOMAINS)
        while waiting:
            if time.monotonic() - self._began > PATIENCE:
                said = [line for line in self.httpd.log().splitlines() if "[md:" in line]
                sys.exit("\n".join([f"No certificate after {PATIENCE} s. The module's last words:", *said[-30:]]))
            for domain in list(waiting):
                self._tell_news(domain)
                if all(self._is_served(domain, ciphers) for ciphers in waiting[domain]):
                    self._tell_news(domain)
                    self._say(domain, "live")
                    del waiting[domain]
            time.sleep(0.1)

    def prove(self):
        heading("The proof: requests over TLS, verified against the CA's root")
        for domain, kinds in DOMAINS.items():
            for ciphers in kinds:
                answer = self._fetch(domain, ciphers)
                assert answer.status == 200, answer
                print(f"{domain.name}: {answer.status}, with {describe(answer.certificate)}")

    def stay(self):
        heading("To look at yourself")
        for domain in DOMAINS:
            print(f"https://{domain.name}:{self.httpd.https_port}/index.html")
        print(f"http://localhost:{self.httpd.http_port}/md-status")
        print(f"curl --cacert {self.root}/roots.pem https://one.localhost:{self.httpd.https_port}/index.html\n"
              f"Configuration, log and store: {self.httpd.root}\n\nCtrl-C ends it all.")
        while self.httpd.is_running():
            time.sleep(0.5)
        sys.exit("httpd ended.")

    def stop(self):
        self.httpd.stop()
        self.ca.stop()

    def _tell_news(self, domain):
        status, body = tls.get(self.httpd.http_port, f"/md-status/{domain.name}")
        entries = json.loads(body).get("renewal", {}).get("log", {}).get("entries", []) if status == 200 else []
        for entry in reversed(entries[:len(entries) - self._told.get(domain.name, 0)]):
            self._say(domain, entry.get("detail") or entry["type"])
        self._told[domain.name] = max(len(entries), self._told.get(domain.name, 0))

    def _say(self, domain, what):
        print(f"{time.monotonic() - self._began:6.1f} s  {domain.name}: {what}", flush=True)

    def _is_served(self, domain, ciphers):
        try:
            return self._fetch(domain, ciphers).status == 200
        except OSError:
            return False

    def _fetch(self, domain, ciphers):
        return tls.fetch(self.httpd.https_port, domain.name, roots=self._roots, ciphers=ciphers)


def describe(certificate):
    key = certificate.public_key()
    kind = f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else key.curve.name
    return (f"a certificate of {certificate.issuer.rfc4514_string()} for {', '.join(sorted(tls.names_in(certificate)))} "
            f"({kind}, serial {certificate.serial_number:X})")


def heading(text):
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    main()
