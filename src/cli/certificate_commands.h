// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

/// Commands that talk to a CA.
namespace md::cli {

/// What `drive` is to do.
struct Drive {
  std::vector<std::string> names;  ///< none: all
  std::string challenge;           ///< "http-01", …; empty: as the domain says
  bool force{false};               ///< also what is not due
  bool reset{false};               ///< drop what an earlier attempt has staged
  bool no_contact{false};          ///< register an account though there is nobody to write to
};

/// Obtains certificates for these domains where they are due, and installs them as a renewal by the
/// server does; what was live goes to the archive. httpd answers the challenges, from the store.
/// md.json says how; -C and -p are for domains that name neither. A domain that fails holds up no
/// other; the first failure is the answer, what goes well is told as progress.
Result<Answer> drive(Session& session, const Drive& wanted);

/// Has the CA revoke the live certificates of the domain. They stay in use until they are renewed.
Result<Answer> revoke(Session& session, const std::string& name, const std::string& reason);

}  // namespace md::cli
