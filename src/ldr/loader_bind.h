// SPDX-License-Identifier: MIT
// Fills a module's import slots: from the kernel's export table, or from other loaded drivers, through forwarders.
#pragma once

#include "ldr/loader.h"

namespace ringside::ldr {

class Binder {
public:
    explicit Binder(Loader& loader) : m_loader(loader) {}

    // Fills every slot of a module that is laid out and still writable. Refuses what Windows refuses: a loaded driver
    // that does not export what is asked of it.
    Refusal bind(Module& module);

private:
    struct Target {
        uintptr_t address = 0;
        Served served = Served::Works;
    };
    // An import as the image names it: by name, or by ordinal where the name is empty.
    struct Wanted {
        std::string_view dll;
        std::string_view name;
        uint32_t ordinal;
    };
    static std::string words(Wanted const& wanted);
    Refusal resolve(Wanted const& wanted, int depth, Target& target);
    // Whether anybody serves it, so that binding it ahead of time helps.
    bool is_served(Wanted const& wanted) const;
    void fill(Module& module, uint32_t slot_rva, uintptr_t address);

    Loader& m_loader;
};

} // namespace ringside::ldr
