// SPDX-License-Identifier: MIT
// Reserves the machine's address ranges when it boots and gives them back when it ends, so that a test can boot a
// hundred machines one after another at the same addresses.
#pragma once

#include "hal/physical.h"

namespace ringside::hal {

class AddressSpace {
public:
    // Reserves the kernel's ranges; maps the data exports' and the shared user data's pages, zeroed and writable.
    explicit AddressSpace(PhysicalMemory& memory);
    ~AddressSpace();
    AddressSpace(AddressSpace const&) = delete;
    AddressSpace& operator=(AddressSpace const&) = delete;

private:
    PhysicalMemory& m_memory;
};

} // namespace ringside::hal
