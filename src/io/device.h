// SPDX-License-Identifier: MIT
// Device objects: birth, the stack they stand in, deletion.
//
//            IoCreateDevice              IoDeleteDevice                 last close, detach        last reference
//   (none) ----------------> live ----------------------> DeletePending ----------------> unlinked --------------> gone
//
//   attached:     filter           DEVICE_OBJECT.AttachedDevice points up; what is below stands in the record only,
//                 function         as on Windows, where drivers keep it in their own extension
//                 physical
//
// Invariants
//   D1  a device that is open or attached to is not unlinked from its driver, whatever IoDeleteDevice was told
//   D2  a device's StackSize is one more than that of the device it was attached to, at the time
//   D3  a.attached == b  <=>  b.attached_to == a
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ringside::io {

struct DriverRecord;
struct DeviceTimer;

struct DeviceRecord {
    DEVICE_OBJECT* device = nullptr; // null: gone
    uint32_t number = 0;             // of birth, from 1
    size_t index = 0;
    DriverRecord* driver = nullptr;
    uint32_t driver_number = 0;
    DeviceRecord* next = nullptr;    // of the same driver, older
    std::u16string name;             // "\Device\Toaster"; "" for none
    DeviceRecord* attached = nullptr;    // above
    DeviceRecord* attached_to = nullptr; // below
    uint32_t opens = 0;              // file objects; DEVICE_OBJECT.ReferenceCount shows it
    bool exclusive = false;
    bool unlinked = false;
    bool delete_pending = false;
    bool unload_pending = false;
    bool not_startable = false;      // room pnp: opens are refused (not started yet, or removed)
    bool start_io_deferred = false;  // IoSetStartIoAttributes
    bool start_io_noncancelable = false;
    uint32_t start_io_depth = 0;     // of StartIo in progress, for deferred starting
    bool start_io_next = false;      // IoStartNextPacket was called meanwhile
    bool start_io_by_key = false;
    bool start_io_cancelable = false;
    ULONG start_io_key = 0;
    DeviceTimer* timer = nullptr;
};

class DeviceTable {
public:
    // Null for a pointer that is no live device object.
    DeviceRecord* find(DEVICE_OBJECT const* device)
    {
        auto const index = reinterpret_cast<uint64_t>(device->Reserved);
        if (index >= m_records.size() || m_records[index]->device != device)
            return nullptr;
        return m_records[index].get();
    }
    // The same without touching what the pointer points at: for inspection.
    DeviceRecord const* find_safely(DEVICE_OBJECT const* device) const;
    DeviceRecord& add(DriverRecord& driver, DEVICE_OBJECT* device);
    void object_deleted(DEVICE_OBJECT* device);
    uint32_t next_automatic_name() { return m_automatic_names++; }

    void for_each(void (*visit)(void* context, DeviceRecord const& record), void* context) const;
    size_t live() const { return m_live; }

private:
    std::vector<std::unique_ptr<DeviceRecord>> m_records; // never shrinks: an index means one device for ever
    uint32_t m_automatic_names = 1;
    size_t m_live = 0;
};

// --- Birth and death ---

NTSTATUS IoCreateDevice(DRIVER_OBJECT* driver, ULONG extension_bytes, UNICODE_STRING* name, DEVICE_TYPE type,
                        ULONG characteristics, BOOLEAN exclusive, DEVICE_OBJECT** device);
void IoDeleteDevice(DEVICE_OBJECT* device);

// A file object comes or goes. The last to go may delete the device and unload its driver.
void add_open(DeviceRecord& device);
void remove_open(DeviceRecord& device);
// Does what was put off until the device was neither open nor attached to: its deletion, its driver's unloading.
void settle_device(DeviceRecord& device);
// STATUS_NO_SUCH_DEVICE, STATUS_ACCESS_DENIED: why a device cannot be opened now.
Result<void> check_openable(DeviceRecord const& device);

// --- Stacks (stack.cpp) ---

// The topmost device of the stack.
inline DEVICE_OBJECT* top_of(DEVICE_OBJECT* device)
{
    while (device->AttachedDevice)
        device = device->AttachedDevice;
    return device;
}
NTSTATUS IoAttachDevice(DEVICE_OBJECT* source, UNICODE_STRING* target, DEVICE_OBJECT** attached);
DEVICE_OBJECT* IoAttachDeviceToDeviceStack(DEVICE_OBJECT* source, DEVICE_OBJECT* target);
NTSTATUS IoAttachDeviceToDeviceStackSafe(DEVICE_OBJECT* source, DEVICE_OBJECT* target, DEVICE_OBJECT** attached_to);
void IoDetachDevice(DEVICE_OBJECT* target);
DEVICE_OBJECT* IoGetAttachedDevice(DEVICE_OBJECT* device);
DEVICE_OBJECT* IoGetAttachedDeviceReference(DEVICE_OBJECT* device);
DEVICE_OBJECT* IoGetLowerDeviceObject(DEVICE_OBJECT* device);
DEVICE_OBJECT* IoGetDeviceAttachmentBaseRef(DEVICE_OBJECT* device);
NTSTATUS IoEnumerateDeviceObjectList(DRIVER_OBJECT* driver, DEVICE_OBJECT** list, ULONG list_bytes, ULONG* count);

// The file systems mount on these: they get a VPB.
bool has_volume(DEVICE_TYPE type);

} // namespace ringside::io
