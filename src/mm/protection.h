// SPDX-License-Identifier: MIT
// NT's page protections and what the host grants for them. User pages are never executable on the host: a driver that
// jumps to one faults, as it does under SMEP.
#pragma once

#include "nt/mm_virtual.h"
#include "sim/host.h"

namespace ringside::mm {

inline constexpr nt::ULONG kBasicProtections = 0xFF;

// One basic protection; PAGE_NOCACHE or PAGE_WRITECOMBINE and PAGE_GUARD may modify it, none of them PAGE_NOACCESS.
constexpr bool is_protection(nt::ULONG protect)
{
    using namespace nt;
    ULONG const basic = protect & kBasicProtections;
    ULONG const modifiers = protect & ~kBasicProtections;
    if (!basic || (basic & (basic - 1)) || (modifiers & ~(PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE)))
        return false;
    if (basic == PAGE_NOACCESS)
        return !modifiers;
    return (modifiers & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) != (PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

constexpr bool is_guard(nt::ULONG protect) { return protect & nt::PAGE_GUARD; }
constexpr bool is_copy_on_write(nt::ULONG protect)
{
    return protect & (nt::PAGE_WRITECOPY | nt::PAGE_EXECUTE_WRITECOPY);
}
constexpr bool is_readable(nt::ULONG protect) { return protect && !(protect & nt::PAGE_NOACCESS); }
// A write succeeds in the end: pages copied on write count.
constexpr bool is_writable(nt::ULONG protect)
{
    return protect & (nt::PAGE_READWRITE | nt::PAGE_EXECUTE_READWRITE) || is_copy_on_write(protect);
}

constexpr sim::host::Access user_access(nt::ULONG protect)
{
    using sim::host::Access;
    if (is_guard(protect) || !is_readable(protect))
        return Access::None;
    return protect & (nt::PAGE_READWRITE | nt::PAGE_EXECUTE_READWRITE) ? Access::ReadWrite : Access::Read;
}

// What a page that was copied on write has from then on.
constexpr nt::ULONG after_copy(nt::ULONG protect)
{
    using namespace nt;
    ULONG const modifiers = protect & ~kBasicProtections;
    return modifiers | (protect & PAGE_EXECUTE_WRITECOPY ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE);
}

} // namespace ringside::mm
