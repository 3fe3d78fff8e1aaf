// SPDX-License-Identifier: Apache-2.0
#include "renewal/known_sets.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "crypto/digest.h"

namespace md::renewal {
namespace {

// First in the bytes; another number for another layout of what follows.
constexpr std::uint64_t kMagic = 0x6d642d7365740003;

// At the end: a disk may change bytes, and what they say is believed.
constexpr std::size_t kDigest = 32;

std::string digest_of(std::string_view content) {
  const auto digest = crypto::sha256(as_bytes(content));
  return {digest.begin(), digest.end()};
}

class Writer {
 public:
  void number(std::uint64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  void time(TimePoint time) { number(static_cast<std::uint64_t>(time.time_since_epoch().count())); }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Past the end everything is 0 and empty, and `failed` says so.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(sizeof(value));
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::string text() { return std::string(take(number())); }
  TimePoint time() { return TimePoint(TimePoint::duration(static_cast<TimePoint::rep>(number()))); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view take(std::uint64_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return std::string_view("");  // memcpy wants a pointer, be it to nothing
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool failed_{false};
};

void write(Writer& writer, const CertificateFacts& facts) {
  writer.number(facts.spec.type == model::KeySpec::Type::Rsa ? 1 : 0);
  writer.number(facts.spec.bits);
  writer.text(facts.spec.curve);
  writer.time(facts.validity.from);
  writer.time(facts.validity.until);
  writer.number(facts.names.size());
  for (const std::string& name : facts.names) {
    writer.text(name);
  }
  for (const std::string& text :
       {facts.serial, facts.issuer, facts.sha256_fingerprint, facts.ari_cert_id}) {
    writer.text(text);
  }
  writer.number(facts.must_staple ? 1 : 0);
  writer.number(facts.fits_spec ? 1 : 0);
}

CertificateFacts read_facts(Reader& reader) {
  CertificateFacts facts;
  facts.spec.type = reader.number() == 1 ? model::KeySpec::Type::Rsa : model::KeySpec::Type::Ec;
  facts.spec.bits = static_cast<unsigned>(reader.number());
  facts.spec.curve = reader.text();
  facts.validity.from = reader.time();
  facts.validity.until = reader.time();
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
    facts.names.push_back(reader.text());
  }
  for (std::string* const text :
       {&facts.serial, &facts.issuer, &facts.sha256_fingerprint, &facts.ari_cert_id}) {
    *text = reader.text();
  }
  facts.must_staple = reader.number() == 1;
  facts.fits_spec = reader.number() == 1;
  return facts;
}

void write(Writer& writer, const KnownSet& set) {
  writer.text(set.basis);
  writer.text(set.facts.flaw);
  writer.number(set.has_any_file ? 1 : 0);
  writer.number(set.fallbacks_until ? 1 : 0);
  writer.time(set.fallbacks_until.value_or(TimePoint()));
  writer.number(set.facts.certificates.size());
  for (const CertificateFacts& facts : set.facts.certificates) {
    write(writer, facts);
  }
}

KnownSet read_set(Reader& reader) {
  KnownSet set;
  set.basis = reader.text();
  set.facts.flaw = reader.text();
  set.has_any_file = reader.number() == 1;
  const bool has_fallbacks = reader.number() == 1;
  const TimePoint until = reader.time();
  set.fallbacks_until = has_fallbacks ? std::optional(until) : std::nullopt;
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
    set.facts.certificates.push_back(read_facts(reader));
  }
  return set;
}

}  // namespace

const KnownSet* KnownSets::find(std::string_view domain, std::string_view basis,
                                TimePoint now) const {
  const auto found = sets_.find(std::string(domain));
  const bool is_so = found != sets_.end() && found->second.basis == basis &&
                     (!found->second.fallbacks_until || now < *found->second.fallbacks_until);
  return is_so ? &found->second : nullptr;
}

void KnownSets::remember(std::string_view domain, KnownSet set) {
  sets_.insert_or_assign(std::string(domain), std::move(set));
}

void KnownSets::add(const KnownSets& others) {
  for (const auto& [domain, set] : others.sets_) {
    sets_.insert_or_assign(domain, set);
  }
}

KnownSets KnownSets::from_bytes(std::string_view bytes) {
  const std::string_view content = bytes.substr(0, bytes.size() - std::min(kDigest, bytes.size()));
  if (bytes.substr(content.size()) != digest_of(content)) {
    return {};
  }
  Reader reader(content);
  if (reader.number() != kMagic) {
    return {};
  }
  KnownSets sets;
  for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
    std::string domain = reader.text();
    sets.sets_.insert_or_assign(std::move(domain), read_set(reader));
  }
  return reader.failed() ? KnownSets() : sets;
}

std::string KnownSets::to_bytes() const {
  Writer writer;
  writer.number(kMagic);
  writer.number(sets_.size());
  const std::map<std::string_view, const KnownSet&> sorted(sets_.begin(), sets_.end());
  for (const auto& [domain, set] : sorted) {
    writer.text(domain);
    write(writer, set);
  }
  std::string bytes = writer.take();
  return bytes + digest_of(bytes);
}

}  // namespace md::renewal
