// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// Files of a store that mod_md 2.6.10 (Debian) wrote, byte for byte. Long logs are cut in the
/// middle.
namespace md::testing::samples {

// clang-format off
/// After activation: two keys, account and CA known.
inline constexpr std::string_view kDomainWithTwoKeys = R"json({
  "name": "one.example.org",
  "domains": [
    "one.example.org",
    "www.one.example.org"
  ],
  "contacts": [
    "mailto:admin@example.org"
  ],
  "transitive": 1,
  "ca": {
    "account": "ACME-localhost-0000",
    "proto": "ACME",
    "url": "https://localhost:24000/dir",
    "urls": [
      "https://localhost:24000/dir"
    ],
    "agreement": "accepted"
  },
  "privkey": [
    {
      "type": "RSA",
      "bits": 2048
    },
    {
      "type": "EC",
      "curve": "secp384r1"
    }
  ],
  "state": 2,
  "renew-mode": 1,
  "renew-window": "33%",
  "warn-window": "10%",
  "must-staple": false,
  "proto": {
    "acme-tls/1": [
      "one.example.org",
      "www.one.example.org"
    ]
  },
  "stapling": true,
  "profile-mandatory": false,
  "ari-renewals": true
})json";

/// After activation: challenges, redirect, profile.
inline constexpr std::string_view kDomainWithSettings = R"json({
  "name": "two.example.org",
  "domains": [
    "two.example.org",
    "alias.two.example.org"
  ],
  "contacts": [
    "mailto:admin@example.org"
  ],
  "transitive": 1,
  "ca": {
    "account": "ACME-localhost-0000",
    "proto": "ACME",
    "url": "https://localhost:24000/dir",
    "urls": [
      "https://localhost:24000/dir"
    ],
    "agreement": "accepted",
    "challenges": [
      "tls-alpn-01"
    ]
  },
  "state": 2,
  "renew-mode": 1,
  "renew-window": "33%",
  "warn-window": "10%",
  "require-https": "permanent",
  "must-staple": false,
  "proto": {
    "acme-tls/1": [
      "two.example.org",
      "alias.two.example.org"
    ]
  },
  "stapling": true,
  "profile": "shortlived",
  "profile-mandatory": false,
  "ari-renewals": true
})json";

/// All that a section can say, as mod_md 2.6.10 keeps it.
inline constexpr std::string_view kDomainWithAllSettings = R"json({
  "name": "all.example.org",
  "domains": [
    "all.example.org",
    "more.example.org"
  ],
  "contacts": [
    "mailto:me@example.org"
  ],
  "transitive": 0,
  "ca": {
    "proto": "ACME",
    "urls": [
      "https://localhost:3/dir"
    ],
    "agreement": "https://localhost/terms",
    "challenges": [
      "http-01",
      "dns-01"
    ]
  },
  "privkey": [
    {
      "type": "EC",
      "curve": "secp384r1"
    },
    {
      "type": "RSA",
      "bits": 3072
    }
  ],
  "state": 1,
  "state-descr": "certificate(secp384r1) is missing",
  "renew-mode": 2,
  "renew-window": "14d",
  "warn-window": "20%",
  "require-https": "temporary",
  "must-staple": true,
  "proto": {
    "acme-tls/1": [
      "all.example.org"
    ]
  },
  "stapling": true,
  "cmd-dns-01": "/bin/dns arg",
  "proxy-url": "http://localhost:3128",
  "ca-certs": "ca.pem",
  "proxy-ca-certs": "ca.pem",
  "eab": {
    "kid": "kid",
    "hmac": "aGVsbG8"
  },
  "profile": "shortlived",
  "profile-mandatory": true,
  "ari-renewals": false
})json";

/// Before the first certificate.
inline constexpr std::string_view kDomainWithoutCertificate = R"json({
  "name": "bad.example.org",
  "domains": [
    "bad.example.org",
    "blocked-domain.example"
  ],
  "contacts": [
    "mailto:admin@example.org"
  ],
  "transitive": 1,
  "ca": {
    "proto": "ACME",
    "urls": [
      "https://localhost:24000/dir"
    ],
    "agreement": "accepted"
  },
  "state": 1,
  "state-descr": "certificate(rsa) is missing",
  "renew-mode": 1,
  "renew-window": "33%",
  "warn-window": "10%",
  "must-staple": false,
  "proto": {
    "acme-tls/1": [
      "bad.example.org"
    ]
  },
  "stapling": true,
  "profile-mandatory": false,
  "ari-renewals": true
})json";

/// A problem of the CA, with subproblems.
inline constexpr std::string_view kJobThatFailed = R"json({
  "name": "bad.example.org",
  "finished": false,
  "notified": false,
  "notified-renewed": false,
  "next-run": "Mon, 23 Nov 2026 03:18:54 GMT",
  "last-run": "Sun, 22 Nov 2026 12:41:24 GMT",
  "errors": 1,
  "last": {
    "status": 70013,
    "status-description": "Missing parameter for the specified command line option",
    "problem": "urn:ietf:params:acme:error:rejectedIdentifier",
    "detail": "Order included an identifier for which issuance is forbidden by policy: \"blocked-domain.example\"",
    "activity": "Creating new order, key-spec=default, profile=none, replacing-cert=none",
    "subproblems": [
      {
        "type": "urn:ietf:params:acme:error:rejectedIdentifier",
        "detail": "blocked-domain.example is a forbidden domain",
        "identifier": {
          "type": "dns",
          "value": "blocked-domain.example"
        }
      }
    ]
  },
  "log": {
    "entries": [
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-errored"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "renewal-error",
        "status": "urn:ietf:params:acme:error:rejectedIdentifier",
        "detail": "Order included an identifier for which issuance is forbidden by policy: \"blocked-domain.example\""
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Creating new order, key-spec=default, profile=none, replacing-cert=none: Order included an identifier for which issuance is forbidden by policy: \"blocked-domain.example\", problem: urn:ietf:params:acme:error:rejectedIdentifier"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Creating new order, key-spec=default, profile=none, replacing-cert=none"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Selecting account to use for bad.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Driving ACME to renew rsa certificate for bad.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Contacting ACME server for bad.example.org at https://localhost:24000/dir"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Resetting staging for bad.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Assessing current status"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Resetting staging area"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Checking staging area"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "MDomain bad.example.org initialized with support for ACME challenges tls-alpn-01 http-01"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "starting"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-renewing"
      }
    ]
  }
})json";

/// Staged.
inline constexpr std::string_view kJobThatFinished = R"json({
  "name": "two.example.org",
  "finished": true,
  "notified": true,
  "notified-renewed": true,
  "last-run": "Sun, 22 Nov 2026 12:41:24 GMT",
  "valid-from": "Sun, 22 Nov 2026 12:41:24 GMT",
  "errors": 0,
  "last": {
    "status": 0,
    "valid-from": "Sun, 22 Nov 2026 12:41:24 GMT"
  },
  "log": {
    "entries": [
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-renewed"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "finished"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "The certificate for the managed domain has been renewed successfully and can be used (valid since Sun, 22 Nov 2026 12:41:24 GMT). A graceful server restart now is recommended."
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Retrieving rsa certificate chain for two.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-challenge-setup:tls-alpn-01:alias.two.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-challenge-setup:tls-alpn-01:two.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Resetting staging area"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Checking staging area"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "MDomain two.example.org initialized with support for ACME challenges tls-alpn-01"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "starting"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-renewing"
      }
    ]
  }
})json";

inline constexpr std::string_view kJobActivated = R"json({
  "name": "two.example.org",
  "finished": true,
  "notified": true,
  "notified-renewed": true,
  "last-run": "Sun, 22 Nov 2026 12:41:24 GMT",
  "valid-from": "Sun, 22 Nov 2026 12:41:24 GMT",
  "errors": 0,
  "last": {
    "status": 0,
    "detail": "new certificate successfully saved in domains",
    "activity": "moving tmp to become new domains"
  },
  "log": {
    "entries": [
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "message-installed"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-renewed"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "finished"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "The certificate for the managed domain has been renewed successfully and can be used (valid since Sun, 22 Nov 2026 12:41:24 GMT). A graceful server restart now is recommended."
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-renewed"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-challenge-setup:tls-alpn-01:alias.two.example.org"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Resetting staging area"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "Checking staging area"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "progress",
        "detail": "MDomain two.example.org initialized with support for ACME challenges tls-alpn-01"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "starting"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:24 GMT",
        "type": "message-renewing"
      }
    ]
  }
})json";

/// Of a fetch of OCSP answers.
inline constexpr std::string_view kOcspJob = R"json({
  "name": "two.example.org",
  "finished": true,
  "notified": false,
  "notified-renewed": false,
  "last-run": "Sun, 22 Nov 2026 12:42:24 GMT",
  "errors": 0,
  "last": {
    "status": 0,
    "detail": "certificate status is GOOD, status valid Sun, 22 Nov 2026 12:42:24 GMT - Wed, 25 Nov 2026 12:42:24 GMT",
    "activity": "status of certid 38ca8edffdbc1f14d2b59f9d5268ac7823ea69ff, reading response"
  },
  "log": {
    "entries": [
      {
        "when": "Sun, 22 Nov 2026 12:42:24 GMT",
        "type": "message-ocsp-renewed"
      },
      {
        "when": "Sun, 22 Nov 2026 12:42:24 GMT",
        "type": "finished"
      },
      {
        "when": "Sun, 22 Nov 2026 12:42:24 GMT",
        "type": "progress",
        "detail": "status of certid 38ca8edffdbc1f14d2b59f9d5268ac7823ea69ff, reading response: certificate status is GOOD, status valid Sun, 22 Nov 2026 12:42:24 GMT - Wed, 25 Nov 2026 12:42:24 GMT"
      },
      {
        "when": "Sun, 22 Nov 2026 12:42:24 GMT",
        "type": "progress",
        "detail": "status of certid 38ca8edffdbc1f14d2b59f9d5268ac7823ea69ff, reading response"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "message-ocsp-errored"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "message-ocsp-errored"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "ocsp-error",
        "detail": "OCSP status update failed (1. time)"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "finished"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "progress",
        "detail": "status of certid 38ca8edffdbc1f14d2b59f9d5268ac7823ea69ff, contacting http://127.0.0.1:24002"
      },
      {
        "when": "Sun, 22 Nov 2026 12:41:31 GMT",
        "type": "starting"
      }
    ]
  }
})json";

inline constexpr std::string_view kAccount = R"json({
  "status": "valid",
  "url": "https://localhost:24000/my-account/3c08c0eea1d1e1bd",
  "ca-url": "https://localhost:24000/dir",
  "contact": [
    "mailto:admin@example.org"
  ],
  "orders": "https://localhost:24000/list-orderz/3c08c0eea1d1e1bd"
})json";

/// With the answer of the CA.
inline constexpr std::string_view kStagedAccount = R"json({
  "status": "valid",
  "url": "https://localhost:24000/my-account/3c08c0eea1d1e1bd",
  "ca-url": "https://localhost:24000/dir",
  "contact": [
    "mailto:admin@example.org"
  ],
  "registration": {
    "status": "valid",
    "contact": [
      "mailto:admin@example.org"
    ],
    "orders": "https://localhost:24000/list-orderz/3c08c0eea1d1e1bd",
    "key": {
      "kty": "RSA",
      "n": "upw5QfEPiDRHokBWoUC4lNIqZViKqNXHvILKOW-wLSqLkkH8z6tOU7GU96xtVEFen3OYE21K9G1Zf5zqZxWq_JfFg49WyyRwBqOzKK3MJIxNQ10zUv6-0elkmT2fF1Uq1aW1-dG4IbAAiveznRYmIDjSTRm3CU1WRKHW6MXW_rgLcPSAHmmOpUecxNbMkltOUIn9nvXnf3GUfkJvBHldGBuy-8IAitcwzojYYxzoOcTTuicFh9tk-Th7XrsKJ2n_OVME4W3HN0bnv10vmAzttJB9DiX-l6Hy4nxDKqxPvxB5UhNb2FGiRX7yxkajg6uMAIsHtHtP-dVHsOpyPVgJjYdBqg3T53sPvOvokLeiJM86U4hy4YJJeWg-x1AP-rDqDiHgWh6kJYtNeWyeuFEWFF1zzQpIz7Moc0wQgeueK7N7uvqsogV4RQKSZJOSf3NVaVtTa2Crclk1aMnwTN3Ic9bEn_0dPJuFIhM5ok0DrgAvHDPWWGBn8vQLNHc-z9rX",
      "e": "AQAB"
    }
  },
  "orders": "https://localhost:24000/list-orderz/3c08c0eea1d1e1bd"
})json";

inline constexpr std::string_view kHeader = R"json({
  "store": {
    "version": 3.0
  },
  "key": "N5FOwik6uoodRP4932OWxbpwkpYK5LAv1zbhE-mtqLej6Y-QJuBy84rKSq8R_6vT"
})json";

// clang-format on

}  // namespace md::testing::samples
