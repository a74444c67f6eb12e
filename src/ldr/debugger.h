// SPDX-License-Identifier: MIT
// What a debugger of the host (gdb) is told: where images are. The functions do nothing; tools/gdb/ringside.py stops in
// them to read their arguments and load the image's symbols. The loader calls the first when an image stands in memory
// as it will run (patched and protected) and before any of its code runs, so that breakpoints set then hold.
#pragma once

#include <cstdint>

extern "C" {
// The image's file on the host ("" if there is none) and its base.
void ringside_debugger_image_loaded(char const* path, uint64_t base);
void ringside_debugger_image_unloaded(char const* path, uint64_t base);
}
