// SPDX-License-Identifier: MIT
#include "ldr/debugger.h"

#include "ldr/loader.h"
#include "sim/host.h"

namespace ringside::ldr {

void tell_debugger_loaded(Module const& module)
{
    if (ringside_debugger_present)
        for (Protection const& part : module.file().protections())
            if (part.execute)
                sim::host::set_access(module.base() + part.rva, part.size, sim::host::Access::All);
    ringside_debugger_image_loaded(module.path().c_str(), module.base());
}

void tell_debugger_unloaded(Module const& module)
{
    ringside_debugger_image_unloaded(module.path().c_str(), module.base());
}

} // namespace ringside::ldr

extern "C" {

volatile int ringside_debugger_present = 0;

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
