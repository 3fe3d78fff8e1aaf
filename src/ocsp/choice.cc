// SPDX-License-Identifier: Apache-2.0
#include "ocsp/choice.h"

namespace md::ocsp {
namespace {

using model::Switch;

std::optional<Switch> nearest(std::optional<Switch> near, std::optional<Switch> far) {
  return near ? near : far;
}

}  // namespace

bool staples_managed(const StaplingWords& words) {
  return nearest(words.in_section, nearest(words.in_host, words.in_server)) == Switch::On;
}

bool staples_others(const StaplingWords& words) {
  return nearest(words.in_host, words.in_server) == Switch::On &&
         nearest(words.others_in_host, words.others_in_server) != Switch::Off;
}

}  // namespace md::ocsp
