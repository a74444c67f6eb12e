// SPDX-License-Identifier: MIT
// Adds the interfaces of ntddk.h that are newer than mingw-w64's copy.
#pragma once
#define ExRaiseAccessViolation ringside_unused_ExRaiseAccessViolation
#define ExRaiseDatatypeMisalignment ringside_unused_ExRaiseDatatypeMisalignment
#include_next <ntddk.h>
#undef ExRaiseAccessViolation
#undef ExRaiseDatatypeMisalignment
#include <ringside_ddk/newer_ntddk.h>
