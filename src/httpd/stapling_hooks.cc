// SPDX-License-Identifier: Apache-2.0
// How TLS modules come by staples: mod_ssl in the handshake, by our status callback; others, and
// mod_ssl where it offers us no way to install that, by httpd's hooks.

#include <cstring>

#include "httpd/guard.h"
#include "httpd/runtime.h"
#include "httpd/stapling.h"
#include "httpd/startup.h"

// See tls_hooks.cc.
extern "C" {
using ssl_HOOK_init_server_t = int(server_rec*, apr_pool_t*, int, SSL_CTX*);
}

namespace md::httpd {
namespace {

Stapling* stapling_at(const server_rec* host) {
  const Runtime* const runtime = current_runtime();
  Stapling* const stapling = runtime != nullptr ? runtime->stapling.get() : nullptr;
  return stapling != nullptr && stapling->covers(host) ? stapling : nullptr;
}

/// Of what OpenSSL is about to send: it keeps the digest with the certificate.
std::optional<ocsp::StapleId> id_of(const X509* certificate) {
  ocsp::StapleId id{};
  unsigned length = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha1(), id.data(), &length) != 1 ||
      length != id.size()) {
    return std::nullopt;
  }
  return id;
}

/// OpenSSL takes the buffer over.
bool attach(SSL* ssl, const Bytes& der) {
  void* const copy = OPENSSL_memdup(der.data(), der.size());
  if (copy == nullptr) {
    return false;
  }
  if (SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(der.size())) != 1) {
    OPENSSL_free(copy);
    return false;
  }
  return true;
}

int prime(server_rec* host, apr_pool_t* /*pool*/, const char* /*id*/, apr_size_t /*id_length*/,
          const char* pem) noexcept {
  return guarded(DECLINED, [&] {
    Stapling* const stapling = stapling_at(host);
    if (stapling == nullptr) {
      return DECLINED;
    }
    const Runtime& runtime = *current_runtime();
    if (runtime.depends_on_domain(host) && !runtime.find_by_host(host)->domain.is_static()) {
      return OK;  // its certificates are known from the store, and change when new ones go live
    }
    const auto chain = crypto::Certificate::chain_from_pem(pem);
    if (!chain) {
      ap_log_error(APLOG_MARK, APLOG_WARNING, 0, host, "mod_md: no stapling: %s",
                   chain.error().message.c_str());
      return DECLINED;
    }
    return stapling->prime(host, *chain) ? OK : DECLINED;
  });
}

/// The certificate is ours to answer for even where nothing is known yet: a TLS module that were
/// declined would ask the responder itself, in the handshake (reference/feasibility.md §1.3).
int get_response(server_rec* host, conn_rec* /*connection*/, const char* id, apr_size_t id_length,
                 ap_ssl_ocsp_copy_resp* copy, void* data) noexcept {
  return guarded(DECLINED, [&] {
    const Stapling* const stapling = stapling_at(host);
    ocsp::StapleId wanted{};
    if (stapling == nullptr || id_length != wanted.size()) {
      return DECLINED;
    }
    std::memcpy(wanted.data(), id, wanted.size());
    const auto found = stapling->find(wanted);
    if (!found) {
      return DECLINED;
    }
    const ocsp::StaplePtr& staple = *found;
    if (staple != nullptr) {
      copy(staple->der.data(), staple->der.size(), data);
    } else {
      copy(nullptr, 0, data);
    }
    return OK;
  });
}

// What SSL_CTX_get_tlsext_status_cb is, without its C cast; `intercept` has the one that sets it.
using StatusCallback = int (*)(SSL*, void*);
StatusCallback status_callback_of(SSL_CTX* context) {
  StatusCallback callback = nullptr;
  SSL_CTX_ctrl(context, SSL_CTRL_GET_TLSEXT_STATUS_REQ_CB, 0, static_cast<void*>(&callback));
  return callback;
}

/// Certificates that demand staples (MDMustStaple), and nobody to provide them?
void warn_of_must_staple(const server_rec* host, SSL_CTX* context) {
  const Runtime* const runtime = current_runtime();
  const DomainRuntime* const entry = runtime != nullptr ? runtime->find_by_host(host) : nullptr;
  if (entry == nullptr || current_pass() == Pass::Trial) {
    return;
  }
  const model::ManagedDomain& domain = entry->domain;
  if (domain.settings.must_staple == model::Switch::On && status_callback_of(context) == nullptr) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, host,
                 "mod_md: MDMustStaple is on for the Managed Domain %s, but nothing staples at %s: "
                 "clients that heed it refuse the certificate. Set MDStapling on.",
                 domain.name.c_str(), host->server_hostname);
  }
}

/// After mod_ssl has set its own callback, if it has.
int init_server(server_rec* host, apr_pool_t* /*pool*/, int is_proxy, SSL_CTX* context) noexcept {
  return guarded(OK, [&] {
    if (is_proxy != 0) {
      return OK;
    }
    if (Stapling* const stapling = stapling_at(host)) {
      stapling->intercept(context);
    } else {
      warn_of_must_staple(host, context);
    }
    return OK;
  });
}

}  // namespace

void Stapling::intercept(SSL_CTX* context) {
  auto callback = std::make_unique<Callback>(Callback{this, nullptr, nullptr});
  callback->previous = status_callback_of(context);
  SSL_CTX_get_tlsext_status_arg(context, &callback->previous_argument);
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                        reinterpret_cast<void (*)()>(answer_status_request));
  SSL_CTX_set_tlsext_status_arg(context, callback.get());
  callbacks_.push_back(std::move(callback));
}

int Stapling::answer_status_request(SSL* ssl, void* data) noexcept {
  return guarded(SSL_TLSEXT_ERR_NOACK, [&] {
    const auto& callback = *static_cast<const Callback*>(data);
    const auto id = id_of(SSL_get_certificate(ssl));
    const auto found = id ? callback.stapling->find(*id) : std::nullopt;
    if (!found) {
      return callback.previous != nullptr ? callback.previous(ssl, callback.previous_argument)
                                          : SSL_TLSEXT_ERR_NOACK;
    }
    const ocsp::StaplePtr& staple = *found;
    return staple != nullptr && attach(ssl, staple->der) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  });
}

void register_stapling_hooks() {
  ap_hook_ssl_ocsp_prime_hook(prime, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_ssl_ocsp_get_resp_hook(get_response, nullptr, nullptr, APR_HOOK_MIDDLE);
  APR_OPTIONAL_HOOK(ssl, init_server, init_server, nullptr, nullptr, APR_HOOK_REALLY_LAST);
}

}  // namespace md::httpd
