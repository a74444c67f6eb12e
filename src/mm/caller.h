// SPDX-License-Identifier: MIT
// Who called: what leak records name.
#pragma once

#include "ke/gate.h"

namespace ringside::mm {

// The return address in the driver whose call into the kernel is in progress; 0 when no gate is newest on this fiber
// (a host's thread, a kernel routine).
inline uint64_t calling_driver()
{
    auto const* node = ke::chain_head();
    if (!node || !ke::is_gate(*node))
        return 0;
    return reinterpret_cast<ke::GateFrame const*>(node)->return_address;
}

} // namespace ringside::mm
