// SPDX-License-Identifier: MIT
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ringside {

namespace {
CheckHook g_hook = nullptr;
bool g_failing = false;
} // namespace

void set_check_hook(CheckHook hook) { g_hook = hook; }

void check_failed(char const* expression, char const* words, char const* file, int line)
{
    char message[512];
    std::snprintf(message, sizeof message, "Ringside broke its own promise: %s%s%s (%s:%d)", expression,
                  *words ? ": " : "", words, file, line);
    std::fprintf(stderr, "%s\n", message);
    // A CHECK that fails inside the hook must not call it again.
    if (g_hook && !g_failing) {
        g_failing = true;
        g_hook(message);
    }
    std::fflush(nullptr);
    std::_Exit(kExitOurBug);
}

} // namespace ringside
