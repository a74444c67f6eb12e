// SPDX-License-Identifier: MIT
// What a kernel-mode open of a process or thread by its id is granted.
#pragma once

#include "ke/kernel.h"
#include "ob/security.h"
#include "se/security.h"

namespace ringside::ps {

// The descriptor is asked with OBJ_FORCE_ACCESS_CHECK only, and not where the opener may debug everything.
inline Result<nt::ACCESS_MASK> opener_access(void* body, nt::ACCESS_MASK desired, nt::ULONG attributes)
{
    bool const debugger = se::security().effective(ke::kernel().current()).has_enabled(nt::SE_DEBUG_PRIVILEGE);
    return ob::allowed_access(body, desired, nt::KernelMode, debugger ? 0 : attributes & nt::OBJ_FORCE_ACCESS_CHECK);
}

} // namespace ringside::ps
