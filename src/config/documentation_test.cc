// SPDX-License-Identifier: Apache-2.0
// Holds docs/directives.md, the directive table and the list of the specification together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"
#include "config/directives.h"

namespace md::config {
namespace {

std::string escaped(std::string_view cell) {
  std::string text;
  for (const char character : cell) {
    text += character == '|' ? "\\|" : std::string(1, character);
  }
  return text;
}

/// The row of the documentation, up to the meaning.
std::string row_of(const Directive& directive) {
  const std::string default_cell =
      directive.default_text.empty() ? "–" : "`" + std::string(directive.default_text) + "`";
  return "| `" + std::string(directive.name) + " " + escaped(directive.syntax) + "` | " +
         std::string(describe(directive.scope)) + " | " + default_cell + " | ";
}

std::vector<std::string> documented_rows() {
  const auto path = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() /
                    "docs" / "directives.md";
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `MD") || line.starts_with("| `<MD")) {
      rows.push_back(line);
    }
  }
  return rows;
}

TEST(Documentation, HasARowForEachDirectiveInTheirOrder) {
  const auto rows = documented_rows();
  const auto directives = all_directives();
  for (std::size_t i = 0; i < std::min(rows.size(), directives.size()); ++i) {
    EXPECT_THAT(rows[i], ::testing::StartsWith(row_of(directives[i])));
    EXPECT_GT(rows[i].size(), row_of(directives[i]).size() + 2) << "no meaning: " << rows[i];
  }
  EXPECT_EQ(rows.size(), directives.size());
}

TEST(Directives, AreAllThoseOfTheSpecification) {
  const std::set<std::string> specified{
      "MDomain",
      "<MDomain",
      "<MDomainSet",
      "MDMember",
      "MDMembers",
      "MDMatchNames",
      "MDBaseServer",
      "MDPortMap",
      "MDCertificateAuthority",
      "MDCertificateProtocol",
      "MDCertificateAgreement",
      "MDContactEmail",
      "MDExternalAccountBinding",
      "MDCACertificateFile",
      "MDHttpProxy",
      "MDHttpProxyCACertificateFile",
      "MDProfile",
      "MDProfileMandatory",
      "MDPrivateKeys",
      "MDMustStaple",
      "MDCertificateFile",
      "MDCertificateKeyFile",
      "MDRenewMode",
      "MDDriveMode",
      "MDRenewWindow",
      "MDWarnWindow",
      "MDRenewViaARI",
      "MDCheckInterval",
      "MDInitialDelay",
      "MDRetryDelay",
      "MDRetryFailover",
      "MDActivationDelay",
      "MDLiveActivation",
      "MDCAChallenges",
      "MDChallengeDns01",
      "MDChallengeDns01Version",
      "MDNotifyCmd",
      "MDMessageCmd",
      "MDRequireHttps",
      "MDServerStatus",
      "MDCertificateStatus",
      "MDCertificateMonitor",
      "MDCertificateCheck",
      "MDStapling",
      "MDStapleOthers",
      "MDStaplingKeepResponse",
      "MDStaplingRenewWindow",
      "MDStoreDir",
      "MDStoreLocks",
  };
  std::set<std::string> known;
  for (const Directive& directive : all_directives()) {
    known.emplace(directive.name);
  }
  EXPECT_EQ(known, specified);
}

}  // namespace
}  // namespace md::config
