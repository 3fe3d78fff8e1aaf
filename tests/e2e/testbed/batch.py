# SPDX-License-Identifier: Apache-2.0
"""How long a batch of domains takes from the start of httpd to the last certificate on disk."""

import shutil
import time

from .httpd import Domain
from .waiting import eventually

OPTIONS = ("MDPrivateKeys P-256", "MDCAChallenges http-01", "MDRetryDelay 5s", "LogLevel md:info")
FILE = "pubcert.p-256.pem"


def many(count):
    return [Domain(f"host{number}.example.org") for number in range(count)]


def certified(store, file=FILE):
    """The domains that have a certificate; a set that is being made live is for a moment in neither place."""
    return {path.parent.name for group in ("staging", "domains", "tmp") for path in store.glob(f"{group}/*/{file}")}


def obtain(httpd, domains, wanted, options, within):
    """Seconds, from an empty store on, until all of `wanted` have a certificate. httpd is left running."""
    shutil.rmtree(httpd.store, ignore_errors=True)
    httpd.configure(domains, [*options, *OPTIONS])
    httpd.start()
    started = time.monotonic()
    names = {domain.name for domain in wanted}
    eventually(lambda: names <= certified(httpd.store), f"{len(names)} certificates are there", within)
    return time.monotonic() - started
