// SPDX-License-Identifier: MIT
// The debug directory: which PDB belongs to the image, and whether its timestamp is a time at all. Windows loads an
// image whose debug data is broken or stripped, so nothing here is a reason to refuse one.
#pragma once

#include "ldr/pe_view.h"

namespace ringside::ldr {

struct DebugInfo {
    std::string pdb_name; // printable; empty: no PDB is named
    std::array<uint8_t, 16> pdb_guid {};
    uint32_t pdb_age = 0;
    bool reproducible = false; // timestamps are hashes of the content

    // The folder name in a symbol store: the GUID's digits and the age. Empty: no PDB is named.
    std::string pdb_key() const;
};

DebugInfo read_debug(ImageView const& image);

} // namespace ringside::ldr
