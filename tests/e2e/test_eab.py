# SPDX-License-Identifier: Apache-2.0
"""External account binding, at a CA that insists on it."""

import base64
import json
import os

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.fault_proxy import problem
from testbed.waiting import eventually

pytestmark = pytest.mark.ours
SETTINGS = ("MDPrivateKeys P-256", "MDCAChallenges http-01")
SPECS = ("p-256",)


def hmac_of(secret):
    return base64.urlsafe_b64encode(secret * 32).rstrip(b"=").decode()


HMACS = {"kid-1": hmac_of(b"1"), "kid-2": hmac_of(b"2")}
INLINE = f"MDExternalAccountBinding kid-1 {HMACS['kid-1']}"


@pytest.fixture
def bed(make_bed):
    return make_bed(config={"externalAccountBindingRequired": True, "externalAccountMACKeys": HMACS})


def bound(name, *lines):
    return Domain(f"{name}.example.org", settings=(*SETTINGS, *lines))


def eab_file(bed, content, name="eab.json"):
    path = bed.httpd.root / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(0o644)
    return path.name


def failed_job(bed, domain):
    def has_failed():
        job = bed.store.job(domain.name)
        return job if job.get("errors", 0) > 0 and job.get("next-run") else None
    return eventually(has_failed, f"{domain.name} has failed")


def bindings(bed):
    """The kids that registrations were made with, in their order. Whether an account exists is asked without."""
    asked = [exchange.payload() for exchange in bed.proxy.requests("new-account")]
    sent = [one["externalAccountBinding"] for one in asked if not one.get("onlyReturnExisting")]
    headers = [json.loads(base64.urlsafe_b64decode(one["protected"] + "==")) for one in sent]
    assert all(header["alg"] == "HS256" and header["url"].endswith("/sign-me-up") for header in headers), headers
    return [header["kid"] for header in headers]


def told(bed, domain):
    """All that is told without being asked for a secret."""
    status = json.dumps(bed.md_status(domain.name)) + json.dumps(bed.md_status())
    return status + tls.get(bed.httpd.http_port, "/server-status")[1].decode() + bed.httpd.log()


def test_C8_a_CA_that_wants_them_is_named_where_there_are_none(bed):
    domain = bound("none")
    bed.serve(domain)
    last = failed_job(bed, domain)["last"]
    assert last["problem"] == "urn:ietf:params:acme:error:externalAccountRequired"
    assert "MDExternalAccountBinding" in last["detail"]
    assert bindings(bed) == []


def test_the_values_are_used_once(bed):  # AC-21
    """The order after the registration fails, the server restarts, the account is still there."""
    domain = bound("once", INLINE)
    refusal = bed.proxy.inject("new-order", problem(500, "serverInternal", "not today"), times=None)
    bed.serve(domain)
    failed_job(bed, domain)
    kept = bed.store.json("staging", domain.name, "account.json")
    assert (kept["status"], kept["eab"]["kid"]) == ("valid", "kid-1")
    bed.httpd.stop()
    assert refusal.struck
    bed.proxy.heal()
    bed.httpd.start()
    bed.wait_served(domain)
    assert bindings(bed) == ["kid-1"]
    assert bed.pebble.accounts() == 1
    (account,) = bed.store.accounts()
    assert bed.store.json("accounts", account, "account.json")["url"] == kept["url"]
    assert bed.store.json("domains", domain.name, "md.json")["ca"]["account"] == account
    assert bed.md_status(domain.name)["eab"] == {"kid": "kid-1", "hmac": "***"}
    assert HMACS["kid-1"] not in told(bed, domain)


def test_each_binding_has_its_account(bed):  # AC-23
    """Inline, by a file, one for all; then one domain gets that of another."""
    by_file = eab_file(bed, {"kid": "kid-2", "hmac": HMACS["kid-2"]})
    first, second, third = bound("first"), bound("second", f"MDExternalAccountBinding {by_file}"), bound("third")
    bed.serve(first, second, third, options=[INLINE])
    bed.wait_served(first, second, third)
    assert sorted(bindings(bed)) == ["kid-1", "kid-2"]
    accounts = {domain.name: bed.store.json("domains", domain.name, "md.json")["ca"]["account"]
                for domain in (first, second, third)}
    assert accounts[first.name] == accounts[third.name] != accounts[second.name]

    third = bound("third", f"MDExternalAccountBinding {by_file}").grown("more.third.example.org")
    bed.configure(first, second, third, options=[INLINE])
    bed.httpd.graceful()
    bed.wait_served(third)
    assert bed.pebble.accounts() == 2
    assert bed.store.json("domains", third.name, "md.json")["ca"]["account"] == accounts[second.name]


def test_reports_11_an_account_goes_on_when_its_binding_is_taken_out(bed):
    """Also for a domain that comes later; a new kid makes a new account."""
    used = bound("used", INLINE)
    bed.serve(used)
    bed.wait_served(used)
    (account,) = bed.store.accounts()

    grown, new = bound("used").grown("more.used.example.org"), bound("new")
    bed.configure(grown, new)
    bed.httpd.graceful()
    bed.wait_served(grown, new)
    assert bindings(bed) == ["kid-1"] and bed.pebble.accounts() == 1 and bed.store.accounts() == [account]
    for domain in (grown, new):
        assert bed.store.json("domains", domain.name, "md.json")["ca"]["account"] == account

    other = bound("used", f"MDExternalAccountBinding kid-2 {HMACS['kid-2']}").grown("more.used.example.org",
                                                                                    "most.used.example.org")
    bed.configure(other, new)
    bed.httpd.graceful()
    bed.wait_served(other)
    assert bindings(bed) == ["kid-1", "kid-2"] and len(bed.store.accounts()) == 2


def test_reports_7_a_url_of_another_account_is_put_right(bed):
    """As after a restore of half a store: the CA knows whose the key is."""
    first, second = bound("first", INLINE), bound("second", f"MDExternalAccountBinding kid-2 {HMACS['kid-2']}")
    bed.serve(first, second)
    bed.wait_served(first, second)
    bed.httpd.stop()
    files = {name: bed.httpd.store / "accounts" / bed.store.json("domains", name, "md.json")["ca"]["account"] / "account.json"
             for name in (first.name, second.name)}
    mine, others = (json.loads(files[name].read_text()) for name in (first.name, second.name))
    files[first.name].write_text(json.dumps({**mine, "url": others["url"]}))
    grown = first.grown("more.first.example.org")
    bed.configure(grown, second)
    bed.httpd.start()
    bed.wait_served(grown)
    assert bed.pebble.accounts() == 2 and sorted(bindings(bed)) == ["kid-1", "kid-2"]
    told = [line for line in bed.httpd.log().splitlines() if f"is that of account {mine['url']}" in line]
    assert len(told) == 1 and "[md:warn]" in told[0], told
    assert "renewal at CA" not in bed.httpd.log()


def test_without_a_binding_it_says_what_to_do(bed):
    """And whoever has one goes on."""
    without, beside = bound("without", "MDExternalAccountBinding none"), bound("beside")
    bed.serve(without, beside, options=[INLINE])
    bed.wait_served(beside)
    detail = failed_job(bed, without)["last"]["detail"]
    assert "MDExternalAccountBinding" in detail and f"localhost:{bed.proxy.port}" in detail
    assert bindings(bed) == ["kid-1"]


def test_wrong_values(bed):  # AC-15
    """A secret that is no base64 is never sent; one that the CA does not know is reported in the CA's words; whoever
    has the right ones is not concerned."""
    garbage = bound("garbage", "MDExternalAccountBinding kid-3 not/base64+!")
    wrong = bound("wrong", f"MDExternalAccountBinding kid-2 {hmac_of(b'x')}")
    unknown = bound("unknown", f"MDExternalAccountBinding kid-9 {hmac_of(b'9')}")
    right = bound("right", INLINE)
    bed.serve(garbage, wrong, unknown, right)
    bed.wait_served(right)
    assert failed_job(bed, garbage)["last"]["problem"] == "apache:eab-hmac-invalid"
    for domain in (wrong, unknown):
        last = failed_job(bed, domain)["last"]
        assert last["problem"].startswith("urn:ietf:params:acme:error:"), last
        assert last["detail"], last
    assert set(bindings(bed)) == {"kid-1", "kid-2", "kid-9"}
    assert bed.pebble.accounts() == 1
    assert hmac_of(b"x") not in told(bed, wrong)


def test_files_that_cannot_be_used(bed):  # AC-22
    """The configuration test says which file, and which field."""
    bed.pebble.stop()
    contents = {"torn.json": ('{"kid": "kid-1", "hm', "error reading JSON file"),
                "nokid.json": ({"hmac": "aGk"}, "JSON does not contain 'kid' element"),
                "nohmac.json": ({"kid": "k"}, "JSON does not contain 'hmac' element"),
                "number.json": ({"kid": 1, "hmac": "aGk"}, "JSON does not contain 'kid' element")}
    for name, (content, words) in contents.items():
        eab_file(bed, content, name)
        said = configuration_error(bed, name)
        assert words in said and f"{bed.httpd.root}/{name}" in said and "aGk" not in said, said
    assert f"file not found: {bed.httpd.root}/absent.json" in configuration_error(bed, "absent.json")
    os.mkdir(bed.httpd.root / "folder.json")
    assert "error reading JSON file" in configuration_error(bed, "folder.json")


def configuration_error(bed, name):
    bed.configure(bound("file", f"MDExternalAccountBinding {name}"))
    code, said = bed.httpd.test_configuration()
    assert code != 0 and "MDExternalAccountBinding" in said and "httpd.conf" in said, said
    return said
