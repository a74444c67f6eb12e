// SPDX-License-Identifier: MIT
// What the Nt and the Zw form of a service share: an Nt form called on a client's behalf probes what it was given and
// answers a fault with a status; a Zw form trusts its caller, a driver.
#pragma once

#include "hal/layout.h"
#include "ke/exception.h"
#include "ob/handle.h"

namespace ringside::ob {

inline nt::KPROCESSOR_MODE kernel_mode() { return nt::KernelMode; }

// STATUS_ACCESS_VIOLATION, STATUS_DATATYPE_MISALIGNMENT for addresses that a client may not name. Null is nothing to probe.
inline nt::NTSTATUS probe(nt::KPROCESSOR_MODE mode, void const* at, size_t bytes, size_t alignment)
{
    auto const first = reinterpret_cast<uintptr_t>(at);
    if (mode == nt::KernelMode || !at || !bytes)
        return nt::STATUS_SUCCESS;
    if (first % alignment)
        return nt::STATUS_DATATYPE_MISALIGNMENT;
    return first + bytes < first || !hal::is_user(first) || !hal::is_user(first + bytes - 1)
        ? nt::STATUS_ACCESS_VIOLATION
        : nt::STATUS_SUCCESS;
}

template <typename Work>
nt::NTSTATUS as_service(nt::KPROCESSOR_MODE mode, Work work)
{
    if (mode == nt::KernelMode)
        return work();
    nt::NTSTATUS status = nt::STATUS_SUCCESS;
    nt::NTSTATUS const raised = ke::guard_raise([&] { status = work(); });
    return raised ? raised : status;
}

} // namespace ringside::ob
