// SPDX-License-Identifier: MIT
// Building MDLs.
// @cite(wdk-ddi): page=wdm/nf-wdm-ioallocatemdl
// @cite(wdk-ddi): page=wdm/nf-wdm-iobuildpartialmdl
// @cite(wdk-ddi): page=wdm/nf-wdm-mmbuildmdlfornonpagedpool
// @cite(wdk-docs): page=debugger/bug-check-0x12e--invalid-mdl-range
#include "mm/mdl.h"

#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "mm/mdl_rules.h"
#include "mm/memory.h"

#include <algorithm>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;

namespace {

constexpr ULONG kMdlTag = 0x206C644D; // "Mdl "

// Flags that say where the memory of the MDL itself is from: building keeps them.
constexpr CSHORT kOfTheMemory = MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED;

size_t longest_buffer()
{
    Windows const windows = memory().windows;
    if (windows >= Windows::win7)
        return 4 * hal::kGiB - kPageSize;
    if (windows >= Windows::vista)
        return 2 * hal::kGiB - kPageSize;
    return kPageSize * (65535 - sizeof(MDL)) / sizeof(PFN_NUMBER);
}

// MmInitializeMdl, which drivers have inline.
void initialize(MDL& mdl, uintptr_t base, size_t length)
{
    mdl.Next = nullptr;
    mdl.Size = static_cast<CSHORT>(MmSizeOfMdl(reinterpret_cast<void*>(base), length));
    mdl.MdlFlags = 0;
    mdl.StartVa = reinterpret_cast<void*>(hal::page_of(base));
    mdl.ByteOffset = static_cast<ULONG>(base % kPageSize);
    mdl.ByteCount = static_cast<ULONG>(length);
}

} // namespace

SIZE_T MmSizeOfMdl(PVOID base, SIZE_T length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * pages_spanned(reinterpret_cast<uintptr_t>(base), length);
}

MDL* MmCreateMdl(MDL* mdl, PVOID base, SIZE_T length)
{
    if (!mdl) {
        mdl = static_cast<MDL*>(g_pool.allocate(MmSizeOfMdl(base, length), kMdlTag));
        if (!mdl)
            return nullptr;
    }
    initialize(*mdl, reinterpret_cast<uintptr_t>(base), length);
    return mdl;
}

MDL* IoAllocateMdl(PVOID address, ULONG length, BOOLEAN secondary, BOOLEAN, IRP* irp)
{
    if (length > longest_buffer())
        return nullptr;
    MDL* mdl = MmCreateMdl(nullptr, address, length);
    if (!mdl || !irp)
        return mdl;
    if (!secondary) {
        irp->MdlAddress = mdl;
        return mdl;
    }
    MDL** link = &irp->MdlAddress;
    while (*link)
        link = &(*link)->Next;
    *link = mdl;
    return mdl;
}

void IoFreeMdl(MDL* mdl)
{
    verify_before_free(mdl);
    // MmPrepareMdlForReuse.
    if (mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    g_pool.free(mdl);
}

void IoBuildPartialMdl(MDL* source, MDL* target, PVOID address, ULONG length)
{
    uintptr_t const source_begin = address_of(source);
    uintptr_t const source_end = source_begin + source->ByteCount;
    auto const begin = reinterpret_cast<uintptr_t>(address);
    if (begin < source_begin || begin > source_end || (length && length > source_end - begin))
        ke::bug_check(INVALID_MDL_RANGE, reinterpret_cast<uint64_t>(source), reinterpret_cast<uint64_t>(target), begin,
                      length, "IoBuildPartialMdl was asked for bytes that the source MDL does not describe");
    if (!length)
        length = static_cast<ULONG>(source_end - begin);
    size_t const pages = pages_spanned(begin, length);
    size_t const room = static_cast<size_t>(static_cast<USHORT>(target->Size));
    if (sizeof(MDL) + pages * sizeof(PFN_NUMBER) > room)
        ke::bug_check(TARGET_MDL_TOO_SMALL, 0, 0, 0, 0,
                      "IoBuildPartialMdl was given a target with too few page entries");

    target->Process = source->Process;
    target->StartVa = reinterpret_cast<void*>(hal::page_of(begin));
    target->ByteOffset = static_cast<ULONG>(begin % kPageSize);
    target->ByteCount = length;
    ULONG flags = (target->MdlFlags & kOfTheMemory) | MDL_PARTIAL;
    constexpr ULONG kInherited = MDL_SOURCE_IS_NONPAGED_POOL | MDL_IO_SPACE | MDL_IO_PAGE_READ | MDL_WRITE_OPERATION;
    flags |= source->MdlFlags & kInherited;
    if (source->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        // The parent's mapping serves; freeing the partial MDL leaves it alone.
        target->MappedSystemVa = static_cast<char*>(source->MappedSystemVa) + (begin - source_begin);
        flags |= MDL_PARENT_MAPPED_SYSTEM_VA | (source->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    }
    target->MdlFlags = static_cast<CSHORT>(flags);
    size_t const skipped = (hal::page_of(begin) - reinterpret_cast<uintptr_t>(source->StartVa)) >> kPageShift;
    std::copy_n(frames_of(source) + skipped, pages, frames_of(target));
}

void MmBuildMdlForNonPagedPool(MDL* mdl)
{
    hal::PhysicalMemory& physical = memory().physical;
    auto const first_page = reinterpret_cast<uintptr_t>(mdl->StartVa);
    size_t const pages = page_count(mdl);
    PFN_NUMBER* frames = frames_of(mdl);
    for (size_t i = 0; i < pages; ++i) {
        uintptr_t const page = first_page + (i << kPageShift);
        auto address = physical.physical_of(page);
        if (!address) {
            // Nothing is there: what a touch would do is what happens.
            char byte;
            ke::copy_or_raise(&byte, reinterpret_cast<void*>(page), 1);
            ke::bug_check(PAGE_FAULT_IN_NONPAGED_AREA, page, 0, 0, 0,
                          "MmBuildMdlForNonPagedPool was given memory that has no page frames");
        }
        frames[i] = *address >> kPageShift;
    }
    mdl->Process = nullptr;
    mdl->MappedSystemVa = reinterpret_cast<void*>(address_of(mdl));
    mdl->MdlFlags = static_cast<CSHORT>(mdl->MdlFlags | MDL_SOURCE_IS_NONPAGED_POOL);
}

size_t locked_mdls() { return memory().mdls.locked.size(); }
size_t mapped_mdls() { return memory().mdls.mapped.size(); }

} // namespace ringside::mm
