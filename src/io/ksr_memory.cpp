// SPDX-License-Identifier: MIT
#include "io/ksr_memory.h"

#include "ex/pool.h"
#include "io/ddi.h"
#include "io/guest_string.h"
#include "io/manager.h"
#include "ke/door.h"
#include "rtl/strings.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace ringside::io {

namespace {

constexpr ULONG kKsrTag = 0x726B6F49; // 'Iokr'

// Nothing for a pointer that is no driver object.
std::optional<KsrKey> key_of(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id, USHORT* tag,
                             ULONG version)
{
    DriverRecord const* record = manager().drivers().find(driver);
    if (!record)
        return std::nullopt;
    KsrKey key { .service = record->label, .device_id = {}, .tag = tag ? *tag : USHORT { 0 }, .version = version };
    if (id)
        key.device_id = rtl::view(*id);
    else if (DeviceRecord const* of = device ? manager().devices().find(device) : nullptr)
        key.device_id = of->name;
    return key;
}

KsrMemory& memory() { return manager().ksr_memory(); }

} // namespace

KsrMemory::~KsrMemory()
{
    for (Reserved const& block : reserved)
        ex::free(block.memory, kKsrTag);
}

std::vector<KsrBlock> KsrMemory::written() const
{
    std::vector<KsrBlock> blocks;
    for (Reserved const& block : reserved)
        if (block.written)
            blocks.push_back({ block.key, std::vector<uint8_t>(block.memory, block.memory + block.written) });
    return blocks;
}

KsrMemory::Reserved* KsrMemory::find(void* handle)
{
    auto const found = std::ranges::find(reserved, handle, &Reserved::memory);
    return found == reserved.end() ? nullptr : &*found;
}

KsrBlock* KsrMemory::find_inherited(KsrKey const& key)
{
    auto const found = std::ranges::find(inherited, key, &KsrBlock::key);
    return found == inherited.end() ? nullptr : &*found;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreserveksrpersistentmemoryex
NTSTATUS IoReserveKsrPersistentMemoryEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id, USHORT* tag,
                                        ULONG version, SIZE_T size, ULONG flags, void** handle)
{
    *handle = nullptr;
    auto key = key_of(driver, device, id, tag, version);
    if (!key || !size)
        return STATUS_INVALID_PARAMETER;
    if (flags)
        return STATUS_NOT_SUPPORTED;
    if (std::ranges::find(memory().reserved, *key, &KsrMemory::Reserved::key) != memory().reserved.end())
        return STATUS_OBJECT_NAME_COLLISION;
    auto* block = static_cast<uint8_t*>(ex::allocate(NonPagedPoolNx, size, kKsrTag, ex::Owner::Kernel, true));
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    memory().reserved.push_back({ std::move(*key), block, size });
    *handle = block;
    return STATUS_SUCCESS;
}

NTSTATUS IoReserveKsrPersistentMemory(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, SIZE_T size, ULONG flags,
                                      void** handle)
{
    return IoReserveKsrPersistentMemoryEx(driver, device, nullptr, nullptr, 0, size, flags, handle);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowriteksrpersistentmemory
NTSTATUS IoWriteKsrPersistentMemory(void* handle, void* buffer, SIZE_T size)
{
    KsrMemory::Reserved* block = memory().find(handle);
    if (!block || !size || size > block->size)
        return STATUS_INVALID_PARAMETER;
    std::memcpy(block->memory, buffer, size);
    block->written = size;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iofreeksrpersistentmemory
NTSTATUS IoFreeKsrPersistentMemory(void* handle)
{
    KsrMemory::Reserved* block = memory().find(handle);
    if (!block)
        return STATUS_INVALID_PARAMETER;
    memory().reserved.erase(memory().reserved.begin() + (block - memory().reserved.data()));
    ex::free(handle, kKsrTag);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioqueryksrpersistentmemorysizeex
NTSTATUS IoQueryKsrPersistentMemorySizeEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id,
                                          USHORT* tag, ULONG version, SIZE_T* size)
{
    auto const key = key_of(driver, device, id, tag, version);
    if (!key)
        return STATUS_INVALID_PARAMETER;
    KsrBlock const* block = memory().find_inherited(*key);
    if (!block)
        return STATUS_NOT_FOUND;
    *size = block->bytes.size();
    return STATUS_SUCCESS;
}

NTSTATUS IoQueryKsrPersistentMemorySize(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, SIZE_T* size)
{
    return IoQueryKsrPersistentMemorySizeEx(driver, device, nullptr, nullptr, 0, size);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioacquireksrpersistentmemoryex
NTSTATUS IoAcquireKsrPersistentMemoryEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id, USHORT* tag,
                                        ULONG version, void* buffer, SIZE_T* size)
{
    auto const key = key_of(driver, device, id, tag, version);
    if (!key)
        return STATUS_INVALID_PARAMETER;
    KsrBlock* block = memory().find_inherited(*key);
    if (!block)
        return STATUS_NOT_FOUND;
    SIZE_T const room = *size;
    *size = block->bytes.size();
    if (room < block->bytes.size())
        return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(buffer, block->bytes.data(), block->bytes.size());
    memory().inherited.erase(memory().inherited.begin() + (block - memory().inherited.data()));
    return STATUS_SUCCESS;
}

NTSTATUS IoAcquireKsrPersistentMemory(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, void* buffer, SIZE_T* size)
{
    return IoAcquireKsrPersistentMemoryEx(driver, device, nullptr, nullptr, 0, buffer, size);
}

namespace {

// One block as its callback hears of it; the name in pool, for the callback may end the machine.
struct Told {
    UNICODE_STRING name {};
    USHORT tag = 0;
    ULONG version = 0;
};

enum class Next : uint8_t { Told, Other, NoPool };

Next tell_of(KsrKey const& key, DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id, Told& told)
{
    auto const asked = key_of(driver, device, id, nullptr, 0);
    if (!asked || key.service != asked->service || ((device || id) && key.device_id != asked->device_id))
        return Next::Other;
    told.tag = key.tag;
    told.version = key.version;
    return make_string(told.name, key.device_id, kKsrTag) ? Next::Told : Next::NoPool;
}

} // namespace

// By index: the callback may acquire what it hears of.
// @cite(wdk-ddi): page=wdm/nf-wdm-ioenumerateksrpersistentmemoryex
NTSTATUS IoEnumerateKsrPersistentMemoryEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id,
                                          IO_PERSISTED_MEMORY_ENUMERATION_CALLBACK* callback, void* context)
{
    if (!manager().drivers().find(driver))
        return STATUS_INVALID_PARAMETER;
    for (size_t i = 0; i < memory().inherited.size();) {
        Told told;
        Next const next = tell_of(memory().inherited[i].key, driver, device, id, told);
        if (next == Next::NoPool)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (next == Next::Other) {
            ++i;
            continue;
        }
        char16_t* const ours = told.name.Buffer; // the callback may write over the string
        size_t const before = memory().inherited.size();
        NTSTATUS const status = ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, callback, driver, device,
                                                 &told.name, &told.tag, &told.version, context);
        ex::free(ours, kKsrTag);
        if (!NT_SUCCESS(status))
            return status;
        if (memory().inherited.size() == before)
            ++i;
    }
    return STATUS_SUCCESS;
}

std::span<Ddi const> ksr_rows()
{
    constexpr char const* kReserved = "the pages give parameters only: what the functions do is taken from their names";
    constexpr char const* kNoIrql = "the page gives no IRQL";
    static Ddi const rows[] = {
        { .name = "IoReserveKsrPersistentMemory", .since = Windows::v10_2004, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioreserveksrpersistentmemory",
          .partial = kReserved, .because = kNoIrql, .body = body<&IoReserveKsrPersistentMemory>() },
        { .name = "IoReserveKsrPersistentMemoryEx", .since = Windows::ws2022, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioreserveksrpersistentmemoryex",
          .partial = kReserved, .because = kNoIrql, .body = body<&IoReserveKsrPersistentMemoryEx>() },
        { .name = "IoWriteKsrPersistentMemory", .since = Windows::v10_2004,
          .page = "wdm/nf-wdm-iowriteksrpersistentmemory", .partial = kReserved, .because = kNoIrql,
          .body = body<&IoWriteKsrPersistentMemory>() },
        { .name = "IoFreeKsrPersistentMemory", .since = Windows::v10_2004,
          .page = "wdm/nf-wdm-iofreeksrpersistentmemory", .partial = kReserved, .because = kNoIrql,
          .body = body<&IoFreeKsrPersistentMemory>() },
        { .name = "IoQueryKsrPersistentMemorySize", .since = Windows::v10_2004,
          .page = "wdm/nf-wdm-ioqueryksrpersistentmemorysize", .partial = kReserved, .because = kNoIrql,
          .body = body<&IoQueryKsrPersistentMemorySize>() },
        { .name = "IoQueryKsrPersistentMemorySizeEx", .since = Windows::ws2022,
          .page = "wdm/nf-wdm-ioqueryksrpersistentmemorysizeex", .partial = kReserved, .because = kNoIrql,
          .body = body<&IoQueryKsrPersistentMemorySizeEx>() },
        { .name = "IoAcquireKsrPersistentMemory", .since = Windows::v10_2004,
          .page = "wdm/nf-wdm-ioacquireksrpersistentmemory", .partial = kReserved, .because = kNoIrql,
          .body = body<&IoAcquireKsrPersistentMemory>() },
        { .name = "IoAcquireKsrPersistentMemoryEx", .since = Windows::ws2022,
          .page = "wdm/nf-wdm-ioacquireksrpersistentmemoryex", .partial = kReserved, .because = kNoIrql,
          .body = body<&IoAcquireKsrPersistentMemoryEx>() },
        { .name = "IoEnumerateKsrPersistentMemoryEx", .since = Windows::ws2022, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioenumerateksrpersistentmemoryex",
          .partial = kReserved, .because = kNoIrql, .body = body<&IoEnumerateKsrPersistentMemoryEx>() },
    };
    return rows;
}

} // namespace ringside::io
