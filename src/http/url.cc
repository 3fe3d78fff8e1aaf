// SPDX-License-Identifier: Apache-2.0
#include "http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace md::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* handle) const noexcept { curl_url_cleanup(handle); }
};
using UrlHandle = std::unique_ptr<CURLU, FreeUrl>;

std::optional<std::string> part_of(CURLU* url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) {
    return std::nullopt;
  }
  std::string copy(text);
  curl_free(text);
  return copy;
}

// No peer has a use for these in a URL, and logs and headers have none either.
bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte <= 0x20 || byte == 0x7F;
  });
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  const UrlHandle handle(curl_url());
  // libcurl forgives an empty host and takes the first part of the path for it.
  const bool has_host = text.find(":///") == std::string_view::npos;
  if (!handle || !has_host || !is_clean(text) ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  const auto scheme = part_of(handle.get(), CURLUPART_SCHEME, 0);
  const auto host = part_of(handle.get(), CURLUPART_HOST, 0);
  const auto port = part_of(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if ((scheme != "https" && scheme != "http") || !host || host->empty() || !port) {
    return std::nullopt;
  }
  return Url{*scheme, *host, *port};
}

std::optional<std::string> resolve_url(const std::string& base, const std::string& reference) {
  const UrlHandle handle(curl_url());
  if (!handle || !is_clean(reference) ||
      curl_url_set(handle.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  auto absolute = part_of(handle.get(), CURLUPART_URL, 0);
  return absolute && is_http_url(*absolute) ? absolute : std::nullopt;
}

}  // namespace md::http
