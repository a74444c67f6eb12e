// SPDX-License-Identifier: MIT
// Status codes with their published names, the tests on their severity, and a table of names for reports.
#pragma once

#include "nt/types.h"

namespace ringside::nt {

#define NT_STATUS(name, code) inline constexpr NTSTATUS name = static_cast<NTSTATUS>(code);
#include "nt/status.inc"
#undef NT_STATUS

constexpr bool NT_SUCCESS(NTSTATUS status) { return status >= 0; }
constexpr bool NT_INFORMATION(NTSTATUS status) { return static_cast<ULONG>(status) >> 30 == 1; }
constexpr bool NT_WARNING(NTSTATUS status) { return static_cast<ULONG>(status) >> 30 == 2; }
constexpr bool NT_ERROR(NTSTATUS status) { return static_cast<ULONG>(status) >> 30 == 3; }

struct StatusName {
    NTSTATUS status;
    char const* name;
};

// In order of the unsigned value; where several names share a value the first one is meant.
inline constexpr StatusName kStatusNames[] = {
#define NT_STATUS(name, code) {static_cast<NTSTATUS>(code), #name},
#include "nt/status.inc"
#undef NT_STATUS
};

} // namespace ringside::nt
