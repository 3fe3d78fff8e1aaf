// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace md::http {

constexpr long kMaxRedirects = 3;

/// "GET https://ca.example.org/dir", for messages.
std::string describe(const Request& request);

/// Where the transfer has got to, after redirects.
std::string url_in_use(CURL* easy);

/// libcurl's code for a transfer that failed, and its `words` if any, as an error of ours.
Error curl_error(const Request& request, CURL* easy, CURLcode code, std::string_view words);

}  // namespace md::http
