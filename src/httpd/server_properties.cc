// SPDX-License-Identifier: Apache-2.0
#include "httpd/server_properties.h"

#include <algorithm>

#include "json/value.h"

namespace md::httpd {
namespace {

constexpr std::string_view kFile = "httpd.json";
constexpr mode_t kMode = 0600;

bool is_reached(std::optional<std::uint16_t> port,
                const std::vector<std::uint16_t>& listened_ports) {
  return port &&
         std::find(listened_ports.begin(), listened_ports.end(), *port) != listened_ports.end();
}

}  // namespace

void note_server_properties(store::FileStore& store, const model::PortMap& ports,
                            const std::vector<std::uint16_t>& listened_ports, Logger& logger) {
  auto properties = json::Value::object();
  const auto stored = store.load_at_root(kFile);
  if (stored) {
    auto known = json::Value::parse(*stored, kFile);
    if (known && known->is_object()) {
      properties = std::move(*known);
    } else {
      logger.warning({}, store.path_of(kFile).string() + " is broken and written anew");
    }
  } else if (stored.error().kind != ErrorKind::NotFound) {
    logger.warning({}, stored.error().message);
  }
  auto protocols = json::Value::object();
  protocols.set("http", is_reached(ports.http, listened_ports))
      .set("https", is_reached(ports.https, listened_ports));
  properties.set("proto", std::move(protocols));
  const std::string document = properties.dump();
  if (stored && *stored == document) {
    return;
  }
  const auto saved = store.save_at_root(kFile, document, kMode, store::Durability::Replaceable);
  if (!saved) {
    logger.warning({}, saved.error().message);
  }
}

}  // namespace md::httpd
