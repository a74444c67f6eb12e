// SPDX-License-Identifier: MIT
// What an image imports: by DLL, each function with the slot of the address table that the binder fills.
#pragma once

#include "ldr/pe_view.h"

namespace ringside::ldr {

struct Import {
    std::string name; // empty: imported by ordinal
    uint16_t ordinal = 0;
    uint32_t slot_rva = 0; // eight bytes inside one section
};

struct ImportedDll {
    std::string name; // as written in the image: compare without regard to case
    std::vector<Import> imports;
};

inline constexpr size_t kDllNameMax = 128;
inline constexpr size_t kFunctionNameMax = 512;

Refusal read_imports(ImageView const& image, std::vector<ImportedDll>& dlls);
Refusal read_delay_imports(ImageView const& image, std::vector<ImportedDll>& dlls);

} // namespace ringside::ldr
