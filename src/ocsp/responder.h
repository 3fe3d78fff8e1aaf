// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/waiter.h"
#include "crypto/ocsp.h"
#include "http/client.h"
#include "ocsp/subject.h"

namespace md::ocsp {

/// Asks the certificate's responder and checks what it says: GET where question and URL are short
/// enough to be cached on the way (RFC 5019 §5), POST otherwise or where GET is not taken. Answers
/// of another status than 200 are Rejected, with `retry_after` if the responder gave one; for the
/// rest see http::Client::send and crypto::check_ocsp_answer. Every error names the responder.
Result<crypto::OcspAnswer> ask_responder(const Subject& subject, http::Client& client,
                                         const http::Route& route, const Clock& clock,
                                         const Waiter& waiter);

}  // namespace md::ocsp
