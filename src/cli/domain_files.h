// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
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

/// In the order in which they were added, if the file system knows it; otherwise by name.
Result<StoredDomains> load_domains_as_added(const store::FileStore& store);

/// By its name, or by any name that it has. NotFound: in the words of mod_md's tool.
Result<store::DomainRecord> find_domain(const store::FileStore& store, const std::string& name);

/// Writes md.json as it is in `record.document`.
Status save_domain(store::FileStore& store, const store::DomainRecord& record);

/// Held while md.json or certificates of the domain are changed: the server's workers hold it while
/// they renew. Busy says that somebody else does.
Result<store::FileLock> lock_domain(store::FileStore& store, const std::string& name);

/// Which names a command takes: host names with a dot (no address of IPv6), or, where it is about
/// the files alone, whatever may be the name of a folder.
enum class NameRules { HostNames, Folders };

/// Lower case, in the order given, without duplicates. InvalidInput for none, and for what the
/// rules do not have.
Result<std::vector<std::string>> parse_names(const std::vector<std::string>& texts,
                                             NameRules rules);

/// Addresses with the mailto: of RFC 8555 §7.1.2, unless they are URIs already. InvalidInput for
/// none, and for what is neither.
Result<std::vector<std::string>> parse_contacts(const std::vector<std::string>& texts);

/// InvalidInput if a domain other than `except` has one of the names, or covers it, or is covered.
Status check_overlap(const std::vector<store::DomainRecord>& records,
                     const std::vector<std::string>& names, const std::string& except);

/// The URL of a CA for md.json: any URI. InvalidInput for the name of a CA, too: only the server's
/// configuration knows those.
Status check_ca_url(const std::string& text);

}  // namespace md::cli
