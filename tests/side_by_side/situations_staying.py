# SPDX-License-Identifier: Apache-2.0
"""Situations of domains whose certificates stay: static files, hosts of all kinds, staples, and stores that are damaged."""

import datetime

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import ocsp as ocsp_wire

from situations_failing import A
from situations_life import NAME, Lines, collector
from testbed.bed import Domain
from testbed.ocsp import HOUR, forged, refusal, says

SITUATIONS = []
situation = collector(SITUATIONS)


# -- static files, manual

def static(life, days=60, *more):
    life.own_set("files", days, names=[NAME], group="static")
    folder = life.bed.root / "static"
    life.store.path.joinpath("static/files").rename(folder)
    life.store.path.joinpath("static").rmdir()
    return Domain(NAME, settings=(f"MDCertificateFile {folder}/pubcert.pem", f"MDCertificateKeyFile {folder}/privkey.pem", *more))


@situation("static/good")
def static_good(life):
    life.serve(static(life))
    life.wait_live()


@situation("static/due")
def static_due(life):
    life.serve(static(life, 5))
    life.wait_live()


@situation("static/expired")
def static_expired(life):
    life.serve(static(life, -0.5))
    life.wait_live()


@situation("static/renewed-always")
def static_always(life):
    life.serve(static(life, 5, "MDRenewMode always"))
    life.wait_staged_and_told()


@situation("static/no-longer")
def static_no_longer(life):
    life.serve(static(life))
    life.wait_live()
    life.again(A)
    life.wait_staged_and_told()


@situation("manual/nothing-there")
def manual_nothing(life):
    life.serve(A, MDRenewMode="manual")


@situation("manual/live")
def manual_live(life):
    life.own_set(NAME)
    life.serve(A, MDRenewMode="manual")
    life.wait_live()


# -- hosts

@situation("hosts/none")
def no_host(life):
    life.serve(Lines((f"MDomain {NAME}",)))


@situation("hosts/none-always")
def no_host_always(life):
    life.serve(Lines((f"MDomain {NAME}",)), MDRenewMode="always")
    life.wait_staged_and_told()


@situation("hosts/plain-http")
def plain_http(life):
    life.also_seen = [NAME]
    life.serve(Lines((f"MDomain {NAME}", f"<VirtualHost 127.0.0.1:{life.httpd.http_port}>", f"ServerName {NAME}", "</VirtualHost>",
                      f"<VirtualHost 127.0.0.1:{life.httpd.http_port}>", "ServerName localhost", "</VirtualHost>")))
    life.wait_staged_and_told()


@situation("hosts/base-server")
def base_server(life):
    life.serve(Lines(("MDomain localhost", "MDBaseServer on")), MDCAChallenges="http-01")
    life.wait_staged_and_told("localhost")


@situation("hosts/require-https-temporary")
def require_https(life):
    life.also_seen = [NAME]
    life.serve(A, MDRequireHttps="temporary")
    life.obtain()


@situation("hosts/require-https-before-certificate")
def require_https_early(life):
    life.also_seen = [NAME]
    life.serve(A, MDRequireHttps="permanent", MDInitialDelay="1h")


# -- staples

def stapled(life, action=None, options=(), **responder):
    life.with_stapling(**responder)
    life.serve(A, MDStapling="on", options=options)
    life.wait_staged_and_told()
    if action:
        life.ocsp.inject("ocsp", action(life), times=None)
    life.reload()
    life.wait_live()
    life.wait(lambda: life.ocsp.count("ocsp") >= 1, "the responder is asked")


def staple_is(life, wanted):
    life.wait(lambda: wanted in str(life.ask(f"/md-status/{NAME}")[2].get("cert", {}).get("rsa", {}).get("ocsp", "")),
              f"the staple is {wanted}")


def live_leaf(life):
    return life.store.chain(NAME)[0]


def forged_by_ca(life, **changes):
    """An answer of the CA itself about the live certificate; made when it is asked for."""
    def strike(exchange, reply):
        return says(forged(life.store.chain(NAME)[1], issuer_key(life), live_leaf(life), **changes))(exchange, reply)
    return strike


def issuer_key(life):
    return load_pem_private_key(life.bed.pebble.intermediate()[1], None)


@situation("staple/good", ocsp=True)
def staple_good(life):
    stapled(life)
    staple_is(life, "good")


@situation("staple/revoked", ocsp=True)
def staple_revoked(life):
    stapled(life, lambda life: forged_by_ca(life, status=ocsp_wire.OCSPCertStatus.REVOKED,
                                            revoked_at=datetime.datetime(2026, 1, 1)))
    staple_is(life, "revoked")


@situation("staple/unknown", ocsp=True)
def staple_unknown(life):
    stapled(life, lambda life: forged_by_ca(life, status=ocsp_wire.OCSPCertStatus.UNKNOWN))
    life.wait_logged("AH10")


@situation("staple/old", ocsp=True)
def staple_old(life):
    stapled(life, lambda life: forged_by_ca(life, this=-48 * HOUR, next=-24 * HOUR))


@situation("staple/responder-refuses", ocsp=True)
def staple_refused(life):
    stapled(life, lambda life: says(refusal(ocsp_wire.OCSPResponseStatus.TRY_LATER)))


@situation("staple/no-responder-named")
def staple_no_responder(life):
    life.own_set(NAME)
    life.serve(A, MDStapling="on")
    life.wait_live()


@situation("staple/must-staple", ocsp=True)
def must_staple(life):
    life.with_stapling()
    life.serve(A, MDMustStaple="on")
    life.wait_staged_and_told()


# -- damaged stores

def damaged(name, group, file, content, ends):
    """Between two starts, a file of a domain that is live holds something else."""
    def bring_about(life):
        life.serve(A)
        life.obtain()
        life.httpd.stop()
        path = life.store.path / group / NAME / file
        path.write_bytes(content)
        if life.begins():
            ends(life)
    situation(f"damaged/{name}")(bring_about)


def serves(life):
    life.wait_live()


def renews(life):
    life.wait_staged_and_told()


damaged("md-json-garbage", "domains", "md.json", b"garbage", serves)
damaged("md-json-other-types", "domains", "md.json",
        b'{"name": "a.example.org", "domains": ["a.example.org"], "state": "2", "renew-mode": "1", "must-staple": "no", "who": 1}', serves)
damaged("md-json-with-bom", "domains", "md.json", b'\xef\xbb\xbf{"name": "a.example.org",\r\n "domains": ["a.example.org"]}', serves)
damaged("pubcert-garbage", "domains", "pubcert.pem", b"garbage", renews)
damaged("pubcert-empty", "domains", "pubcert.pem", b"", renews)


def damaged_staging(name, file, content, ends):
    def bring_about(life):
        life.serve(A)
        life.wait_staged_and_told()
        life.httpd.stop()
        (life.store.path / "staging" / NAME / file).write_bytes(content)
        life.start()
        ends(life)
    situation(f"damaged/staged-{name}")(bring_about)


def is_live(life):
    life.wait_event("argument installed")


damaged_staging("job-garbage", "job.json", b"garbage", is_live)
damaged_staging("md-json-garbage", "md.json", b"garbage",
                lambda life: life.wait(lambda: life.proxy.count("finalize") >= 2 or life.is_live(), "a certificate is there"))
damaged_staging("pubcert-garbage", "pubcert.pem", b"garbage", lambda life: life.wait_staged_and_told())
