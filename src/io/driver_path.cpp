// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioqueryfulldriverpath
#include "io/driver.h"

#include "ex/pool.h"
#include "io/manager.h"
#include "ke/kernel.h"

#include <algorithm>

namespace ringside::io {

namespace {

constexpr ULONG kPathTag = 0x50446F49; // 'IoDP'

}

NTSTATUS IoQueryFullDriverPath(DRIVER_OBJECT* driver, UNICODE_STRING* path)
{
    *path = {};
    DriverRecord const* record = manager().drivers().find(driver);
    bool const own_only = ke::kernel().options().windows < Windows::v10_1709;
    if (DriverRecord const* caller = manager().drivers().calling(); own_only && caller && caller != record)
        return STATUS_ACCESS_DENIED;
    if (!record || record->path.empty())
        return STATUS_NOT_FOUND;
    size_t const bytes = record->path.size() * sizeof(char16_t);
    auto* buffer
        = static_cast<char16_t*>(ex::allocate(PagedPool, bytes + sizeof(char16_t), kPathTag, ex::Owner::Driver, false));
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    std::ranges::copy(record->path, buffer);
    buffer[record->path.size()] = 0;
    *path = { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)), buffer };
    return STATUS_SUCCESS;
}

} // namespace ringside::io
