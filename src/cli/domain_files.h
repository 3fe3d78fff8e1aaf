// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/dns_name.h"
#include "store/documents.h"
#include "store/file_store.h"
#include "store/lock.h"

/// The stored managed domains, as commands read and change them.
namespace md::cli {

/// All that can be read, sorted by name. What cannot be read goes to `flaws`, with file and reason.
struct StoredDomains {
  std::vector<store::DomainRecord> records;
  std::vector<Error> flaws;
};
Result<StoredDomains> load_domains(const store::FileStore& store);

/// By its name, or by any name that it has. NotFound says how to see which there are.
Result<store::DomainRecord> find_domain(const store::FileStore& store, const std::string& name);

/// Writes md.json as it is in `record.document`.
Status save_domain(store::FileStore& store, const store::DomainRecord& record);

/// Held while md.json or certificates of the domain are changed: the server's workers hold it while
/// they renew. Busy says that somebody else does.
Result<store::FileLock> lock_domain(store::FileStore& store, const std::string& name);

/// Lower case, in the order given, without duplicates. InvalidInput for none, and for what is no
/// DNS name: a port has no place in one.
Result<std::vector<model::DnsName>> parse_names(const std::vector<std::string>& texts);

/// Addresses with the mailto: of RFC 8555 §7.1.2, unless they are URLs already. InvalidInput for
/// none, and for what is neither.
Result<std::vector<std::string>> parse_contacts(const std::vector<std::string>& texts);

/// Conflict if a domain other than `except` has one of the names, or covers it, or is covered.
Status check_overlap(const std::vector<store::DomainRecord>& records,
                     const std::vector<model::DnsName>& names, const std::string& except);

}  // namespace md::cli
