// SPDX-License-Identifier: MIT
// Calls back into a driver: the compare, allocate and free routines of generic tables, qsort and bsearch. Every call
// into a driver passes a door (docs/design.md D7); doors live in a higher room, so the machine puts one here. Until
// then the call is direct, which is what tests use.
#pragma once

#include "base/contract.h"
#include "nt/types.h"

#include <array>

namespace ringside::rtl {

inline constexpr size_t kCalloutSlots = 4;

// Calls an NTAPI function with up to four slots; those it does not have are ignored by the convention.
using Callout = uint64_t (*)(void const* function, std::array<uint64_t, kCalloutSlots> const& arguments);
extern Callout g_callout;

template <typename R, typename... P>
inline R call_driver(R(NTAPI* function)(P...), P... arguments)
{
    static_assert(sizeof...(P) <= kCalloutSlots);
    uint64_t result = g_callout(reinterpret_cast<void const*>(function), { contract::to_slot(arguments)... });
    if constexpr (!std::is_void_v<R>)
        return contract::from_slot<R>(result);
}

} // namespace ringside::rtl
