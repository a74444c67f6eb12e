// SPDX-License-Identifier: MIT
#include "mm/user_image.h"

#include "base/check.h"
#include "mm/memory.h"

namespace ringside::mm {

using namespace nt;

Result<uintptr_t> map_user_image(ke::Process& process, std::span<uint8_t const> bytes)
{
    AddressSpaces& spaces = memory().spaces;
    Slice* slice = spaces.slice_of(&process);
    CHECK(slice, "images are mapped into processes that have addresses");
    size_t const pages = (bytes.size() + hal::kPageSize - 1) >> hal::kPageShift;
    // From the top, so that what a client allocates stands where it stood without an image.
    auto const base = spaces.find_room(*slice, pages, 0, true);
    if (!base)
        return Failure { STATUS_NO_MEMORY };
    spaces.reserve(*slice, *base, { pages, UserAllocation::Kind::Image, PAGE_EXECUTE_WRITECOPY });
    auto committed = spaces.commit(*slice, *base, *base + (pages << hal::kPageShift), PAGE_READONLY);
    if (!committed.ok()) {
        spaces.release(*slice, spaces.find(*slice, *base));
        return committed.failure();
    }
    CHECK(write_process(process, reinterpret_cast<void*>(*base), bytes.data(), bytes.size()));
    return *base;
}

} // namespace ringside::mm
