// SPDX-License-Identifier: MIT
#include "mm/mdl_rules.h"

#include "ke/bugcheck.h"
#include "ke/gate.h"

namespace ringside::mm {

using namespace nt;

namespace {

uint64_t flags_of(MDL* mdl) { return static_cast<USHORT>(mdl->MdlFlags); }

void stop(uint64_t subcode, MDL* mdl, uint64_t p3, uint64_t p4, char const* words)
{
    if (ke::g_binding == ke::Binding::Verified)
        ke::bug_check(DRIVER_VERIFIER_DETECTED_VIOLATION, subcode, reinterpret_cast<uint64_t>(mdl), p3, p4, words);
}

} // namespace

void verify_before_lock(MDL* mdl, uint64_t subcode)
{
    constexpr uint64_t kWrong
        = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE;
    if (uint64_t const wrong = flags_of(mdl) & kWrong)
        stop(subcode, mdl, flags_of(mdl), wrong,
             "pages were to be locked of an MDL that is locked, mapped, partial or of non-paged memory already");
}

void verify_before_map(MDL* mdl)
{
    if (uint64_t const wrong = flags_of(mdl) & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        stop(0xB2, mdl, flags_of(mdl), wrong, "an MDL was to be mapped that has a system address already");
    constexpr uint64_t kOne = MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_IO_SPACE;
    if (!(flags_of(mdl) & kOne))
        stop(0xB3, mdl, flags_of(mdl), kOne, "an MDL was to be mapped whose pages are not locked");
}

void verify_before_unlock(MDL* mdl)
{
    if (flags_of(mdl) & MDL_PARTIAL)
        stop(0xB4, mdl, flags_of(mdl), MDL_PARTIAL, "MmUnlockPages was given a partial MDL");
    if (flags_of(mdl) & MDL_SOURCE_IS_NONPAGED_POOL)
        stop(0x7D, mdl, flags_of(mdl), 0, "MmUnlockPages was given an MDL of non-paged memory");
    if (!(flags_of(mdl) & MDL_PAGES_LOCKED))
        stop(0x7C, mdl, flags_of(mdl), 0, "MmUnlockPages was given an MDL whose pages are not locked");
}

void verify_before_unmap(MDL* mdl)
{
    if ((flags_of(mdl) & (MDL_PARTIAL | MDL_PARTIAL_HAS_BEEN_MAPPED)) == MDL_PARTIAL)
        stop(0xB5, mdl, flags_of(mdl), MDL_PARTIAL, "the mapping of its source was taken away through a partial MDL");
    if (!(flags_of(mdl) & MDL_MAPPED_TO_SYSTEM_VA))
        stop(0xB6, mdl, flags_of(mdl), MDL_MAPPED_TO_SYSTEM_VA,
             "MmUnmapLockedPages was given an MDL that has no system address");
}

void verify_user_unmap(MDL* mdl, uint64_t address)
{
    if (ke::g_binding == ke::Binding::Verified)
        ke::bug_check(DRIVER_VERIFIER_DETECTED_VIOLATION, 0xB9, address, reinterpret_cast<uint64_t>(mdl), 0,
                      "MmUnmapLockedPages was given a user address that the current process has no view at");
}

void verify_before_free(MDL* mdl)
{
    if ((flags_of(mdl) & (MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL)) == MDL_MAPPED_TO_SYSTEM_VA)
        stop(0xB8, mdl, flags_of(mdl), 0, "IoFreeMdl was given an MDL that is still mapped");
}

void verify_frame(MDL* mdl, PFN_NUMBER* entry)
{
    stop(0x89, mdl, reinterpret_cast<uint64_t>(entry), *entry,
         "an MDL was to be mapped whose page entries were never filled or are corrupt");
}

} // namespace ringside::mm
