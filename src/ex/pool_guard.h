// SPDX-License-Identifier: MIT
// Guard words around pool blocks. Nothing is decided by them: one that changed tells that a driver wrote where it must
// not, and is bug check 0x19.
#pragma once

#include "hal/layout.h"

#include <cstdint>

namespace ringside::ex {

inline constexpr uint32_t kGuard = 0x52504F4Cu; // the header's first word
inline constexpr uint64_t kGuardHigh = 0x6F6F70'6E696172ull;

// The 16 bytes before a block in a slab.
struct PoolHeader {
    uint32_t guard;
    uint32_t tag; // where Windows' POOL_HEADER has it
    uint64_t guard_high;
};
static_assert(sizeof(PoolHeader) == 16);

inline PoolHeader& header_of(char* block) { return *reinterpret_cast<PoolHeader*>(block - sizeof(PoolHeader)); }
inline bool guards_stand(char* block)
{
    PoolHeader const& header = header_of(block);
    return header.guard == kGuard && header.guard_high == (kGuardHigh ^ reinterpret_cast<uint64_t>(block));
}
inline void write_guards(char* block)
{
    header_of(block) = { kGuard, 0, kGuardHigh ^ reinterpret_cast<uint64_t>(block) };
}

// Behind a run, when its last page has room.
inline uint64_t* tail_guard(char* block, size_t bytes, size_t pages)
{
    size_t const at = (bytes + 7) & ~size_t { 7 };
    return at + 8 <= pages << hal::kPageShift ? reinterpret_cast<uint64_t*>(block + at) : nullptr;
}

} // namespace ringside::ex
