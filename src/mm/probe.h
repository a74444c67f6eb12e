// SPDX-License-Identifier: MIT
// Checks of user addresses.
#pragma once

#include "nt/nt.h"

namespace ringside::mm {

// Raise STATUS_DATATYPE_MISALIGNMENT or STATUS_ACCESS_VIOLATION.
void ProbeForRead(void const* address, nt::SIZE_T length, nt::ULONG alignment);
void ProbeForWrite(nt::PVOID address, nt::SIZE_T length, nt::ULONG alignment);

// Keeps a client from freeing or narrowing a range. Null when the range does not permit it.
nt::HANDLE MmSecureVirtualMemory(nt::PVOID address, nt::SIZE_T size, nt::ULONG probe_mode);
nt::HANDLE MmSecureVirtualMemoryEx(nt::PVOID address, nt::SIZE_T size, nt::ULONG probe_mode, nt::ULONG flags);
void MmUnsecureVirtualMemory(nt::HANDLE handle);

} // namespace ringside::mm
