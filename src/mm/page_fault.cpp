// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/handling-exceptions
#include "mm/page_fault.h"

#include "mm/image_paging.h"
#include "mm/memory.h"
#include "mm/protection.h"

namespace ringside::mm {

using namespace nt;
using hal::kPageSize;

namespace {

enum class Touch : uint8_t { Nothing, Resolved, Guard, NoMemory };

// What the touch changed. Nothing: the page is as its protection says, for good or for bad.
Touch touch(Slice& slice, uintptr_t address, bool write)
{
    AddressSpaces& spaces = memory().spaces;
    uintptr_t const page = hal::page_of(address);
    ULONG const protect = AddressSpaces::protection_at(slice, page);
    if (is_guard(protect)) {
        spaces.set_protect(slice, page, page + kPageSize, protect & ~PAGE_GUARD);
        return Touch::Guard;
    }
    if (!write || !is_copy_on_write(protect))
        return Touch::Nothing;
    return spaces.copy_page(slice, page, after_copy(protect)) ? Touch::Resolved : Touch::NoMemory;
}

} // namespace

ke::PageFault page_fault(uintptr_t address, bool write, uint8_t irql)
{
    ImagePaging& images = memory().images;
    if (irql >= DISPATCH_LEVEL) {
        if (images.is_away(address))
            images.bring_all_back(); // the bug check that follows unwinds through code
        return {};
    }
    if (!hal::is_user(address))
        return { .resolved = images.page_in(address) };
    Slice* slice = memory().spaces.current();
    if (!slice)
        return {};
    switch (touch(*slice, address, write)) {
    case Touch::Resolved:
        return { .resolved = true };
    case Touch::Guard:
        return { .status = STATUS_GUARD_PAGE_VIOLATION };
    case Touch::NoMemory:
        return { .status = STATUS_IN_PAGE_ERROR };
    case Touch::Nothing:
        break;
    }
    return {};
}

NTSTATUS touch_user(Slice& slice, uintptr_t address, bool write)
{
    switch (touch(slice, address, write)) {
    case Touch::Guard:
        return STATUS_GUARD_PAGE_VIOLATION;
    case Touch::NoMemory:
        return STATUS_IN_PAGE_ERROR;
    default:
        return memory().spaces.accessible(slice, address, address + 1, write) ? STATUS_SUCCESS
                                                                              : STATUS_ACCESS_VIOLATION;
    }
}

} // namespace ringside::mm
