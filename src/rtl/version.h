// SPDX-License-Identifier: MIT
// Which Windows the run-time library answers for: RtlGetVersion, RtlVerifyVersionInfo, VerSetConditionMask,
// RtlIsNtDdiVersionAvailable. The machine sets the profile at boot.
#pragma once

#include "base/windows.h"
#include "nt/rtl.h"
#include "nt/types.h"

namespace ringside::rtl {

extern Windows g_windows;

NTSTATUS RtlGetVersion(OSVERSIONINFOW* information);
NTSTATUS RtlVerifyVersionInfo(OSVERSIONINFOEXW* wanted, ULONG type_mask, ULONGLONG condition_mask);
ULONGLONG VerSetConditionMask(ULONGLONG condition_mask, ULONG type_mask, UCHAR condition);
BOOLEAN RtlIsNtDdiVersionAvailable(ULONG version);
BOOLEAN RtlIsServicePackVersionInstalled(ULONG version);

} // namespace ringside::rtl
