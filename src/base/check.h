// SPDX-License-Identifier: MIT
// CHECK: failure (c) of the four kinds (docs/design.md D9): Ringside broke its own promise. Always on, in every preset.
// The process ends with exit code 3 after printing the expression, the words and what the context hook adds
// (the seed and the replay command, once a machine is live).
#pragma once

namespace ringside {

// Prints and ends the process with exit code 3. Owns nothing, allocates nothing: it may run on a driver's stack.
[[noreturn, gnu::cold, gnu::noinline]] void check_failed(char const* expression, char const* words, char const* file,
                                                         int line);

// Called by check_failed before the end, with the message; one hook, set by the machine while it is live.
using CheckHook = void (*)(char const* message);
void set_check_hook(CheckHook hook);

inline constexpr int kExitClean = 0;
inline constexpr int kExitUsage = 1;
inline constexpr int kExitDriverBrokeARule = 2;
inline constexpr int kExitOurBug = 3;
inline constexpr int kExitServiceMissing = 4;

} // namespace ringside

#define CHECK(condition, ...)                                                                                 \
    do {                                                                                                      \
        if (!(condition)) [[unlikely]]                                                                        \
            ::ringside::check_failed(#condition, "" __VA_ARGS__, __FILE__, __LINE__);                          \
    } while (0)
