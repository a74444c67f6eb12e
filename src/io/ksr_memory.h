// SPDX-License-Identifier: MIT
// Memory that outlives a kernel soft reboot: a driver reserves some before it, and asks for what is there after it.
//
//   one boot                                              the next
//   Reserve --> reserved -- Write --> written ~~~~~~~~~~> inherited -- Acquire --> gone
//                  |                     |
//                  +------- Free --------+
//
// A block is known by its driver's service, the device's ID, a tag and a version. The pages of these functions give
// parameters and nothing else ("reserved for system use"); what they do here follows from the parameters' names.
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::io {

struct KsrKey {
    std::string service;
    std::u16string device_id;
    USHORT tag = 0;
    ULONG version = 0;
    bool operator==(KsrKey const&) const = default;
};

struct KsrBlock {
    KsrKey key;
    std::vector<uint8_t> bytes;
};

class KsrMemory {
public:
    struct Reserved {
        KsrKey key;
        uint8_t* memory; // pool of ours: the driver's data handle
        size_t size;
        size_t written = 0;
    };
    KsrMemory() = default;
    ~KsrMemory();
    KsrMemory(KsrMemory const&) = delete;
    KsrMemory& operator=(KsrMemory const&) = delete;

    std::vector<KsrBlock> inherited; // of the boot before, not acquired yet
    std::vector<Reserved> reserved;
    // What the next boot inherits: whatever was written.
    std::vector<KsrBlock> written() const;
    Reserved* find(void* handle);
    KsrBlock* find_inherited(KsrKey const& key);
};

using IO_PERSISTED_MEMORY_ENUMERATION_CALLBACK = NTSTATUS NTAPI(DRIVER_OBJECT* driver, DEVICE_OBJECT* device,
                                                                UNICODE_STRING* device_id, USHORT* tag, ULONG* version,
                                                                void* context);

// PASSIVE_LEVEL. `id`: null for the device object's name; `tag`: null for 0. STATUS_INVALID_PARAMETER: no such driver
// object or data handle, nothing to reserve, or more to write than was reserved; STATUS_NOT_SUPPORTED: any flag;
// STATUS_OBJECT_NAME_COLLISION: reserved already; STATUS_NOT_FOUND: nothing was inherited; STATUS_BUFFER_TOO_SMALL,
// with the size that is needed; STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS IoReserveKsrPersistentMemoryEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id, USHORT* tag,
                                        ULONG version, SIZE_T size, ULONG flags, void** handle);
NTSTATUS IoReserveKsrPersistentMemory(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, SIZE_T size, ULONG flags,
                                      void** handle);
NTSTATUS IoWriteKsrPersistentMemory(void* handle, void* buffer, SIZE_T size);
NTSTATUS IoFreeKsrPersistentMemory(void* handle);
NTSTATUS IoQueryKsrPersistentMemorySizeEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id,
                                          USHORT* tag, ULONG version, SIZE_T* size);
NTSTATUS IoQueryKsrPersistentMemorySize(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, SIZE_T* size);
NTSTATUS IoAcquireKsrPersistentMemoryEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id, USHORT* tag,
                                        ULONG version, void* buffer, SIZE_T* size);
NTSTATUS IoAcquireKsrPersistentMemory(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, void* buffer, SIZE_T* size);
// Calls back for each block that was inherited by the driver and the device; both null: by the driver. A failure that
// the callback returns ends it.
NTSTATUS IoEnumerateKsrPersistentMemoryEx(DRIVER_OBJECT* driver, DEVICE_OBJECT* device, UNICODE_STRING* id,
                                          IO_PERSISTED_MEMORY_ENUMERATION_CALLBACK* callback, void* context);

} // namespace ringside::io
