// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

/// Accounts with CAs (RFC 8555 §7.3). An account is named by its folder below `accounts/`.
namespace md::cli {

/// Registers a new account with the CA of -a, for the server to use from its next start.
Result<Answer> register_account(Session& session, const std::vector<std::string>& contacts);

/// Takes accounts out of the store, and deactivates each at its CA for good, if that can be
/// reached: otherwise a warning says so. Ids that are not there are no error.
Result<Answer> deactivate_accounts(Session& session, const std::vector<std::string>& ids);

/// Tells the CA that its present terms of service, which -t has to name by their URL, are agreed
/// to.
Result<Answer> agree_to_terms(Session& session, const std::vector<std::string>& ids);

/// Asks the CA how the accounts stand, and notes it. One that is not valid is an error.
Result<Answer> validate_accounts(Session& session, const std::vector<std::string>& ids);

/// Has an order made for these names, and shows what the CA wants to see for each: nothing is
/// answered.
Result<Answer> show_authorizations(Session& session, const std::string& id,
                                   const std::vector<std::string>& names);

}  // namespace md::cli
