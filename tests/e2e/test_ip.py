# SPDX-License-Identifier: Apache-2.0
"""Certificates for IP addresses (RFC 8738): the CA connects to the address, the client verifies it."""

import ipaddress

import pytest
from cryptography import x509

from testbed.bed import Domain

ADDRESS = "127.0.0.1"


@pytest.mark.ours
@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_a_certificate_for_an_address(bed, challenge):
    domain = Domain(ADDRESS, settings=("MDPrivateKeys P-256", f"MDCAChallenges {challenge}"))
    bed.serve(domain)
    bed.wait_served(domain)
    certificate = bed.fetch(ADDRESS).certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address(ADDRESS)]
    assert names.get_values_for_type(x509.DNSName) == []
    assert bed.pebble.orders() == 1
