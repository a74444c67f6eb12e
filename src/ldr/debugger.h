// SPDX-License-Identifier: MIT
// What a debugger of the host (gdb) is told: where images are. tools/gdb/ringside.py sets ringside_debugger_present
// when the program starts, stops in the two functions, which do nothing, and reads their arguments to load an image's
// symbols.
//
// Images are shared mappings of physical memory. The host lets a debugger write into such a mapping only where the
// process itself may write, and breakpoints are written: so under a debugger, and only there, code is writable.
#pragma once

#include <cstdint>

namespace ringside::ldr {

class Module;

// Called when an image stands in memory as it will run (bound, patched, protected), before any of its code runs, and
// when it has been taken away.
void tell_debugger_loaded(Module const& module);
void tell_debugger_unloaded(Module const& module);

} // namespace ringside::ldr

extern "C" {
extern volatile int ringside_debugger_present;
// The image's file on the host ("" if there is none) and its base.
void ringside_debugger_image_loaded(char const* path, uint64_t base);
void ringside_debugger_image_unloaded(char const* path, uint64_t base);
}
