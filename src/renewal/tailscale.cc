// SPDX-License-Identifier: Apache-2.0
#include "renewal/tailscale.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "renewal/certificate_seal.h"
#include "renewal/decide.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using store::Durability;
using store::Group;

// The daemon answers this name alone, so that no web page can make a browser ask it.
constexpr std::string_view kHost = "local-tailscaled.sock";
// Its first certificate takes it a while, and it says nothing meanwhile.
constexpr minutes kPatience{5};
constexpr seconds kConnectPatience{5};
// Of the certificates that tailscale's CA issues, before we have seen one.
constexpr std::chrono::days kUsualLifetime{90};
// Asked for on top, so that one which is due for renewal to the second is not handed out again.
constexpr minutes kMargin{10};

constexpr int kForbidden = 403;
constexpr int kOk = 200;

/// How long before its end a certificate of that lifetime is renewed: what the decision says.
Duration renew_window_of(const model::ManagedDomain& domain, Duration lifetime, TimePoint now) {
  CertificateFacts certificate;
  certificate.spec = domain.settings.effective_key_specs().front();
  certificate.validity = {now, now + lifetime};
  certificate.must_staple = domain.settings.must_staple == model::Switch::On;
  for (const model::DnsName& name : domain.names) {
    certificate.names.push_back(name.text());
  }
  RenewalFacts facts;
  facts.live.certificates.push_back(std::move(certificate));
  const auto renew_at = renewal_due(domain, facts, now).renew_at;
  return std::chrono::duration_cast<Duration>(now + lifetime - renew_at.value_or(now));
}

/// What is to be done about a connection that failed, in front of why it did.
Error explain(Error error, const std::string& socket) {
  switch (error.kind) {
    case ErrorKind::NotFound:
      error.message += fmt::format(
          "; is tailscaled running, and is {} the socket it listens on (MDCertificateAuthority)?",
          socket);
      break;
    case ErrorKind::Denied:
      error.message +=
          "; the user of httpd's child processes (User) may not use the socket of tailscaled: let "
          "it in";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

Result<std::string> socket_path_of(const std::string& ca_url) {
  constexpr std::string_view kScheme = "file://";
  std::string_view rest(ca_url);
  if (equals_ignoring_case(rest.substr(0, kScheme.size()), kScheme)) {
    rest.remove_prefix(kScheme.size());
    const auto path = rest.find('/');
    const std::string_view host = rest.substr(0, path);
    if (path != std::string_view::npos && rest.size() > path + 1 &&
        (host.empty() || equals_ignoring_case(host, "localhost"))) {
      return std::string(rest.substr(path));
    }
  }
  return fail(ErrorKind::Permanent,
              fmt::format("'{}' names no socket of tailscaled: MDCertificateAuthority has to be "
                          "file://localhost/ and the path of the socket",
                          printable(ca_url)));
}

Result<CertificateSetFacts> TailscaleAttempt::run() {
  MD_TRY(check_names());
  MD_ASSIGN_OR_RETURN(socket_, socket_path_of(ca_url_));
  journal_.progress(
      fmt::format("Asking tailscaled at {} for the certificate of {}", socket_, domain_.name));
  journal_.show();
  MD_ASSIGN_OR_RETURN(const store::KeyedChain keyed, fetch());
  MD_TRY(check(keyed));
  MD_TRY_CONTEXT(stage(keyed), "stage the certificate of tailscaled");
  CertificateSetFacts staged;
  staged.certificates.push_back(facts_of(keyed));
  return staged;
}

Status TailscaleAttempt::check_names() const {
  const model::DnsName& first = domain_.names.front();
  if (domain_.names.size() == 1 && first.is_valid() && !first.is_wildcard()) {
    return {};
  }
  std::vector<std::string> names;
  for (const model::DnsName& name : domain_.names) {
    names.push_back(name.text());
  }
  return fail(ErrorKind::Permanent,
              fmt::format("tailscale has certificates for one name each, without wildcards; the "
                          "Managed Domain {} is for {}",
                          domain_.name, join(names, " ")));
}

Duration TailscaleAttempt::wanted_validity() const {
  const auto live = world_.live_facts(domain_).overlap();
  const Duration lifetime = live ? live->length() : Duration(kUsualLifetime);
  return renew_window_of(domain_, lifetime, world_.clock.now()) + kMargin;
}

Result<store::KeyedChain> TailscaleAttempt::fetch() {
  const auto validity = std::chrono::ceil<seconds>(wanted_validity());
  auto key_pem = ask(fmt::format("type=pair&min_validity={}s", validity.count()));
  SecretBytes chain_pem;
  if (key_pem) {
    chain_pem = SecretBytes(key_pem->text());
  } else if (key_pem.error().kind == ErrorKind::InvalidInput) {
    // An older daemon, which hands them out one by one. The chain first: it may take a new one.
    MD_ASSIGN_OR_RETURN(chain_pem, ask("type=crt"));
    key_pem = ask("type=key");
  }
  if (!key_pem) {
    return std::move(key_pem).error();
  }
  MD_ASSIGN_OR_RETURN_CONTEXT(auto chain, crypto::Certificate::chain_from_pem(chain_pem.text()),
                              "certificate from tailscaled");
  MD_ASSIGN_OR_RETURN_CONTEXT(auto key, crypto::PrivateKey::from_pem(key_pem->text(), {}),
                              "private key from tailscaled");
  return store::KeyedChain{domain_.settings.effective_key_specs().front(), std::move(key),
                           std::move(chain)};
}

/// InvalidInput: the daemon does not know the question.
Result<SecretBytes> TailscaleAttempt::ask(std::string_view query) {
  http::Request request;
  request.url = fmt::format("http://{}/localapi/v0/cert/{}?{}", kHost, domain_.name, query);
  request.headers.add("Sec-Tailscale", "localapi");
  request.route.unix_socket = socket_;
  request.limits.connect = kConnectPatience;
  request.limits.stall = kPatience;
  request.limits.whole = kPatience;
  auto response = http_.send(request, world_.waiter);
  if (!response) {
    return explain(std::move(response).error(), socket_);
  }
  if (response->status != kOk) {
    return refused(*response);
  }
  SecretBytes answer{std::string_view(response->body)};
  wipe(response->body.data(), response->body.size());
  return answer;
}

Error TailscaleAttempt::refused(const http::Response& response) const {
  const std::string words = printable(trim(response.body));
  const std::string said = fmt::format("tailscaled at {} answers {}{}{}", socket_, response.status,
                                       words.empty() ? "" : ": ", words);
  if (response.status == kForbidden) {
    return fail(ErrorKind::Denied,
                said +
                    "; let the user of httpd's child processes (User) fetch certificates: on "
                    "Debian by TS_PERMIT_CERT_UID=www-data in /etc/default/tailscaled");
  }
  constexpr int kBadRequest = 400;
  return fail(response.status == kBadRequest ? ErrorKind::InvalidInput : ErrorKind::Rejected, said);
}

Status TailscaleAttempt::check(const store::KeyedChain& keyed) const {
  const crypto::Certificate& leaf = keyed.chain.front();
  if (!leaf.matches(keyed.key)) {
    return fail(ErrorKind::Rejected, "private key and certificate of tailscaled do not match");
  }
  const model::DnsName& name = domain_.names.front();
  if (!leaf.covers(name)) {
    return fail(ErrorKind::Rejected,
                fmt::format("the certificate of tailscaled is not for {}: it names {}", name.text(),
                            printable(join(leaf.dns_names(), " "))));
  }
  const TimePoint now = world_.clock.now();
  if (leaf.validity().until <= now) {
    return fail(ErrorKind::Rejected, fmt::format("the certificate of tailscaled ended on {}",
                                                 format_http_date(leaf.validity().until)));
  }
  const CertificateSetFacts live = world_.live_facts(domain_);
  RenewalFacts facts;
  facts.live.certificates.push_back(facts_of(keyed));
  if (!live.certificates.empty() &&
      live.certificates.front().sha256_fingerprint == leaf.sha256_fingerprint() &&
      renewal_due(domain_, facts, now).due) {
    return fail(ErrorKind::Rejected,
                fmt::format("tailscaled has no newer certificate yet than the one in use, which "
                            "ends on {}: it renews by itself, and is asked again",
                            format_http_date(leaf.validity().until)));
  }
  return {};
}

Status TailscaleAttempt::stage(const store::KeyedChain& keyed) {
  MD_TRY(stage_domain(world_, domain_, ca_url_));
  MD_ASSIGN_OR_RETURN(const std::string key_pem,
                      keyed.key.to_encrypted_pem(world_.store.key().bytes()));
  MD_ASSIGN_OR_RETURN(const std::string chain_pem, crypto::to_pem(keyed.chain));
  MD_TRY(world_.store.save(Group::Staging, domain_.name, store::key_file(keyed.spec), key_pem,
                           Durability::Synced));
  return stage_certificate(world_.store, domain_.name, keyed.spec, chain_pem, world_.store.key());
}

}  // namespace md::renewal
