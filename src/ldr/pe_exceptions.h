// SPDX-License-Identifier: MIT
// The function table (.pdata) and the unwind information behind it, validated so that an unwinder that reads them from
// the file's bytes (PeFile::view) meets no surprise:
//
//   U1  entries are sorted, do not overlap, and lie in executable sections
//   U2  each entry's unwind information is backed by the file, of version 1 or 2, with known operations only
//   U3  chains of unwind information end after at most kUnwindChainMax pieces
//   U4  handlers lie in executable sections
//
// What a language's handler keeps behind its address (a scope table) is that handler's to check.
#pragma once

#include "ldr/pe_view.h"

namespace ringside::ldr {

inline constexpr int kUnwindChainMax = 32;

Refusal read_exceptions(ImageView const& image, std::vector<pe::RuntimeFunction>& functions);

} // namespace ringside::ldr
