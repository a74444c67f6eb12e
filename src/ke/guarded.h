// SPDX-License-Identifier: MIT
// Fault-fixing accessors (docs/design.md D8): the only way a body touches memory that a driver or a client named and
// that need not be there. They report the fault; nothing is raised here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ringside::ke {

extern "C" {
// Bytes that were not copied / filled; 0: all done.
size_t ringside_copy_guarded(void* to, void const* from, size_t bytes);
size_t ringside_fill_guarded(void* to, int value, size_t bytes);
}

// Why the newest guarded access that failed did: status 0 for an address that is not valid, else what a page of room mm
// had for its touch (STATUS_GUARD_PAGE_VIOLATION, after which the page is an ordinary one), and which.
struct GuardedFault {
    int32_t status = 0;
    uint64_t address = 0;
    bool write = false;
    bool known = false; // the processor told the address
};
extern GuardedFault g_guarded_fault;

inline bool copy_guarded(void* to, void const* from, size_t bytes)
{
    return ringside_copy_guarded(to, from, bytes) == 0;
}

template <typename T>
inline std::optional<T> read_guarded(void const* from)
{
    T value;
    if (ringside_copy_guarded(&value, from, sizeof value))
        return std::nullopt;
    return value;
}

template <typename T>
inline bool write_guarded(void* to, T const& value)
{
    return ringside_copy_guarded(to, &value, sizeof value) == 0;
}

} // namespace ringside::ke
