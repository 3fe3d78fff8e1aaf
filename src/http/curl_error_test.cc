// SPDX-License-Identifier: Apache-2.0
// What libcurl's codes become. What it says of real transfers: curl_client_test.cc.
#include "http/curl_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace md::http {
namespace {

struct Case {
  const char* name;
  int code;
  const char* words;
  ErrorKind kind;
  const char* message;
};

class CurlErrorOf : public ::testing::TestWithParam<Case> {};

TEST_P(CurlErrorOf, IsOneOfOurs) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(),
                                                                 curl_easy_cleanup);
  Request request;
  request.url = "http://ca.test/dir";
  const Error error =
      curl_error(request, easy.get(), static_cast<CURLcode>(GetParam().code), GetParam().words);
  EXPECT_EQ(error.kind, GetParam().kind);
  EXPECT_EQ(error.message, GetParam().message);
}

// Each libcurl has one way to say that a header is too long; all ways are known to every build.
INSTANTIATE_TEST_SUITE_P(
    HeadersThatAreTooLong, CurlErrorOf,
    ::testing::Values(
        Case{"LineTillLibcurl85", CURLE_OUT_OF_MEMORY, "", ErrorKind::Network,
             "GET http://ca.test/dir: a header line without end, or no memory left"},
        Case{"LineFromLibcurl86", 100, "", ErrorKind::Network,
             "GET http://ca.test/dir: a header line without end, or no memory left"},
        Case{"LinesFromLibcurl86", 100, "Too many response headers, 5000 is max",
             ErrorKind::InvalidInput,
             "GET http://ca.test/dir: the header is longer than libcurl takes: Too many response "
             "headers, 5000 is max"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace md::http
