// SPDX-License-Identifier: MIT
// How queries of processes and threads begin, and what setting asks.
#pragma once

#include "base/result.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ob/service.h"
#include "se/security.h"

namespace ringside::ps {

// The caller's buffers probed, and the body behind the handle. `any_of`: the rights one of which a user-mode caller needs.
inline Result<void*> object_to_query(nt::HANDLE handle, ob::Type const& type, nt::ACCESS_MASK any_of,
                                     nt::KPROCESSOR_MODE mode, void* into, nt::ULONG length, nt::ULONG* return_length)
{
    if (nt::NTSTATUS status = ob::probe(mode, into, length, sizeof(nt::ULONG)); status)
        return Failure { status };
    if (nt::NTSTATUS status = ob::probe(mode, return_length, sizeof(nt::ULONG), sizeof(nt::ULONG)); status)
        return Failure { status };
    auto const found = TRY(ob::resolve_handle(ob::current_process(), handle, mode));
    if (mode != nt::KernelMode && !(found.granted & any_of))
        return Failure { nt::STATUS_ACCESS_DENIED };
    if (found.type != &type)
        return Failure { nt::STATUS_OBJECT_TYPE_MISMATCH };
    return found.body;
}

// Kernel mode may everything; a user-mode caller needs the privilege, enabled.
inline bool caller_may(nt::ULONG privilege, nt::KPROCESSOR_MODE mode)
{
    return mode == nt::KernelMode || se::security().effective(ke::kernel().current()).has_enabled(privilege);
}

} // namespace ringside::ps
