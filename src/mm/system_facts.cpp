// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-mmgetsystemroutineaddress
#include "mm/system_facts.h"

#include "ke/exception.h"
#include "ke/gate.h"
#include "mm/memory.h"

namespace ringside::mm {

using namespace nt;

MM_SYSTEM_SIZE MmQuerySystemSize()
{
    // Machines that a 64-bit Windows can boot on are large by the old measure; a small one only in a test.
    size_t const megabytes = memory().physical.bytes() / hal::kMiB;
    return megabytes >= 128 ? MmLargeSystem : megabytes >= 32 ? MmMediumSystem : MmSmallSystem;
}

// Every driver of a verified machine is on Driver Verifier's list, and no driver of another one.
LOGICAL MmIsDriverVerifying(DRIVER_OBJECT*) { return ke::g_binding == ke::Binding::Verified; }
LOGICAL MmIsDriverSuspectForVerifier(DRIVER_OBJECT*) { return ke::g_binding == ke::Binding::Verified; }

LOGICAL MmIsDriverVerifyingByAddress(PVOID address)
{
    return ke::g_binding == ke::Binding::Verified && memory().images.find(reinterpret_cast<uintptr_t>(address));
}

// No page fault reads a file.
BOOLEAN MmIsRecursiveIoFault() { return FALSE; }

// There is no system cache: no address lies in it.
BOOLEAN MmSetAddressRangeModified(PVOID, SIZE_T) { return FALSE; }

namespace {

// No section of a file exists: the pointers are as the file system made them.
bool no_sections(SECTION_OBJECT_POINTERS* pointers)
{
    SECTION_OBJECT_POINTERS value;
    ke::copy_or_raise(&value, pointers, sizeof value);
    return !value.DataSectionObject && !value.ImageSectionObject;
}

} // namespace

BOOLEAN MmCanFileBeTruncated(SECTION_OBJECT_POINTERS* pointers, LARGE_INTEGER*) { return no_sections(pointers); }
BOOLEAN MmFlushImageSection(SECTION_OBJECT_POINTERS* pointers, MMFLUSH_TYPE) { return no_sections(pointers); }
BOOLEAN MmForceSectionClosed(SECTION_OBJECT_POINTERS* pointers, BOOLEAN) { return no_sections(pointers); }
BOOLEAN MmForceSectionClosedEx(SECTION_OBJECT_POINTERS* pointers, ULONG) { return no_sections(pointers); }
ULONG MmDoesFileHaveUserWritableReferences(SECTION_OBJECT_POINTERS* pointers) { return !no_sections(pointers); }

BOOLEAN MmIsThisAnNtAsSystem() { return memory().windows == Windows::ws2022; }

PVOID MmGetSystemRoutineAddress(UNICODE_STRING* name)
{
    if (!g_system_routine)
        return nullptr;
    return g_system_routine({ name->Buffer, name->Length / sizeof(char16_t) });
}

} // namespace ringside::mm
