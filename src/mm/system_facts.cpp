// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-mmlockpagabledatasection
// @cite(wdk-ddi): page=wdm/nf-wdm-mmpageentiredriver
// @cite(wdk-ddi): page=wdm/nf-wdm-mmgetsystemroutineaddress
#include "mm/system_facts.h"

#include "ke/kernel.h"
#include "mm/memory.h"

namespace ringside::mm {

using namespace nt;

PVOID MmLockPagableDataSection(PVOID address) { return address; }
void MmLockPagableSectionByHandle(PVOID) { }
void MmUnlockPagableImageSection(PVOID) { }
void MmResetDriverPaging(PVOID) { }

PVOID MmPageEntireDriver(PVOID address)
{
    auto const* image = ke::kernel().images().find(reinterpret_cast<uintptr_t>(address));
    return image ? reinterpret_cast<void*>(image->base) : nullptr;
}

MM_SYSTEM_SIZE MmQuerySystemSize()
{
    // Machines that a 64-bit Windows can boot on are large by the old measure; a small one only in a test.
    size_t const megabytes = memory().physical.bytes() / hal::kMiB;
    return megabytes >= 128 ? MmLargeSystem : megabytes >= 32 ? MmMediumSystem : MmSmallSystem;
}

BOOLEAN MmIsThisAnNtAsSystem() { return memory().windows == Windows::ws2022; }

PVOID MmGetSystemRoutineAddress(UNICODE_STRING* name)
{
    if (!g_system_routine)
        return nullptr;
    return g_system_routine({ name->Buffer, name->Length / sizeof(char16_t) });
}

} // namespace ringside::mm
