// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "model/settings.h"

/// Whether a certificate gets a staple: pure.
namespace md::ocsp {

/// What MDStapling and MDStapleOthers say where a host serves a certificate. nullopt: nothing.
struct StaplingWords {
  std::optional<model::Switch> in_section;  ///< MDStapling in the domain's <MDomain>
  std::optional<model::Switch> in_host;     ///< MDStapling in the <VirtualHost> itself
  std::optional<model::Switch> in_server;   ///< MDStapling of the main server
  std::optional<model::Switch> others_in_host;
  std::optional<model::Switch> others_in_server;
};

/// Do the certificates of a managed domain get staples at that host? The nearest word counts: the
/// domain's section, the host, the server.
bool staples_managed(const StaplingWords& words);
/// Do certificates that belong to no managed domain? MDStapling has to be on there, by the host's
/// word or the server's, and MDStapleOthers not off.
bool staples_others(const StaplingWords& words);

}  // namespace md::ocsp
