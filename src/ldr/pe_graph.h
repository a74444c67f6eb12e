// SPDX-License-Identifier: MIT
// Circles among images: drivers that import from each other, and exports that are forwarded back to themselves. Both
// would keep a loader busy forever, so both are looked for before anything is bound.
#pragma once

#include "ldr/pe_exports.h"

#include <span>

namespace ringside::ldr {

struct ImportNode {
    std::string name; // the image's file name
    std::vector<std::string> imports; // the DLLs it imports from
};

// The first circle found, as file names: { "a.sys", "b.sys", "a.sys" }. Empty: there is none. Names compare without
// regard to case; DLLs that are not among the nodes are leaves. The order of the nodes decides which circle is named.
std::vector<std::string> find_import_cycle(std::span<ImportNode const> nodes);

// "a.sys imports from b.sys, b.sys imports from a.sys: a circle"; "a.sys imports from itself".
BadImage import_cycle_refusal(std::span<std::string const> cycle);

struct ExportSource {
    std::string name; // the image's file name
    Exports const* exports;
};

// The first circle of forwarders found, as "module!function". Empty: there is none.
std::vector<std::string> find_forwarder_cycle(std::span<ExportSource const> sources);

// Whether two module names mean the same file: without regard to case; a name without extension (as in forwarders)
// matches any.
bool same_module(std::string_view a, std::string_view b);

} // namespace ringside::ldr
