// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/session.h"

/// Certificates of before.
namespace md::cli {

/// What the archive holds of the domain, newest first.
Result<Answer> history(Session& session, const std::string& name);

/// Stages the set `<name>.<number>` of the archive, as a renewal does: a running server makes it
/// live within a second, else the next start does. What is live then goes to the archive. Refused
/// where it is not complete, does not match, lacks names, or has expired.
Result<Answer> restore(Session& session, const std::string& name, unsigned number);

}  // namespace md::cli
