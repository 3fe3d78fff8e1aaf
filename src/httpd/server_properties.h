// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/logger.h"
#include "model/settings.h"
#include "store/file_store.h"

namespace md::httpd {

/// Writes `httpd.json`, what mod_md keeps of the server itself: whether the ports that a CA reaches
/// are listened on. A broken file is dropped and written anew; an unwritable one is reported.
void note_server_properties(store::FileStore& store, const model::PortMap& ports,
                            const std::vector<std::uint16_t>& listened_ports, Logger& logger);

}  // namespace md::httpd
