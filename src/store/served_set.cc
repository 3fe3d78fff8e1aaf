// SPDX-License-Identifier: Apache-2.0
#include "store/served_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "crypto/digest.h"

namespace md::store {
namespace {

// What is sealed: magic, number of entries; each entry: key type (1), bits, curve, key (PKCS#8),
// number of certificates, certificates. Numbers have 4 bytes, big-endian; texts and DER are
// preceded by their length.
constexpr std::string_view kMagic = "mdserve1";
constexpr std::size_t kMaxEntries = 64;  // key specs of a domain, certificates of a chain

/// Appends to memory that was made large enough before: keys are never copied by a reallocation.
class Writer {
 public:
  explicit Writer(std::span<unsigned char> target) : rest_(target) {}

  void number(std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      const auto byte = static_cast<unsigned char>((value >> static_cast<unsigned>(shift)) & 0xffU);
      raw({&byte, 1});
    }
  }
  void raw(std::span<const unsigned char> bytes) {
    std::ranges::copy(bytes, rest_.begin());
    rest_ = rest_.subspan(bytes.size());
  }
  void block(std::span<const unsigned char> bytes) {
    number(bytes.size());
    raw(bytes);
  }

 private:
  std::span<unsigned char> rest_;
};

/// Takes from the front; once something is missing, all that follows is empty and `failed`.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> source) : rest_(source) {}

  std::span<const unsigned char> raw(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  std::size_t number() {
    std::size_t value = 0;
    for (const unsigned char byte : raw(4)) {
      value = (value << 8U) | byte;
    }
    return value;
  }
  std::span<const unsigned char> block() { return raw(number()); }
  /// A number of things that follow.
  std::size_t count() {
    const std::size_t value = number();
    failed_ = failed_ || value > kMaxEntries;
    return failed_ ? 0 : value;
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::span<const unsigned char> rest_;
  bool failed_{false};
};

/// One entry as it is written.
struct EncodedEntry {
  const model::KeySpec* spec;
  SecretBytes key;
  std::vector<Bytes> chain;

  [[nodiscard]] std::size_t size() const {
    std::size_t total = 1 + 4 + 4 + spec->curve.size() + 4 + key.size() + 4;
    for (const Bytes& certificate : chain) {
      total += 4 + certificate.size();
    }
    return total;
  }
};

Result<EncodedEntry> encode(const KeyedChain& entry) {
  if (entry.chain.empty() || entry.chain.size() > kMaxEntries) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("a chain of {} certificates cannot be served", entry.chain.size()));
  }
  EncodedEntry encoded{&entry.spec, {}, {}};
  MD_ASSIGN_OR_RETURN(encoded.key, entry.key.to_der());
  for (const crypto::Certificate& certificate : entry.chain) {
    MD_ASSIGN_OR_RETURN(Bytes der, certificate.to_der());
    encoded.chain.push_back(std::move(der));
  }
  return encoded;
}

void write(const EncodedEntry& entry, Writer& writer) {
  const unsigned char type = entry.spec->type == model::KeySpec::Type::Ec ? 1 : 0;
  writer.raw({&type, 1});
  writer.number(entry.spec->bits);
  writer.block(as_bytes(entry.spec->curve));
  writer.block(entry.key.bytes());
  writer.number(entry.chain.size());
  for (const Bytes& certificate : entry.chain) {
    writer.block(certificate);
  }
}

Error corrupt(std::string_view domain_name) {
  return fail(ErrorKind::Corrupt, fmt::format("the served bundle of {} is broken", domain_name));
}

model::KeySpec read_spec(Reader& reader) {
  const auto type = reader.raw(1);
  const auto bits = static_cast<unsigned>(reader.number());
  const auto curve = reader.block();
  if (type.empty() || type.front() == 0) {
    return model::KeySpec::rsa(bits);
  }
  return model::KeySpec::ec(std::string(curve.begin(), curve.end()));
}

Result<KeyedChain> read_entry(Reader& reader, std::string_view domain_name) {
  model::KeySpec spec = read_spec(reader);
  const auto key_der = reader.block();
  const std::size_t count = reader.count();
  if (reader.failed() || count == 0) {
    return corrupt(domain_name);
  }
  MD_ASSIGN_OR_RETURN(crypto::PrivateKey key, crypto::PrivateKey::from_der(key_der));
  KeyedChain entry{std::move(spec), std::move(key), {}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto der = reader.block();
    if (reader.failed()) {
      return corrupt(domain_name);
    }
    MD_ASSIGN_OR_RETURN(crypto::Certificate certificate, crypto::Certificate::from_der(der));
    entry.chain.push_back(std::move(certificate));
  }
  return entry;
}

std::string context_of(std::string_view domain_name) {
  return fmt::format("served/{}", domain_name);
}

}  // namespace

Result<Bytes> seal_bundle(const ServedSet& set, std::string_view domain_name,
                          const SecretBytes& bundle_key) {
  std::vector<EncodedEntry> entries;
  std::size_t size = kMagic.size() + 4;
  for (const KeyedChain& entry : set) {
    MD_ASSIGN_OR_RETURN(EncodedEntry encoded, encode(entry));
    size += encoded.size();
    entries.push_back(std::move(encoded));
  }
  SecretBytes plain(size);
  Writer writer(plain.bytes());
  writer.raw(as_bytes(kMagic));
  writer.number(entries.size());
  for (const EncodedEntry& entry : entries) {
    write(entry, writer);
  }
  return crypto::seal(bundle_key.bytes(), plain.bytes(), context_of(domain_name));
}

Result<ServedSet> open_bundle(std::span<const unsigned char> sealed, std::string_view domain_name,
                              const SecretBytes& bundle_key) {
  MD_ASSIGN_OR_RETURN(const SecretBytes plain,
                      crypto::open_sealed(bundle_key.bytes(), sealed, context_of(domain_name)));
  Reader reader(plain.bytes());
  if (!std::ranges::equal(reader.raw(kMagic.size()), as_bytes(kMagic))) {
    return corrupt(domain_name);
  }
  ServedSet set;
  const std::size_t count = reader.count();
  for (std::size_t i = 0; i < count; ++i) {
    MD_ASSIGN_OR_RETURN(KeyedChain entry, read_entry(reader, domain_name));
    set.push_back(std::move(entry));
  }
  if (reader.failed() || !reader.at_end()) {
    return corrupt(domain_name);
  }
  return set;
}

}  // namespace md::store
