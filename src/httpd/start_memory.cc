// SPDX-License-Identifier: Apache-2.0
#include "httpd/start_memory.h"

namespace md::httpd {
namespace {

constexpr const char* kKey = "mod_md: known sets";
constexpr const char* kStartKey = "mod_md: full start";

/// In a pool of its own, below that of the process: the next one takes its place.
struct Retained {
  apr_pool_t* pool;
  const char* bytes;
  apr_size_t size;
};

Retained* find(const server_rec* server) {
  void* data = nullptr;
  apr_pool_userdata_get(&data, kKey, server->process->pool);
  return static_cast<Retained*>(data);
}

}  // namespace

std::string_view recall(const server_rec* server) {
  const Retained* const retained = find(server);
  return retained == nullptr ? std::string_view()
                             : std::string_view(retained->bytes, retained->size);
}

void retain(const server_rec* server, std::string_view bytes) {
  const Retained* const old = find(server);
  apr_pool_t* pool = nullptr;
  apr_pool_create(&pool, server->process->pool);
  auto* const retained = static_cast<Retained*>(apr_palloc(pool, sizeof(Retained)));
  *retained = {pool, apr_pstrmemdup(pool, bytes.data(), bytes.size()), bytes.size()};
  // Copies the key; the cleanup is libapr's, and stays when we are unloaded.
  apr_pool_userdata_set(retained, kKey, apr_pool_cleanup_null, server->process->pool);
  if (old != nullptr) {
    apr_pool_destroy(old->pool);
  }
}

TimePoint full_start(const server_rec* server, const Clock& clock) {
  apr_pool_t* const pool = server->process->pool;
  void* data = nullptr;
  apr_pool_userdata_get(&data, kStartKey, pool);
  if (data == nullptr) {
    const TimePoint::rep now = clock.now().time_since_epoch().count();
    data = apr_pmemdup(pool, &now, sizeof(now));
    apr_pool_userdata_set(data, kStartKey, apr_pool_cleanup_null, pool);
  }
  return TimePoint(TimePoint::duration(*static_cast<const TimePoint::rep*>(data)));
}

}  // namespace md::httpd
