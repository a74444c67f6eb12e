// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-mmlockpagabledatasection
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmlockpagablesectionbyhandle
// @cite(wdk-ddi): page=wdm/nf-wdm-mmpageentiredriver
// @cite(wdk-ddi): page=wdm/nf-wdm-mmresetdriverpaging
// @cite(wdk-ddi): page=wdm/nf-wdm-mmprotectdriversection
// @cite(wdk-docs): page=debugger/bug-check-0x1a--memory-management
#include "mm/driver_paging.h"

#include "ke/bugcheck.h"
#include "ke/gate.h"
#include "mm/memory.h"

namespace ringside::mm {

using namespace nt;

namespace {

uintptr_t value(PVOID address) { return reinterpret_cast<uintptr_t>(address); }

ImageSection& required_section(ImageSection* section, PVOID named)
{
    if (!section)
        ke::bug_check(MEMORY_MANAGEMENT, 0x1234, value(named), 0, 0,
                      "a pageable section was to be locked that no loaded driver has");
    return *section;
}

} // namespace

PVOID MmLockPagableDataSection(PVOID address)
{
    ImagePaging& images = memory().images;
    ImageSection& section = required_section(images.section_at(value(address)), address);
    images.lock(section);
    return reinterpret_cast<PVOID>(section.begin);
}

void MmLockPagableSectionByHandle(PVOID handle)
{
    ImagePaging& images = memory().images;
    images.lock(required_section(images.section_of_handle(value(handle)), handle));
}

void MmUnlockPagableImageSection(PVOID handle)
{
    ImagePaging& images = memory().images;
    ImageSection* section = images.section_of_handle(value(handle));
    if (!section || !images.unlock(*section))
        ke::bug_check(MEMORY_MANAGEMENT, 0x1010, value(handle), 0, 0,
                      "a pageable section was unlocked that is not locked");
}

PVOID MmPageEntireDriver(PVOID address)
{
    ImagePaging::Image* image = memory().images.find(value(address));
    if (!image)
        return nullptr;
    image->paged_entirely = true;
    return reinterpret_cast<PVOID>(image->base);
}

void MmResetDriverPaging(PVOID address)
{
    if (ImagePaging::Image* image = memory().images.find(value(address)))
        memory().images.reset(*image);
}

NTSTATUS MmProtectDriverSection(PVOID address, SIZE_T size, ULONG flags)
{
    if (size || (flags & ~MM_PROTECT_DRIVER_SECTION_ALLOW_UNLOAD))
        return STATUS_INVALID_PARAMETER;
    ImageSection const* section = memory().images.section_at(value(address));
    if (!section)
        ke::bug_check(MEMORY_MANAGEMENT, 0x1100, value(address), 0, 0,
                      "MmProtectDriverSection was given an address that no loaded driver has");
    if (section->executable)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (section->discardable)
        return STATUS_ACCESS_VIOLATION;
    // Virtual Secure Mode is off: there is no hypervisor that could protect the pages.
    return STATUS_INVALID_DEVICE_STATE;
}

void force_irql_checking(bool on)
{
    ke::g_at_dispatch = on ? +[] { memory().images.trim(); } : nullptr;
}

} // namespace ringside::mm
