// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/apache.h"

/// `/.httpd/certificate-status` of managed names: answered on http as on https, as monitors ask
/// where they can, and whatever the host otherwise serves. Access control of the path holds.
namespace md::httpd {

/// Is it a request that is answered so?
bool asks_for_certificate_status(const request_rec* request);

void register_certificate_status_hooks();

}  // namespace md::httpd
