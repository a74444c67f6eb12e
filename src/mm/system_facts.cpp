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

SECTION_OBJECT_POINTERS read(SECTION_OBJECT_POINTERS const* pointers)
{
    SECTION_OBJECT_POINTERS value;
    ke::copy_or_raise(&value, pointers, sizeof value);
    return value;
}

// Of a file that we know no section of, the pointers are as its file system made them.
bool no_sections(SECTION_OBJECT_POINTERS const* pointers)
{
    auto const value = read(pointers);
    return !value.DataSectionObject && !value.ImageSectionObject && !memory().sections.is_mapped(pointers);
}

} // namespace

BOOLEAN MmCanFileBeTruncated(SECTION_OBJECT_POINTERS* pointers, LARGE_INTEGER* new_size)
{
    std::optional<uint64_t> bytes;
    if (LARGE_INTEGER value; new_size) {
        ke::copy_or_raise(&value, new_size, sizeof value);
        bytes = static_cast<uint64_t>(value.QuadPart);
    }
    auto const value = read(pointers);
    if (value.ImageSectionObject)
        return FALSE;
    return memory().sections.is_mapped(pointers) ? memory().sections.may_resize(pointers, bytes)
                                                 : !value.DataSectionObject;
}

BOOLEAN MmFlushImageSection(SECTION_OBJECT_POINTERS* pointers, MMFLUSH_TYPE type)
{
    return type == MmFlushForDelete ? no_sections(pointers) : !read(pointers).ImageSectionObject;
}

BOOLEAN MmForceSectionClosed(SECTION_OBJECT_POINTERS* pointers, BOOLEAN) { return no_sections(pointers); }
BOOLEAN MmForceSectionClosedEx(SECTION_OBJECT_POINTERS* pointers, ULONG) { return no_sections(pointers); }

ULONG MmDoesFileHaveUserWritableReferences(SECTION_OBJECT_POINTERS* pointers)
{
    bool const none = no_sections(pointers);
    return memory().sections.is_mapped(pointers) ? static_cast<ULONG>(memory().sections.writable_references(pointers))
                                                 : !none;
}

ULONGLONG MmGetMaximumFileSectionSize() { return kSectionBytesMax; }

BOOLEAN MmIsThisAnNtAsSystem() { return memory().windows == Windows::ws2022; }

PVOID MmGetSystemRoutineAddress(UNICODE_STRING* name)
{
    if (!g_system_routine)
        return nullptr;
    return g_system_routine({ name->Buffer, name->Length / sizeof(char16_t) });
}

} // namespace ringside::mm
