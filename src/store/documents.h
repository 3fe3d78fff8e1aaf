// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/result.h"
#include "json/value.h"
#include "model/job.h"
#include "model/managed_domain.h"
#include "model/validity.h"
#include "store/store.h"

/// The JSON files of the store, as mod_md 2.x writes and reads them (spec/store.md, "md.json").
/// Reading takes what is there and leaves out what is not; only what is no JSON at all is Corrupt.
namespace md::store {

/// What md.json says beyond the configuration.
struct DomainRecord {
  std::string name;
  std::vector<std::string> names;
  std::string account;  ///< id of the account that ordered: "ACME-localhost-0000"; may be empty
  std::string ca_url;   ///< of the CA that issued; empty before the first certificate
  model::DomainState state{model::DomainState::Unknown};
  std::string state_description;
  json::Value document;  ///< as it was stored, with members that only other versions know
};
Result<DomainRecord> parse_domain(std::string_view text, std::string_view what);
/// What md.json has as contacts: those configured, else those kept.
std::vector<std::string> contacts_of(const model::ManagedDomain& domain);
/// Leaves in `record.document` what to_json needs of it: members that only other versions know;
/// null if there are none. For records that are kept, of which there may be 10,000.
void keep_foreign_members(DomainRecord& record);

/// md.json for `domain`: configuration from `domain`, account, CA, and state from `record`, and
/// all unknown members of `record.document` kept. Members whose setting is not configured any more
/// are gone (ST-23). Order of members as mod_md writes them.
json::Value to_json(const model::ManagedDomain& domain, const DomainRecord& record);

model::Job parse_job(const json::Value& value);
json::Value to_json(const model::Job& job);
/// `last` and problem documents on their own: status documents show them in the same form.
json::Value to_json(const model::JobResult& result);

/// account.json.
struct AccountRecord {
  std::string status;  ///< "valid"; others are not used
  std::string url;
  std::string ca_url;
  std::vector<std::string> contacts;
  std::string orders;
  std::string external_kid;
  std::string external_hmac;
  json::Value registration;  ///< the CA's answer, as mod_md keeps it in staging
};
Result<AccountRecord> parse_account(std::string_view text, std::string_view what);
json::Value to_json(const AccountRecord& account);

/// order.json: the order under way, to be resumed after a restart.
struct OrderRecord {
  std::string url;
  std::string ca_url;
  std::string account_url;
  std::string key_spec;             ///< KeySpec::name()
  std::vector<std::string> names;   ///< asked for
  std::vector<std::string> setups;  ///< challenges in place: "http-01:www.example.org"
};
Result<OrderRecord> parse_order(std::string_view text, std::string_view what);
json::Value to_json(const OrderRecord& order);

/// ocsp-<id>.json: what a responder has answered.
struct OcspRecord {
  Bytes response;      ///< DER
  std::string status;  ///< "good" or "revoked"
  model::Validity validity;
};
/// One that lacks a member is of no use (OC-07): Corrupt.
Result<OcspRecord> parse_ocsp(std::string_view text, std::string_view what);
json::Value to_json(const OcspRecord& record);

// Names of files.
inline constexpr std::string_view kDomainFile = "md.json";
inline constexpr std::string_view kJobFile = "job.json";
inline constexpr std::string_view kOrderFile = "order.json";
inline constexpr std::string_view kAccountFile = "account.json";
inline constexpr std::string_view kAccountKeyFile = "account.pem";
inline constexpr std::string_view kHttp01File = "acme-http-01.txt";
std::string key_file(const model::KeySpec& spec);          ///< "privkey.secp384r1.pem"
std::string certificate_file(const model::KeySpec& spec);  ///< "pubcert.secp384r1.pem"

}  // namespace md::store
