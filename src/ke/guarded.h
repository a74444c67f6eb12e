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
