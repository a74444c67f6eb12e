// SPDX-License-Identifier: MIT
// What an image exports: by name, by ordinal, or forwarded to another image.
#pragma once

#include "ldr/pe_view.h"

#include <string_view>

namespace ringside::ldr {

struct Export {
    std::string name; // empty: by ordinal only. A function with two names has two rows.
    uint32_t ordinal = 0;
    uint32_t rva = 0; // inside a section; 0 for a forwarder
    std::string forwarder; // "dll.function" or "dll.#ordinal", else empty
};

struct Exports {
    std::string dll_name; // what the image calls itself; empty if it exports nothing
    std::vector<Export> rows; // sorted by name, nameless ones first

    Export const* find(std::string_view name) const;
    Export const* find(uint32_t ordinal) const;
    // Sorts the rows and makes them findable: once, when all are there.
    void finish();

private:
    std::vector<uint32_t> m_by_ordinal; // indices of rows
};

// Where a forwarder leads. The part before the last dot is a module's name, mostly without extension.
struct ForwarderTarget {
    std::string_view module;
    std::string_view function; // empty: by ordinal
    uint32_t ordinal = 0;
};
std::optional<ForwarderTarget> split_forwarder(std::string_view forwarder);

Refusal read_exports(ImageView const& image, Exports& exports);

} // namespace ringside::ldr
