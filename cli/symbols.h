// SPDX-License-Identifier: MIT
// Names for addresses in drivers' files, from llvm-symbolizer: it reads DWARF inside a .sys and a PDB beside it.
// Without the program, or without debug information, nothing is named, and reports show module and offset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::cli {

struct SourceFrame {
    std::string function;
    std::string file;
    unsigned line = 0; // 0: not known
    bool inlined = false; // into the frame that follows
};

struct SymbolQuery {
    std::string path; // the module's file
    uint64_t rva = 0;
    bool return_address = false; // the call is what is meant, not what follows it
    std::vector<SourceFrame> frames; // filled in: innermost first; empty: not known
};

void symbolize(std::vector<SymbolQuery>& queries);

} // namespace ringside::cli
