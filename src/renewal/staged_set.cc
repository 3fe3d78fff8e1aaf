// SPDX-License-Identifier: Apache-2.0
#include "renewal/staged_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "crypto/proven_key.h"
#include "model/key_label.h"
#include "renewal/certificate_seal.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

using store::Group;
using store::Store;

/// Where a set lies.
struct Folder {
  const Store& store;
  Group group;
  const model::ManagedDomain& domain;
  std::span<const unsigned char> passphrase;
  const SecretBytes* seal_key;  ///< null: no seal is demanded

  [[nodiscard]] Result<std::string> load(const std::string& file) const {
    return store.load(group, domain.name, file);
  }
  /// In messages: below the store, which is not the reader's business.
  [[nodiscard]] std::string path(const std::string& file) const {
    return fmt::format("{}/{}/{}", store::name_of(group), domain.name, file);
  }
};

/// What is there for one key spec.
struct LoadedPair {
  std::optional<store::KeyedChain> keyed;
  std::string flaw;
  bool is_broken{false};
  bool is_absent{false};  ///< neither key nor certificate
};

/// A part of a pair: the thing, nothing, or why it cannot be used.
template <class T>
struct Part {
  std::optional<T> value;
  std::optional<Error> error;
};

template <class T, class Parse>
Part<T> load_part(const Folder& folder, const std::string& file, Parse parse) {
  auto text = folder.load(file);
  if (!text) {
    if (text.error().kind == ErrorKind::NotFound) {
      return {};
    }
    return {std::nullopt, std::move(text).error()};
  }
  Result<T> parsed = parse(*text);
  wipe(text->data(), text->size());
  if (!parsed) {
    return {std::nullopt, with_context(std::move(parsed).error(), folder.path(file))};
  }
  return {std::move(parsed).value(), std::nullopt};
}

LoadedPair unusable(std::string_view what, const model::KeySpec& spec, const Error& error) {
  return {std::nullopt,
          fmt::format("{}({}) cannot be used: {}", what, model::label_of(spec), error.message),
          error.kind != ErrorKind::Io, false};
}

LoadedPair missing(std::string_view what, const model::KeySpec& spec, bool is_broken) {
  return {std::nullopt, fmt::format("{}({}) is missing", what, model::label_of(spec)), is_broken,
          false};
}

/// With tailscale it is the daemon that makes the key, and chooses its kind.
bool may_be_of_any_kind(const model::ManagedDomain& domain) {
  return domain.settings.protocol == model::CertificateProtocol::Tailscale;
}

/// Why a pair that belongs together does not fit the configuration; empty if it does.
std::string misfit(const Folder& folder, const store::KeyedChain& keyed) {
  const std::string file = folder.path(store::certificate_file(keyed.spec));
  if (!keyed.key.fits(keyed.spec) && !may_be_of_any_kind(folder.domain)) {
    return fmt::format("certificate({}) is for another kind of key: {}",
                       model::label_of(keyed.spec), file);
  }
  const auto missing = name_not_covered(folder.domain, facts_of(keyed));
  return missing ? fmt::format("certificate({}) does not cover all domains. It lacks {}.",
                               model::label_of(keyed.spec), *missing)
                 : "";
}

Part<std::vector<crypto::Certificate>> load_chain(const Folder& folder,
                                                  const model::KeySpec& spec) {
  return load_part<std::vector<crypto::Certificate>>(
      folder, store::certificate_file(spec),
      [&](std::string_view text) -> Result<std::vector<crypto::Certificate>> {
        auto chain = crypto::Certificate::chain_from_pem(text);
        if (chain && folder.seal_key != nullptr &&
            !is_sealed_certificate(text, folder.domain.name, spec, *folder.seal_key)) {
          return fail(ErrorKind::Denied, "it does not bear the seal of this store");
        }
        return chain;
      });
}

Part<crypto::PrivateKey> load_key(const Folder& folder, const model::KeySpec& spec) {
  return load_part<crypto::PrivateKey>(
      folder, store::key_file(spec), [&](std::string_view pem) -> Result<crypto::PrivateKey> {
        if (folder.group != Group::Staging) {
          return crypto::PrivateKey::from_pem(pem, folder.passphrase);
        }
        auto key = crypto::key_from_encrypted_pem(pem, folder.passphrase);
        const bool is_right_kind = key && (key->fits(spec) || may_be_of_any_kind(folder.domain));
        if (is_right_kind && !crypto::is_consistent(*key)) {
          return fail(ErrorKind::Corrupt, "its private half is that of another key");
        }
        return key;
      });
}

LoadedPair load_pair(const Folder& folder, const model::KeySpec& spec) {
  const std::string certificate_file = store::certificate_file(spec);
  const std::string key_file = store::key_file(spec);
  auto chain = load_chain(folder, spec);
  auto key = load_key(folder, spec);
  if (chain.error) {
    return unusable("certificate", spec, *chain.error);
  }
  if (key.error) {
    return unusable("private key", spec, *key.error);
  }
  if (!chain.value || chain.value->empty()) {
    // A key alone waits for its certificate, unless it is of a kind that is not wanted any more.
    const bool is_unwanted =
        key.value && !key.value->fits(spec) && !may_be_of_any_kind(folder.domain);
    LoadedPair pair = missing("certificate", spec, is_unwanted);
    pair.is_absent = !key.value;
    return pair;
  }
  if (!key.value) {
    return missing("private key", spec, true);
  }
  if (!chain.value->front().matches(*key.value)) {
    return {std::nullopt,
            fmt::format("private key and certificate do not match: {}, {}", folder.path(key_file),
                        folder.path(certificate_file)),
            true, false};
  }
  LoadedPair pair{store::KeyedChain{spec, *std::move(key.value), *std::move(chain.value)}, "",
                  false, false};
  pair.flaw = misfit(folder, *pair.keyed);
  pair.is_broken = !pair.flaw.empty();
  return pair;
}

/// Is a certificate of the live set for all names, and its key as it is configured?
bool fits(const CertificateFacts& certificate, const model::ManagedDomain& domain) {
  return certificate.fits_spec && !name_not_covered(domain, certificate);
}

bool is_part_of_a_set(std::string_view file) {
  return (file.starts_with("privkey.") || file.starts_with("pubcert.")) && file.ends_with(".pem");
}

LoadedSet load(const store::Store& store, store::Group group, const model::ManagedDomain& domain,
               const SecretBytes& store_key, const SecretBytes* seal_key) {
  LoadedSet set;
  const std::span<const unsigned char> passphrase =
      group == Group::Domains ? std::span<const unsigned char>() : store_key.bytes();
  const Folder folder{store, group, domain, passphrase, seal_key};
  const auto kept = group == Group::Staging ? load_kept(store, domain.name) : KeptCertificates{};
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    LoadedPair pair = load_pair(folder, spec);
    const auto stays = kept.find(spec.name());
    if (!pair.keyed && stays != kept.end()) {
      set.kept.insert(*stays);
      continue;
    }
    if (pair.keyed) {
      set.keyed.push_back(*std::move(pair.keyed));
    }
    if (set.flaw.empty()) {
      set.flaw = std::move(pair.flaw);
    }
    set.is_broken = set.is_broken || pair.is_broken;
    set.has_any_file = set.has_any_file || !pair.is_absent;
  }
  // Files of other kinds of keys than are configured count, too.
  set.has_any_file = set.has_any_file || holds_any_set_file(store, group, domain.name);
  return set;
}

}  // namespace

CertificateSetFacts LoadedSet::facts() const {
  CertificateSetFacts set;
  set.flaw = flaw;
  set.certificates.reserve(keyed.size());
  for (const store::KeyedChain& chain : keyed) {
    set.certificates.push_back(facts_of(chain));
  }
  return set;
}

LoadedSet load_set(const store::Store& store, store::Group group,
                   const model::ManagedDomain& domain, const SecretBytes& store_key) {
  return load(store, group, domain, store_key, group == Group::Staging ? &store_key : nullptr);
}

LoadedSet load_staged_of_any_version(const store::Store& store, const model::ManagedDomain& domain,
                                     const SecretBytes& store_key) {
  return load(store, Group::Staging, domain, store_key, nullptr);
}

void complete_with(const LoadedSet& live, const model::ManagedDomain& domain, LoadedSet& staged) {
  if (staged.kept.empty() || !staged.is_complete()) {
    return;
  }
  const CertificateSetFacts facts = completed_facts(staged, live.facts(), domain);
  if (!facts.is_complete()) {
    staged.flaw = facts.flaw;
    staged.is_broken = true;
    return;
  }
  store::ServedSet whole;
  for (const CertificateFacts& certificate : facts.certificates) {
    const store::ServedSet& from =
        staged.kept.contains(certificate.spec.name()) ? live.keyed : staged.keyed;
    whole.push_back(*std::ranges::find_if(
        from, [&](const store::KeyedChain& keyed) { return keyed.spec == certificate.spec; }));
  }
  staged.keyed = std::move(whole);
  staged.kept.clear();
}

CertificateSetFacts completed_facts(const LoadedSet& staged, const CertificateSetFacts& live,
                                    const model::ManagedDomain& domain) {
  const CertificateSetFacts given = staged.facts();
  CertificateSetFacts set;
  set.flaw = given.flaw;
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    const auto stays = staged.kept.find(spec.name());
    const bool is_kept = stays != staged.kept.end();
    const CertificateFacts* const found = (is_kept ? live : given).find(spec);
    if (found != nullptr &&
        (!is_kept || (found->sha256_fingerprint == stays->second && fits(*found, domain)))) {
      set.certificates.push_back(*found);
    } else if (is_kept && set.flaw.empty()) {
      set.flaw =
          fmt::format("the live certificate({}) that was to stay is not there or does not fit",
                      model::label_of(spec));
    }
  }
  return set;
}

bool holds_any_set_file(const store::Store& store, store::Group group, std::string_view folder) {
  const auto files = store.files(group, folder);
  return files && std::ranges::any_of(*files, is_part_of_a_set);
}

bool has_all_files(const store::Store& store, store::Group group,
                   const model::ManagedDomain& domain) {
  const auto lacks_pair = [&](const model::KeySpec& spec) {
    return !store.exists(group, domain.name, store::certificate_file(spec)) ||
           !store.exists(group, domain.name, store::key_file(spec));
  };
  const auto specs = domain.settings.effective_key_specs();
  std::vector<model::KeySpec> lacking;
  std::ranges::copy_if(specs, std::back_inserter(lacking), lacks_pair);
  if (lacking.empty() || lacking.size() == specs.size() || group != Group::Staging) {
    return lacking.empty();
  }
  const auto kept = load_kept(store, domain.name);
  return std::ranges::all_of(
      lacking, [&](const model::KeySpec& spec) { return kept.contains(spec.name()); });
}

}  // namespace md::renewal
