// SPDX-License-Identifier: MIT
// RTL_REGISTRY_*: the places that the Rtl*Registry* routines take their paths relative to.
#pragma once

#include "cm/registry.h"

namespace ringside::cm {

// `path` is a zero-terminated string, or with RTL_REGISTRY_HANDLE a handle. STATUS_INVALID_PARAMETER for a place that
// is none, and the walk's errors.
Result<Walked> relative_key(nt::ULONG relative_to, nt::PCWSTR path, Missing missing);

} // namespace ringside::cm
