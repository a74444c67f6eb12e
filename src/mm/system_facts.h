// SPDX-License-Identifier: MIT
// What a driver asks about the system, and the pageable-section services. All memory of the machine is resident at all
// times, so locking a section has nothing to do; the handle is the address given.
#pragma once

#include "nt/nt.h"

namespace ringside::mm {

nt::MM_SYSTEM_SIZE MmQuerySystemSize();
nt::BOOLEAN MmIsThisAnNtAsSystem();
nt::LOGICAL MmIsDriverVerifying(nt::DRIVER_OBJECT* driver);
nt::LOGICAL MmIsDriverVerifyingByAddress(nt::PVOID address);
nt::LOGICAL MmIsDriverSuspectForVerifier(nt::DRIVER_OBJECT* driver);
nt::BOOLEAN MmIsRecursiveIoFault();
nt::BOOLEAN MmSetAddressRangeModified(nt::PVOID address, nt::SIZE_T length);

// What file systems ask before they delete or shorten a file (file_segment.cpp knows its sections).
nt::BOOLEAN MmCanFileBeTruncated(nt::SECTION_OBJECT_POINTERS* pointers, nt::LARGE_INTEGER* new_size);
nt::BOOLEAN MmFlushImageSection(nt::SECTION_OBJECT_POINTERS* pointers, nt::MMFLUSH_TYPE type);
nt::BOOLEAN MmForceSectionClosed(nt::SECTION_OBJECT_POINTERS* pointers, nt::BOOLEAN delay);
nt::BOOLEAN MmForceSectionClosedEx(nt::SECTION_OBJECT_POINTERS* pointers, nt::ULONG flags);
nt::ULONG MmDoesFileHaveUserWritableReferences(nt::SECTION_OBJECT_POINTERS* pointers);
nt::ULONGLONG MmGetMaximumFileSectionSize();
nt::PVOID MmGetSystemRoutineAddress(nt::UNICODE_STRING* name);

} // namespace ringside::mm
