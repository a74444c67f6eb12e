// SPDX-License-Identifier: MIT
// Looking into PE images in memory, as drivers do with their own and with others'.
#pragma once

#include "nt/basic.h"

namespace ringside::rtl {

// The IMAGE_NT_HEADERS; null where there are none.
PVOID RtlImageNtHeader(PVOID base);
// A data directory's contents. `mapped_as_image`: sections stand at their addresses, else as in the file; the lowest bit
// of the base says the latter, too.
PVOID RtlImageDirectoryEntryToData(PVOID base, BOOLEAN mapped_as_image, USHORT entry, ULONG* size);
PVOID RtlFindExportedRoutineByName(PVOID base, char const* name);

} // namespace ringside::rtl
