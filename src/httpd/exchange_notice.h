// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace md::httpd {

struct Runtime;

/// Says once for each store what is different now that this module has it instead of mod_md, where
/// commands may rely on the old way. Parent, in earnest, with the store open and nothing in it
/// brought in line yet.
void note_exchange(const Runtime& runtime);

}  // namespace md::httpd
