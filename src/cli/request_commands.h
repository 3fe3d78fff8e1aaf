// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

/// What is asked of the server that runs (store/renewal_request.h): it sees to it within seconds,
/// without a reload.
namespace md::cli {

/// `AtOnce`: without waiting for the back-off of failed attempts.
enum class Haste { InTurn, AtOnce };
/// All names are looked up before anything is asked.
Result<Answer> renew(Session& session, const std::vector<std::string>& names, Haste haste);

/// Takes back what `renew` asked. NotFound where nothing was.
Result<Answer> cancel(Session& session, const std::vector<std::string>& names);

}  // namespace md::cli
