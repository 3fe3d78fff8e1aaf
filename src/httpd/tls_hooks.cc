// SPDX-License-Identifier: Apache-2.0
#include "httpd/tls_hooks.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string_view>
#include <tuple>

#include "crypto/native.h"
#include "httpd/challenges.h"
#include "httpd/guard.h"
#include "httpd/runtime.h"

// mod_ssl offers these as optional hooks in a header that Debian does not install; the types are
// all that is needed of it (reference/feasibility.md §1.1).
extern "C" {
using ssl_HOOK_init_server_t = int(server_rec*, apr_pool_t*, int, SSL_CTX*);
using ssl_HOOK_pre_handshake_t = int(conn_rec*, SSL*, int);
}

namespace md::httpd {
namespace {

constexpr const char* kAlpnProtocol = "acme-tls/1";  // RFC 8737 §6.2

/// What we keep of a TLS connection: the handshake that a challenge may have to be answered in.
struct ConnectionState {
  SSL* ssl{nullptr};
  bool answers_challenge{false};
};

ConnectionState* state_of(conn_rec* connection) {
  return static_cast<ConnectionState*>(ap_get_module_config(connection->conn_config, &md_module));
}

ConnectionState& ensure_state_of(conn_rec* connection) {
  ConnectionState* state = state_of(connection);
  if (state == nullptr) {
    state = pool_owned<ConnectionState>(connection->pool);
    ap_set_module_config(connection->conn_config, &md_module, state);
  }
  return *state;
}

// --- certificates of hosts ---

int add_cert_files(server_rec* host, apr_pool_t* pool, apr_array_header_t* cert_files,
                   apr_array_header_t* key_files) noexcept {
  return guarded(DECLINED, [&] {
    Runtime* const runtime = current_runtime();
    const DomainRuntime* const domain = runtime ? runtime->find_by_host(host) : nullptr;
    if (domain == nullptr) {
      return DECLINED;
    }
    if (cert_files->nelts > 0) {
      runtime->hosts_with_own_files.insert(host);
      ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, host,
                   "AH10084: %s has certificate files of its own (SSLCertificateFile), and the "
                   "Managed Domain %s covers it: the files are used until the Managed Domain has a "
                   "certificate of the same key type.",
                   host->server_hostname, domain->domain.name.c_str());
      if (!domain->live.get()->has_certificate()) {
        return DECLINED;  // a fallback is worse than what the administrator has
      }
    }
    if (!domain->live.get()->has_certificate()) {
      ap_log_error(
          APLOG_MARK, APLOG_WARNING, 0, host,
          "AH10085: Init: %s:%u will respond with '503 Service Unavailable' for now. There "
          "are no SSL certificates configured and no other module contributed any.",
          host->server_hostname, host->port != 0 ? host->port : DEFAULT_HTTPS_PORT);
    }
    // mod_ssl uses the last file of each key type.
    for (const auto& [certificate, key] : runtime->files_of(*domain)) {
      *static_cast<const char**>(apr_array_push(cert_files)) =
          apr_pstrdup(pool, certificate.c_str());
      *static_cast<const char**>(apr_array_push(key_files)) = apr_pstrdup(pool, key.c_str());
    }
    return OK;
  });
}

bool negotiated_challenge(const SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  return length == std::strlen(kAlpnProtocol) && std::memcmp(protocol, kAlpnProtocol, length) == 0;
}

/// Has the connection completed a handshake before this one? A client that is asked to negotiate
/// anew (TLS 1.2, SSLVerifyClient of a directory) may refuse another certificate than before.
bool is_renegotiation(const SSL* ssl) {
  return SSL_get_peer_finished(ssl, nullptr, 0) > 0;
}

/// OpenSSL asks before it chooses a certificate; `data` is the TlsHost that SNI selected, since
/// mod_ssl switches contexts before (reference/feasibility.md §1.1). The answer is always 1: with
/// what the handshake has by then it may still come to something.
int provide_live_certificate(SSL* ssl, void* data) noexcept {
  return guarded(1, [&] {
    // TLS 1.3 negotiates ALPN before this: the challenge's certificate is in place already.
    if (negotiated_challenge(ssl) || is_renegotiation(ssl)) {
      return 1;
    }
    const TlsHost& host = *static_cast<const TlsHost*>(data);
    const auto live = current_runtime()->live_sets.for_handshake(*host.domain);
    if (live->has_keys() && !live->apply(ssl, host)) {
      // The loader has tried it before: memory is short.
      ap_log_error(APLOG_MARK, APLOG_ERR, 0, current_runtime()->server,
                   "mod_md: OpenSSL refused a certificate of %s that went live",
                   host.domain->domain.name.c_str());
    }
    return 1;
  });
}

int init_server(server_rec* host, apr_pool_t* /*pool*/, int is_proxy, SSL_CTX* context) noexcept {
  return guarded(OK, [&] {
    const Runtime* const runtime = current_runtime();
    if (is_proxy != 0 || runtime == nullptr || runtime->generations == nullptr) {
      return OK;
    }
    if (DomainRuntime* const domain = runtime->find_by_host(host); domain != nullptr) {
      domain->tls_hosts.push_back(std::make_unique<TlsHost>(
          TlsHost{domain, context, runtime->hosts_with_own_files.contains(host)}));
      SSL_CTX_set_cert_cb(context, provide_live_certificate, domain->tls_hosts.back().get());
    }
    return OK;
  });
}

// --- tls-alpn-01 ---

int pre_handshake(conn_rec* connection, SSL* ssl, int is_proxy) noexcept {
  return guarded(OK, [&] {
    if (is_proxy == 0 && current_runtime() != nullptr) {
      ensure_state_of(connection).ssl = ssl;
    }
    return OK;
  });
}

/// Of which type the challenge certificate has to be. TLS 1.2 has chosen the cipher by now, and
/// with it the type of key; a certificate of the other type would be ignored silently, and the
/// host's own would go out. TLS 1.3 takes any.
ChallengeKey challenge_key_for(const conn_rec* connection) {
  const ConnectionState* const state = state_of(const_cast<conn_rec*>(connection));
  if (state == nullptr || state->ssl == nullptr) {
    return ChallengeKey::Ec;
  }
  const SSL_CIPHER* const cipher = SSL_get_pending_cipher(state->ssl);
  const bool rsa = cipher != nullptr && SSL_CIPHER_get_auth_nid(cipher) == NID_auth_rsa;
  return rsa ? ChallengeKey::Rsa : ChallengeKey::Ec;
}

/// Only the challenge's certificate may go out (RFC 8737 §3): not one of another key type that the
/// host has beside it, nor the host's chain. That one (SSLCertificateChainFile) belongs to the
/// context and is sent after any certificate without a chain of its own, so this one gets an empty
/// chain. mod_ssl, which sets the certificate once more, leaves that in place. Where OpenSSL
/// refuses the pair, mod_ssl says so.
void use_alone(SSL* ssl, const TlsAlpnAnswer& answer) {
  SSL_certs_clear(ssl);
  const auto chain = crypto::Certificate::chain_from_pem(answer.certificate_pem);
  const auto key = crypto::PrivateKey::from_pem(answer.key_pem.text(), {});
  STACK_OF(X509)* const nothing = sk_X509_new_null();
  if (chain && key && nothing != nullptr) {
    std::ignore = SSL_use_cert_and_key(ssl, crypto::native_handle(chain->front()),
                                       crypto::native_handle(*key), nothing, 1);
  }
  sk_X509_free(nothing);
}

int answer_challenge(conn_rec* connection, const char* server_name, const char** certificate_pem,
                     const char** key_pem) noexcept {
  return guarded(DECLINED, [&] {
    const Runtime* const runtime = current_runtime();
    if (runtime == nullptr || server_name == nullptr) {
      return DECLINED;
    }
    auto answer = load_tls_alpn_answer(*runtime, server_name, challenge_key_for(connection));
    if (!answer) {
      runtime->logger.log(LogLevel::Info, LogId{10080},
                          fmt::format("tls-alpn-01 challenge: {}", answer.error().message));
      return DECLINED;
    }
    if (!*answer) {
      return DECLINED;
    }
    if (const ConnectionState* const state = state_of(connection); state != nullptr) {
      use_alone(state->ssl, **answer);
    }
    apr_pool_t* const pool = connection->pool;
    *certificate_pem = apr_pstrdup(pool, (*answer)->certificate_pem.c_str());
    const std::string_view key = (*answer)->key_pem.text();
    char* const key_copy = apr_pstrmemdup(pool, key.data(), key.size());
    // The copy goes with the connection; it must not stay behind in recycled pool memory.
    apr_pool_cleanup_register(
        pool, key_copy,
        [](void* text) -> apr_status_t {
          wipe(text, std::strlen(static_cast<char*>(text)));
          return APR_SUCCESS;
        },
        apr_pool_cleanup_null);
    *key_pem = key_copy;
    return OK;
  });
}

bool is_tls(conn_rec* connection) {
  return ap_ssl_conn_is_ssl(connection) != 0;
}

/// Without an answer the protocol is not proposed, and the handshake fails (RFC 8737 §4): a site's
/// own certificate must not go out to a validation.
bool has_answer_for(const Runtime& runtime, const conn_rec* connection) {
  const ConnectionState* const state = state_of(const_cast<conn_rec*>(connection));
  const char* const name = state != nullptr && state->ssl != nullptr
                               ? SSL_get_servername(state->ssl, TLSEXT_NAMETYPE_host_name)
                               : nullptr;
  return name != nullptr && has_tls_alpn_answer(runtime, name);
}

int propose_protocol(conn_rec* connection, request_rec* request, server_rec* /*host*/,
                     const apr_array_header_t* offers, apr_array_header_t* proposals) noexcept {
  return guarded(DECLINED, [&] {
    const bool offered = offers != nullptr && ap_array_str_contains(offers, kAlpnProtocol) != 0;
    const Runtime* const runtime = current_runtime();
    if (request != nullptr || !offered || runtime == nullptr || !is_tls(connection) ||
        !has_answer_for(*runtime, connection)) {
      return DECLINED;
    }
    *static_cast<const char**>(apr_array_push(proposals)) = kAlpnProtocol;
    return OK;
  });
}

int switch_protocol(conn_rec* connection, request_rec* request, server_rec* /*host*/,
                    const char* protocol) noexcept {
  return guarded(DECLINED, [&] {
    if (request != nullptr || std::string_view(protocol) != kAlpnProtocol || !is_tls(connection)) {
      return DECLINED;
    }
    // The handshake itself is the answer: nothing is spoken afterwards (RFC 8737 §4).
    ensure_state_of(connection).answers_challenge = true;
    connection->keepalive = AP_CONN_CLOSE;
    return OK;
  });
}

const char* selected_protocol(const conn_rec* connection) noexcept {
  const ConnectionState* const state = state_of(const_cast<conn_rec*>(connection));
  return state != nullptr && state->answers_challenge ? kAlpnProtocol : nullptr;
}

int close_after_challenge(conn_rec* connection) noexcept {
  const ConnectionState* const state = state_of(connection);
  return state != nullptr && state->answers_challenge ? OK : DECLINED;
}

}  // namespace

void register_tls_hooks() {
  static const char* const mod_ssl[] = {"mod_ssl.c", nullptr};
  ap_hook_ssl_add_cert_files(add_cert_files, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_ssl_answer_challenge(answer_challenge, nullptr, nullptr, APR_HOOK_MIDDLE);
  APR_OPTIONAL_HOOK(ssl, init_server, init_server, nullptr, nullptr, APR_HOOK_LAST);
  APR_OPTIONAL_HOOK(ssl, pre_handshake, pre_handshake, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_protocol_propose(propose_protocol, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_protocol_switch(switch_protocol, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_protocol_get(selected_protocol, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_process_connection(close_after_challenge, mod_ssl, nullptr, APR_HOOK_LAST);
}

}  // namespace md::httpd
