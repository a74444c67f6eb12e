// SPDX-License-Identifier: MIT
// Drivers: from DriverEntry to the end of their image.
//
//         create_driver        DriverEntry: success        unload, nothing in use       last reference
//   (none) ------> Starting ------------------> Started ---------------------> Unloaded ------------> gone
//                     |                            |                              ^
//                     | failure                    +--> UnloadPending ------------+ last device closed and detached
//                     v
//                   Failed ------------------------------------------------------ last reference ---> gone
//
// DRIVER_OBJECT's bytes are the driver's; the record beside them knows the image, the devices and what was registered.
//
// Invariants
//   V1  DriverUnload runs at most once, and never while a device of the driver is open or attached to
//   V2  the image may be unmapped only after `driver_gone`: the object may outlive DriverUnload
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace ringside::io {

struct DeviceRecord;

enum class DriverState : uint8_t { Starting, Started, Failed, UnloadPending, Unloaded };

// The bytes behind a PDRIVER_OBJECT.
struct GuestDriver {
    DRIVER_OBJECT object;
    // MajorFunction has 28 entries and a location's MajorFunction is a byte: an impossible code calls null.
    PDRIVER_DISPATCH beyond[256 - (IRP_MJ_MAXIMUM_FUNCTION + 1)];
    DRIVER_EXTENSION extension;
    uint64_t record_index; // checked against the record's own pointer
};

// What a driver left when its DriverUnload returned.
struct UnloadLeftovers {
    uint32_t devices = 0;
    uint32_t symbolic_links = 0;
    uint32_t irps = 0; // that it made with IoAllocateIrp or still has
};

struct DriverRecord {
    struct Extension { // IoAllocateDriverObjectExtension
        void* identification;
        void* bytes;
    };

    DRIVER_OBJECT* object = nullptr; // null: gone
    uint32_t number = 0;             // of birth, from 1
    size_t index = 0;
    DriverState state = DriverState::Starting;
    bool unload_called = false;
    NTSTATUS entry_status = 0;
    bool internal = false;  // the machine's own, and no user's: not shown among the devices
    std::string label;      // "toaster": for reports
    std::u16string name;    // "\Driver\toaster"
    uintptr_t image_base = 0;
    size_t image_bytes = 0;
    std::u16string path;    // of the image's file; "": it has none
    DeviceRecord* first_device = nullptr; // newest first, as DRIVER_OBJECT.DeviceObject links them
    std::vector<Extension> extensions;
    std::vector<std::u16string> symbolic_links; // that its code created and nobody deleted
    UnloadLeftovers leftovers;
};

struct DriverImage {
    std::u16string_view name;          // of the service: "toaster"; the object is \Driver\toaster
    std::u16string_view folder = u"\\Driver\\"; // of the namespace
    bool internal = false;             // DriverRecord::internal
    bool booting = false;              // others follow: its reinitialization waits for them (run_reinitializations)
    uintptr_t base = 0;
    size_t bytes = 0;
    PDRIVER_INITIALIZE entry = nullptr;
    std::u16string_view registry_path; // \Registry\Machine\System\CurrentControlSet\Services\toaster
    std::u16string_view path;          // of the image's file, \SystemRoot\System32\drivers\toaster.sys; empty: none
    void* section = nullptr;           // DriverSection: opaque to drivers
};

class DriverTable {
public:
    DriverTable() = default;
    ~DriverTable();
    DriverTable(DriverTable const&) = delete;
    DriverTable& operator=(DriverTable const&) = delete;

    // Null for a pointer that is no live driver object.
    DriverRecord* find(DRIVER_OBJECT const* object);
    // The driver whose image holds this address; null for none.
    DriverRecord* of_address(uintptr_t address);
    // The driver whose call into the kernel is in progress, by the newest gate's return address; null: host code.
    DriverRecord* calling();
    DriverRecord& add(DriverImage const& image, DRIVER_OBJECT* object);
    void object_deleted(DRIVER_OBJECT* object);

    void for_each(void (*visit)(void* context, DriverRecord const& record), void* context) const;
    DriverRecord* by_number(uint32_t number);
    void forget_symbolic_link(std::u16string_view path);
    // What every DRIVER_OBJECT.HardwareDatabase points at; null when pool is empty.
    UNICODE_STRING* hardware_database();

    // Of all drivers, first registered first: IoRegisterBootDriverReinitialization's and the other's.
    struct Reinitialization {
        DriverRecord* driver;
        PDRIVER_REINITIALIZE routine;
        void* context;
    };
    std::deque<Reinitialization>& reinitializations(bool boot) { return m_reinitializations[boot]; }

private:
    std::deque<Reinitialization> m_reinitializations[2]; // [1]: boot
    std::deque<DriverRecord> m_records;
    DriverRecord* m_last_found = nullptr; // by of_address: calls come in runs from one driver
    UNICODE_STRING* m_hardware_database = nullptr;
};

// The image's views must belong to the machine: a bug check in DriverEntry abandons the caller's frames.
// Makes the driver object, runs DriverEntry on the calling system thread and gets its devices ready. When DriverEntry
// fails, its status is returned and the object goes with its last reference.
Result<DriverRecord*> create_driver(DriverImage const& image);

// NT's rules: STATUS_INVALID_DEVICE_REQUEST without a DriverUnload routine or when it was called already.
// STATUS_PENDING: a device is open or attached to; the driver unloads when that ends. On the calling system thread.
NTSTATUS unload_driver(DRIVER_OBJECT* driver);
// A device of this driver became free: does what unload_driver had to put off.
void retry_unload(DriverRecord& driver);
// Calls the routines that wait, until none does: one that registers itself again has its turn after the others. `boot`:
// those of IoRegisterBootDriverReinitialization, due when the boot-start drivers have started; the others are due when the
// system-start drivers have, too, and of a driver that is loaded later right after its DriverEntry. On a system thread.
void run_reinitializations(bool boot);

// Called after the object of a driver went: its image can be unmapped. Set by the machine.
using DriverGone = void (*)(DriverRecord const& driver);
void set_driver_gone(DriverGone gone);

// --- DDIs ---

// Completes with STATUS_INVALID_DEVICE_REQUEST: MajorFunction's default.
NTSTATUS IopInvalidDeviceRequest(DEVICE_OBJECT* device, IRP* irp);
NTSTATUS IoAllocateDriverObjectExtension(DRIVER_OBJECT* driver, void* identification, ULONG bytes, void** extension);
void* IoGetDriverObjectExtension(DRIVER_OBJECT* driver, void* identification);
void IoRegisterDriverReinitialization(DRIVER_OBJECT* driver, PDRIVER_REINITIALIZE routine, void* context);
void IoRegisterBootDriverReinitialization(DRIVER_OBJECT* driver, PDRIVER_REINITIALIZE routine, void* context);
// Up to APC_LEVEL. The caller frees path->Buffer, paged pool. STATUS_NOT_FOUND: no image; STATUS_ACCESS_DENIED: another
// driver's object, before Windows 10 1709; STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS IoQueryFullDriverPath(DRIVER_OBJECT* driver, UNICODE_STRING* path);

} // namespace ringside::io
