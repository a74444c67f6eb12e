// SPDX-License-Identifier: MIT
// What a driver asks about the system, and the pageable-section services. All memory of the machine is resident at all
// times, so locking a section has nothing to do; the handle is the address given.
#pragma once

#include "nt/nt.h"

namespace ringside::mm {

nt::PVOID MmLockPagableDataSection(nt::PVOID address);
void MmLockPagableSectionByHandle(nt::PVOID section);
void MmUnlockPagableImageSection(nt::PVOID section);
void MmResetDriverPaging(nt::PVOID address);
nt::PVOID MmPageEntireDriver(nt::PVOID address);
nt::MM_SYSTEM_SIZE MmQuerySystemSize();
nt::BOOLEAN MmIsThisAnNtAsSystem();
nt::PVOID MmGetSystemRoutineAddress(nt::UNICODE_STRING* name);

} // namespace ringside::mm
