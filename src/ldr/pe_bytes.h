// SPDX-License-Identifier: MIT
// Bounded reads from untrusted bytes. Offsets are 64 bits wide, so that sums of 32-bit file fields cannot wrap.
#pragma once

#include "base/check.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace ringside::ldr {

constexpr uint64_t round_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

inline std::optional<std::span<std::byte const>> slice(std::span<std::byte const> bytes, uint64_t offset, uint64_t size)
{
    if (offset > bytes.size() || size > bytes.size() - offset)
        return std::nullopt;
    return bytes.subspan(offset, size);
}

template <typename T>
std::optional<T> read_at(std::span<std::byte const> bytes, uint64_t offset)
{
    static_assert(std::is_trivially_copyable_v<T>);
    auto source = slice(bytes, offset, sizeof(T));
    if (!source)
        return std::nullopt;
    T value;
    std::memcpy(&value, source->data(), sizeof(T));
    return value;
}

// The same where an earlier check says that the bytes are there: that it was wrong is our bug, not the image's.
template <typename T>
T value_at(std::span<std::byte const> bytes, uint64_t offset)
{
    auto value = read_at<T>(bytes, offset);
    CHECK(value.has_value(), "read beyond bytes that were checked");
    return *value;
}

// A zero-terminated text of at most length_max characters; nothing if it does not end in time.
inline std::optional<std::string_view> text_at(std::span<std::byte const> bytes, uint64_t offset, size_t length_max)
{
    if (offset >= bytes.size())
        return std::nullopt;
    auto text = reinterpret_cast<char const*>(bytes.data() + offset);
    size_t window = bytes.size() - offset < length_max + 1 ? bytes.size() - offset : length_max + 1;
    auto end = static_cast<char const*>(std::memchr(text, 0, window));
    if (!end)
        return std::nullopt;
    return std::string_view(text, size_t(end - text));
}

} // namespace ringside::ldr
