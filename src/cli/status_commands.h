// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

/// How things stand: commands that read files and change nothing.
namespace md::cli {

/// A table of these domains, or all: state, days left, when they renew, last error. JSON: each as
/// md-status shows it.
Result<Answer> status(Session& session, const std::vector<std::string>& names);

/// Why the domain will be renewed or not, in the words of the server's own decision.
Result<Answer> explain(Session& session, const std::string& name);

/// What is wrong with these domains, or all, for monitoring. Exit code 0: nothing; 1: somebody
/// should look (warn window, failing renewals, modes of files); 2: clients see it or soon will
/// (expired, missing or mismatching files, what cannot be read).
Result<Answer> check(Session& session, const std::vector<std::string>& names);

}  // namespace md::cli
