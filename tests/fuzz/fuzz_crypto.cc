// SPDX-License-Identifier: Apache-2.0
// DER from the network: certificates and OCSP answers. The first byte chooses.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <tuple>
#include <utility>

#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/ocsp.h"
#include "crypto/private_key.h"
#include "store/served_set.h"
#include "time_per_byte.h"

namespace {

using md::crypto::Certificate;

void look_at(const Certificate& certificate) {
  std::ignore = certificate.validity();
  std::ignore = certificate.dns_names();
  std::ignore = certificate.serial();
  std::ignore = certificate.issuer_name();
  std::ignore = certificate.ari_cert_id();
  std::ignore = certificate.must_staple();
  std::ignore = certificate.ocsp_responder_url();
  std::ignore = certificate.is_self_signed();
  std::ignore = certificate.to_pem();
}

const Certificate& some_certificate() {
  static const Certificate certificate = [] {
    auto key = md::crypto::PrivateKey::generate(md::model::KeySpec::ec("P-256"));
    auto name = md::model::DnsName::parse("a.test");
    auto made = md::crypto::make_fallback_certificate(
        *key, {*name}, {md::TimePoint(), md::TimePoint() + std::chrono::hours(24 * 36500)});
    if (!made) {
      std::abort();
    }
    return *std::move(made);
  }();
  return certificate;
}

void look_at(std::uint8_t which, std::span<const unsigned char> der) {
  switch (which % 3) {
    case 0:
      if (const auto certificate = Certificate::from_der(der)) {
        look_at(*certificate);
      }
      break;
    case 1:
      if (md::crypto::check_ocsp_answer(der, some_certificate(), some_certificate(),
                                        md::TimePoint() + std::chrono::hours(1))) {
        std::abort();  // it was signed by nobody
      }
      break;
    default: {
      static const md::SecretBytes key = *md::crypto::random_bytes(32);
      if (md::store::open_bundle(der, "a.test", key)) {
        std::abort();  // nobody has sealed it
      }
      break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::span<const unsigned char> der(data + 1, size - 1);
  md::fuzz::run_in_linear_time(size, std::chrono::milliseconds(50), [&] { look_at(data[0], der); });
  return 0;
}
