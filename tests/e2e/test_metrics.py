# SPDX-License-Identifier: Apache-2.0
"""md-metrics and what comes with it: Prometheus' own tools have nothing to say against it."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from testbed import tls
from testbed.bed import Domain
from testbed.fault_proxy import problem
from testbed.waiting import eventually

pytestmark = pytest.mark.ours
CONTRIB = Path(__file__).resolve().parent.parent.parent / "contrib"


def scrape(bed):
    status, body = tls.get(bed.httpd.http_port, "/md-metrics")
    assert status == 200
    return body.decode()


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_what_is_told(bed):
    good = Domain("good.example.org", settings=("MDPrivateKeys P-256", "MDCAChallenges http-01"))
    bed.serve(good)
    bed.wait_served(good)
    bad = Domain("bad.example.org")
    bed.proxy.inject("new-order", problem(400, "rejectedIdentifier", 'not "this" name'), times=None)
    bed.configure(good, bad)
    bed.httpd.graceful()
    text = eventually(lambda: "md_renewal_failures_total{" in (told := scrape(bed)) and 'standing="failed"' in told and told,
                      "the failure is told")
    promtool("check", "metrics", text=text)
    assert 'md_certificate_not_after_timestamp_seconds{domain="good.example.org",key="p-256"} ' in text
    assert re.search(r'md_renewal_failures_total\{.*problem="urn:ietf:params:acme:error:rejectedIdentifier"\} 1', text)


def test_each_alert_fires_when_it_should_and_not_otherwise():
    promtool("check", "rules", str(CONTRIB / "prometheus/mod_md.rules.yml"))
    promtool("test", "rules", str(CONTRIB / "prometheus/mod_md.rules.test.yml"))
    rules = re.findall(r"alert: (\w+)", (CONTRIB / "prometheus/mod_md.rules.yml").read_text())
    tested = re.findall(r"alertname: (\w+)", (CONTRIB / "prometheus/mod_md.rules.test.yml").read_text())
    assert rules == tested


def test_alerts_and_dashboard_ask_for_metrics_that_exist():
    source = (CONTRIB.parent / "src/status/metrics.cc").read_text()
    known = set(re.findall(r'"(md_\w+)"', source)) | {"md_renewal_duration_seconds_sum", "md_renewal_duration_seconds_count"}
    dashboard = json.loads((CONTRIB / "grafana/mod_md.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked.append((CONTRIB / "prometheus/mod_md.rules.yml").read_text().replace("mod_md", ""))
    assert {name for text in asked for name in re.findall(r"\bmd_\w+", text)} <= known
