// SPDX-License-Identifier: MIT
// The answer to a query: a structure, and perhaps a name behind it, written into the caller's buffer as far as it goes.
#pragma once

#include "fs/file_system.h"

#include <algorithm>
#include <cstring>

namespace ringside::fs {

// A structure without a name. STATUS_INFO_LENGTH_MISMATCH when it does not fit.
template <typename T>
Outcome reply(void* buffer, ULONG room, T const& value)
{
    if (room < sizeof value)
        return { STATUS_INFO_LENGTH_MISMATCH };
    if (!copy_caller(buffer, &value, sizeof value))
        return { STATUS_INVALID_USER_BUFFER };
    return { STATUS_SUCCESS, sizeof value };
}

// `fixed` bytes of a structure, then the name. A name that is cut off is STATUS_BUFFER_OVERFLOW, a structure that is
// STATUS_INFO_LENGTH_MISMATCH.
inline Outcome reply_with_name(void* buffer, ULONG room, void const* value, size_t fixed, std::u16string_view name)
{
    if (room < fixed)
        return { STATUS_INFO_LENGTH_MISMATCH };
    size_t const wanted = name.size() * sizeof(char16_t);
    size_t const given = std::min<size_t>(wanted, (room - fixed) & ~size_t { 1 });
    if (!copy_caller(buffer, value, fixed) || !copy_caller(static_cast<std::byte*>(buffer) + fixed, name.data(), given))
        return { STATUS_INVALID_USER_BUFFER };
    return { given == wanted ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW, fixed + given };
}

inline ULONG name_bytes(std::u16string_view name) { return static_cast<ULONG>(name.size() * sizeof(char16_t)); }
inline LARGE_INTEGER large(uint64_t value) { return { .QuadPart = static_cast<int64_t>(value) }; }
inline uint64_t allocation_of(Node const& node)
{
    return (node.bytes() + Volume::kClusterBytes - 1) / Volume::kClusterBytes * Volume::kClusterBytes;
}

// A structure from the caller's (system) buffer; none when it is too short or not there.
template <typename T>
std::optional<T> argument(void const* buffer, ULONG bytes)
{
    T value;
    if (bytes < sizeof value || !copy_caller(&value, buffer, sizeof value))
        return std::nullopt;
    return value;
}

} // namespace ringside::fs
