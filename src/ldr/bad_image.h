// SPDX-License-Identifier: MIT
// Why a file cannot be loaded: one clear sentence for the person, and the status that Windows' loader gives for it.
// Its own type and not a Failure, because here the sentence matters more than the number.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ringside::ldr {

inline constexpr uint32_t kStatusConflictingAddresses = 0xC0000018;
inline constexpr uint32_t kStatusInvalidImageFormat = 0xC000007B;
inline constexpr uint32_t kStatusInvalidImageNeFormat = 0xC000011B;
inline constexpr uint32_t kStatusInvalidImageLeFormat = 0xC000012E;
inline constexpr uint32_t kStatusInvalidImageNotMz = 0xC000012F;
inline constexpr uint32_t kStatusInvalidImageWin32 = 0xC0000359;

struct BadImage {
    std::string reason; // starts in lower case and ends without a full stop: it follows "file.sys: "
    uint32_t status = kStatusInvalidImageFormat;
};

// Nothing: the check passed.
using Refusal = std::optional<BadImage>;

template <typename... Args>
BadImage refuse(fmt::format_string<Args...> words, Args&&... args)
{
    return { fmt::format(words, std::forward<Args>(args)...) };
}

template <typename... Args>
BadImage refuse_with(uint32_t status, fmt::format_string<Args...> words, Args&&... args)
{
    return { fmt::format(words, std::forward<Args>(args)...), status };
}

} // namespace ringside::ldr
