// SPDX-License-Identifier: MIT
// Probing and locking the pages that an MDL describes.
// @cite(wdk-ddi): page=wdm/nf-wdm-mmprobeandlockpages
// @cite(wdk-ddi): page=wdm/nf-wdm-mmprobeandlockselectedpages
// @cite(wdk-ddi): page=wdm/nf-wdm-mmunlockpages
// @cite(wdk-ddi): page=wdm/nf-wdm-mmadvancemdl
// @cite(wdk-docs): page=debugger/bug-check-0x4e--pfn-list-corrupt
// @cite(wdk-docs): page=debugger/bug-check-0x76--process-has-locked-pages
#include "mm/mdl.h"

#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "ke/gate.h"
#include "mm/caller.h"
#include "mm/mdl_rules.h"
#include "mm/memory.h"
#include "mm/page_fault.h"

#include <algorithm>

namespace ringside::mm {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;

namespace {

// Raises what the first user page raises that does not permit the operation; pages copied on write get their copies.
void probe_user(AddressSpaces& spaces, uintptr_t begin, uintptr_t end, bool write)
{
    Slice* slice = spaces.current();
    for (uintptr_t at = begin; at < end; at = hal::page_of(at) + kPageSize) {
        NTSTATUS const status = slice ? touch_user(*slice, at, write) : STATUS_ACCESS_VIOLATION;
        if (status == STATUS_ACCESS_VIOLATION)
            ke::raise_access_violation(at, write);
        if (status)
            ke::raise(status);
    }
}

// A touch has the consequences it has on Windows: an invalid system address is a bug check.
void probe_system(uintptr_t begin, uintptr_t end, bool write)
{
    for (uintptr_t at = begin; at < end; at = hal::page_of(at) + kPageSize) {
        char byte;
        ke::copy_or_raise(&byte, reinterpret_cast<void*>(at), 1);
        if (write)
            ke::copy_or_raise(reinterpret_cast<void*>(at), &byte, 1);
    }
}

std::vector<LockedMdl>::iterator find_lock(MDL* mdl)
{
    auto& locked = memory().mdls.locked;
    for (auto it = locked.end(); it != locked.begin();)
        if ((--it)->mdl == mdl)
            return it;
    return locked.end();
}

void unlock_frame(hal::Pfn pfn)
{
    FrameLocks& locks = memory().locks;
    if (!locks.unlock(pfn))
        ke::bug_check(PFN_LIST_CORRUPT, 7, pfn, locks.exists(pfn) ? locks.count(pfn) : 0, 0,
                      "a page was unlocked more often than it was locked");
}

[[noreturn]] void not_locked(MDL* mdl)
{
    Slice* slice = memory().spaces.current();
    if (hal::is_user(address_of(mdl)))
        ke::bug_check(PROCESS_HAS_LOCKED_PAGES, 1, reinterpret_cast<uint64_t>(mdl), slice ? slice->locked_pages : 0, 0,
                      "MmUnlockPages was given an MDL whose pages are not locked");
    ke::bug_check(PFN_LIST_CORRUPT, 7, page_count(mdl) ? frames_of(mdl)[0] : 0, 0, 0,
                  "MmUnlockPages was given an MDL whose pages are not locked");
}

} // namespace

namespace {

// Fills in the frames and locks them. A device's memory needs no lock and gets none: such an MDL is one of I/O space.
void lock_frames(MDL* mdl, ke::Process* process, bool write)
{
    Memory& m = memory();
    size_t const pages = page_count(mdl);
    PFN_NUMBER* frames = frames_of(mdl);
    ULONG flags = mdl->MdlFlags & ~MDL_WRITE_OPERATION;
    flags |= write ? MDL_WRITE_OPERATION : 0;
    mdl->Process = process ? reinterpret_cast<EPROCESS*>(process->guest) : nullptr;
    bool const device = pages && !m.locks.exists(frames[0]);
    if (device) {
        if (ke::g_binding == ke::Binding::Verified)
            ke::bug_check(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x6F, reinterpret_cast<uint64_t>(mdl), frames[0],
                          (m.physical.bytes() >> kPageShift) - 1, "a device's memory was to be locked");
        mdl->MdlFlags = static_cast<CSHORT>(flags | MDL_IO_SPACE | MDL_PAGES_LOCKED);
        return;
    }
    for (size_t i = 0; i < pages; ++i)
        m.locks.lock(frames[i]);
    if (process)
        m.spaces.slice_of(process)->locked_pages += pages;
    mdl->MdlFlags = static_cast<CSHORT>(flags | MDL_PAGES_LOCKED);
    m.mdls.locked.push_back({ mdl, process, pages, calling_driver(), ++m.mdls.born });
}

hal::Pfn frame_at(uintptr_t page)
{
    auto physical = memory().physical.physical_of(page);
    if (!physical)
        ke::bug_check(PAGE_FAULT_IN_NONPAGED_AREA, page, 0, 0, 0,
                      "an MDL was to be locked that describes memory without page frames");
    return *physical >> kPageShift;
}

ke::Process* probe(uintptr_t begin, uintptr_t end, KPROCESSOR_MODE mode, bool write)
{
    Memory& m = memory();
    if (mode == UserMode && end > hal::kUserProbeAddress)
        ke::raise_access_violation(std::max(begin, hal::kUserProbeAddress), write);
    if (!hal::is_user(begin)) {
        probe_system(begin, end, write);
        return nullptr;
    }
    probe_user(m.spaces, begin, end, write);
    return m.spaces.current() ? m.spaces.current()->process : nullptr;
}

} // namespace

void MmProbeAndLockPages(MDL* mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    verify_before_lock(mdl);
    uintptr_t const begin = address_of(mdl);
    bool const write = operation != IoReadAccess;
    uintptr_t end;
    if (__builtin_add_overflow(begin, mdl->ByteCount, &end))
        ke::raise_access_violation(begin, write);
    ke::Process* process = probe(begin, end, mode, write);
    size_t const pages = page_count(mdl);
    auto const first_page = reinterpret_cast<uintptr_t>(mdl->StartVa);
    for (size_t i = 0; i < pages; ++i)
        frames_of(mdl)[i] = frame_at(first_page + (i << kPageShift));
    lock_frames(mdl, process, write);
}

// The pages of a scatter or gather request: each element names one, wherever it lies.
void MmProbeAndLockSelectedPages(MDL* mdl, uint64_t* segments, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    verify_before_lock(mdl);
    bool const write = operation != IoReadAccess;
    size_t const pages = page_count(mdl);
    ke::Process* process = nullptr;
    for (size_t i = 0; i < pages; ++i) {
        uint64_t page;
        ke::copy_or_raise(&page, segments + i, sizeof page);
        page = hal::page_of(page);
        process = probe(page, page + kPageSize, mode, write);
        frames_of(mdl)[i] = frame_at(page);
        if (!i)
            mdl->StartVa = reinterpret_cast<void*>(page);
    }
    lock_frames(mdl, process, write);
}

void MmUnlockPages(MDL* mdl)
{
    Memory& m = memory();
    verify_before_unlock(mdl);
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED))
        not_locked(mdl);
    if ((mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL)) == MDL_MAPPED_TO_SYSTEM_VA)
        drop_system_mapping(mdl, reinterpret_cast<uintptr_t>(mdl->MappedSystemVa));
    if (mdl->MdlFlags & MDL_IO_SPACE) {
        mdl->MdlFlags = static_cast<CSHORT>(mdl->MdlFlags & ~(MDL_PAGES_LOCKED | MDL_IO_SPACE));
        return;
    }
    size_t const pages = page_count(mdl);
    for (size_t i = 0; i < pages; ++i)
        unlock_frame(frames_of(mdl)[i]);
    auto record = find_lock(mdl);
    if (record != m.mdls.locked.end()) {
        if (Slice* slice = m.spaces.slice_of(record->process))
            slice->locked_pages -= std::min(slice->locked_pages, pages);
        m.mdls.locked.erase(record);
    }
    mdl->MdlFlags = static_cast<CSHORT>(mdl->MdlFlags & ~MDL_PAGES_LOCKED);
}

NTSTATUS MmAdvanceMdl(MDL* mdl, ULONG bytes)
{
    if (bytes > mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    size_t const before = page_count(mdl);
    uintptr_t const begin = address_of(mdl) + bytes;
    uintptr_t const first_page = reinterpret_cast<uintptr_t>(mdl->StartVa);
    size_t const passed = std::min(before, (hal::page_of(begin) - first_page) >> kPageShift);
    PFN_NUMBER* frames = frames_of(mdl);
    if (mdl->MdlFlags & MDL_PAGES_LOCKED && !(mdl->MdlFlags & MDL_IO_SPACE)) {
        for (size_t i = 0; i < passed; ++i)
            unlock_frame(frames[i]);
        auto record = find_lock(mdl);
        if (record != memory().mdls.locked.end()) {
            record->pages -= std::min(record->pages, passed);
            if (Slice* slice = memory().spaces.slice_of(record->process))
                slice->locked_pages -= std::min(slice->locked_pages, passed);
        }
    }
    std::copy(frames + passed, frames + before, frames);
    mdl->StartVa = reinterpret_cast<void*>(hal::page_of(begin));
    mdl->ByteOffset = static_cast<ULONG>(begin % kPageSize);
    mdl->ByteCount -= bytes;
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        mdl->MappedSystemVa = static_cast<char*>(mdl->MappedSystemVa) + bytes;
    return STATUS_SUCCESS;
}

} // namespace ringside::mm
