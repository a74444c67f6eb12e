// SPDX-License-Identifier: MIT
// The three things that the run-time library asks of the machine above it: memory, doors into the driver, and the
// Windows it pretends to be. Their values between machines.
#include "rtl/allocator.h"
#include "rtl/callout.h"
#include "rtl/version.h"

namespace ringside::rtl {

Allocator g_allocator { nullptr, nullptr };

static uint64_t call_directly(void const* function, std::array<uint64_t, kCalloutSlots> const& arguments)
{
    using Entry = uint64_t(NTAPI*)(uint64_t, uint64_t, uint64_t, uint64_t);
    auto entry = reinterpret_cast<Entry>(const_cast<void*>(function));
    return entry(arguments[0], arguments[1], arguments[2], arguments[3]);
}

Callout g_callout = call_directly;

Windows g_windows = Windows::v11_24H2;

} // namespace ringside::rtl
