// SPDX-License-Identifier: MIT
// Pages that are not plainly there: guard pages, pages copied on write, pages of an image that were paged out. The
// fault handler asks here first, and so does who locks or copies pages without touching them.
#pragma once

#include "ke/exception.h"
#include "mm/address_space.h"

namespace ringside::mm {

// The fault handler's hook. At DISPATCH_LEVEL and above nothing is resolved, as nothing could be paged in.
ke::PageFault page_fault(uintptr_t address, bool write, uint8_t irql);

// What a touch of a user byte would meet, with its consequences (a guard page is none afterwards, a page gets its
// copy): 0 when the access may be made, else the status that it raises.
nt::NTSTATUS touch_user(Slice& slice, uintptr_t address, bool write);

} // namespace ringside::mm
