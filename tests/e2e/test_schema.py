# SPDX-License-Identifier: Apache-2.0
"""The status documents, ours and those of Debian's mod_md, are what docs/schema says."""

import json
from pathlib import Path

import jsonschema
import pytest

from testbed import tls
from testbed.bed import Domain, Layout
from testbed.fault_proxy import problem
from testbed.httpd import DEBIAN_MOD_MD
from testbed.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = ROOT.parent / "shared/reference/samples"


def check(name, document):
    schema = json.loads((ROOT / f"docs/schema/{name}.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)


def check_answers(bed, good, bad):
    bed.proxy.inject("new-order", problem(400, "rejectedIdentifier", "not this name"), times=1)
    bed.serve(bad, options=["MDRetryDelay 1h"])
    eventually(lambda: bed.md_status(bad.name).get("renewal", {}).get("errors"), "a renewal has failed")
    bed.configure(good, bad, options=["MDRetryDelay 1h"])
    bed.httpd.graceful()
    bed.obtain(good, specs=("", "p-256"))
    check("md-status", bed.md_status())
    check("md-status", bed.md_status(good.name))
    check("md-status", bed.md_status(bad.name))
    reply = bed.fetch(good.name, "/.httpd/certificate-status")
    check("certificate-status", json.loads(reply.body))


@pytest.mark.parametrize("module", ["ours", "Debian's"])
def test_answers_are_what_the_schema_says(make_bed, module):
    """SE-10: the schema holds the bound of a job's log."""
    bed = make_bed(Layout(module=DEBIAN_MOD_MD)) if module == "Debian's" else make_bed()
    check_answers(bed, Domain("good.example.org", settings=("MDPrivateKeys RSA P-256",)), Domain("bad.example.org"))


@pytest.mark.parametrize("broken", [
    {}, {"version": "3", "managed-domains": [{"name": "a.test"}]},
    {"name": "a.test", "domains": ["a.test"], "state": 1, "cert": {}},
    {"name": "a.test", "domains": ["a.test"], "state": 9, "proto": {"acme-tls/1": []}, "cert": {}},
    {"name": "a.test", "domains": ["a.test"], "state": 1, "proto": {"acme-tls/1": []}, "cert": {}, "ca": {"eab": {"hmac": "a secret"}}},
    {"name": "a.test", "domains": ["a.test"], "state": 1, "proto": {"acme-tls/1": []}, "cert": {}, "eab": {"hmac": "a secret"}},
    {"name": "a.test", "domains": ["a.test"], "state": 1, "proto": {"acme-tls/1": []}, "cert": {}, "renew-at": "tomorrow"}])
def test_the_schema_refuses_what_is_none(broken):
    with pytest.raises(jsonschema.ValidationError):
        check("md-status", broken)


def test_samples_of_mod_md_are_what_the_schema_says():
    if not SAMPLES.is_dir():
        pytest.skip("the samples lie beside the project's own clones only")
    for name in ("md-status", "md-status-one.example.org", "certificate-status"):
        check("certificate-status" if name.startswith("cert") else "md-status",
              json.loads((SAMPLES / f"{name}.json").read_text()))
