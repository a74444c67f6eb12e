// SPDX-License-Identifier: MIT
// Win32 error codes of statuses.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

namespace ringside::rtl {

inline constexpr ULONG ERROR_MR_MID_NOT_FOUND = 317; // the status has no error code

// Also RtlNtStatusToDosErrorNoTeb: threads of the kernel have no TEB that could keep the status.
ULONG RtlNtStatusToDosError(NTSTATUS status);

} // namespace ringside::rtl
