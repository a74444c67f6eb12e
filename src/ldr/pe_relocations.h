// SPDX-License-Identifier: MIT
// Base relocations: where a 64-bit address stands that must be moved with the image. Taken from the file once; the
// laid-out table is never read again, since a relocation may point into the table itself.
#pragma once

#include "ldr/pe_view.h"

namespace ringside::ldr {

// RVAs of the addresses, in the file's order. Each leaves room for eight bytes inside a section.
Refusal read_relocations(ImageView const& image, std::vector<uint32_t>& targets);

// The RVA of the first eight bytes that look like an address inside the image at its preferred base, if any: what an
// image without relocations would need them for.
std::optional<uint32_t> find_absolute_address(ImageView const& image, std::span<Section const> sections);

} // namespace ringside::ldr
