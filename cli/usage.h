// SPDX-License-Identifier: MIT
// What the person at the keyboard got wrong: one clear line on standard error, exit code 1.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace ringside::cli {

struct Usage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void usage(fmt::format_string<Args...> words, Args&&... args)
{
    throw Usage(fmt::format(words, std::forward<Args>(args)...));
}

} // namespace ringside::cli
