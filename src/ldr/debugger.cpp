// SPDX-License-Identifier: MIT
#include "ldr/debugger.h"

extern "C" {

// The empty statement keeps the calls, and keeps the two from becoming one function.
[[gnu::noinline, gnu::used]] void ringside_debugger_image_loaded(char const* path, uint64_t base)
{
    asm volatile("# loaded" : : "r"(path), "r"(base) : "memory");
}

[[gnu::noinline, gnu::used]] void ringside_debugger_image_unloaded(char const* path, uint64_t base)
{
    asm volatile("# unloaded" : : "r"(path), "r"(base) : "memory");
}

} // extern "C"
