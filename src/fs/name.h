// SPDX-License-Identifier: MIT
// Names of files: which are legal, which are the same.
#pragma once

#include "nt/nt.h"

#include <string>
#include <string_view>

namespace ringside::fs {

inline constexpr size_t kNameUnitsMax = 255; // UTF-16 units of one component

// One component as NTFS takes it: none of " * / : < > ? \ |, no control character, no unpaired surrogate, neither "."
// nor "..", at most 255 units. Names such as CON, or with a dot or a space at the end, are legal: only Win32 refuses
// them.
bool is_legal_name(std::u16string_view name);
bool has_wildcards(std::u16string_view expression);
// What two names that differ only in case have in common.
std::u16string upper_case(std::u16string_view name);

// "\a\b" from "\a\b\c": the component that follows `rest`'s leading backslash, which is removed from it.
std::u16string_view next_component(std::u16string_view& rest);

} // namespace ringside::fs
