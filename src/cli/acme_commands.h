// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

/// Accounts with CAs (RFC 8555 §7.3). An account is named by its folder below `accounts/`.
namespace md::cli {

/// Registers a new account with the CA of -a, for the server to use from its next start.
Result<Answer> register_account(Session& session, const std::vector<std::string>& contacts);

/// Deactivates it at the CA, for good; the server does not use it any more.
Result<Answer> deactivate_account(Session& session, const std::string& id);

/// Tells the CA that its present terms of service are agreed to.
Result<Answer> agree_to_terms(Session& session, const std::string& id);

/// Asks the CA how the account stands, and notes it.
Result<Answer> validate_account(Session& session, const std::string& id);

/// Has an order made for these names, and shows what the CA wants to see for each: nothing is
/// answered.
Result<Answer> show_authorizations(Session& session, const std::string& id,
                                   const std::vector<std::string>& names);

}  // namespace md::cli
