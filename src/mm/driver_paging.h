// SPDX-License-Identifier: MIT
// The services by which a driver says which of its sections must be resident (image_paging.h does the paging).
#pragma once

#include "nt/nt.h"

namespace ringside::mm {

// The handle is the section's first address. No image there: bug check 0x1A/0x1234.
nt::PVOID MmLockPagableDataSection(nt::PVOID address);
void MmLockPagableSectionByHandle(nt::PVOID section);
// Of a section that is not locked: bug check 0x1A/0x1010.
void MmUnlockPagableImageSection(nt::PVOID section);
nt::PVOID MmPageEntireDriver(nt::PVOID address);
void MmResetDriverPaging(nt::PVOID address);
nt::NTSTATUS MmProtectDriverSection(nt::PVOID address, nt::SIZE_T size, nt::ULONG flags);

// Pages out what may be, at every chance that IRQL gives: Force IRQL Checking.
void force_irql_checking(bool on);

} // namespace ringside::mm
