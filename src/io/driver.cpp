// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/writing-a-driverentry-routine
// @cite(wdk-docs): page=kernel/writing-an-unload-routine
#include "io/driver.h"

#include "base/check.h"
#include "io/complete.h"
#include "io/device.h"
#include "io/guest_string.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "ob/namespace.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

constexpr ULONG kDriverTag = 0x76697244;    // 'Driv'
constexpr ULONG kExtensionTag = 0x78457244; // 'DrEx'

DriverGone g_driver_gone = nullptr;

GuestDriver& guest_of(DRIVER_OBJECT* object) { return *reinterpret_cast<GuestDriver*>(object); }

NTAPI NTSTATUS host_invalid_device_request(DEVICE_OBJECT* device, IRP* irp)
{
    return IopInvalidDeviceRequest(device, irp);
}

PDRIVER_DISPATCH default_dispatch()
{
    PDRIVER_DISPATCH stub = manager().invalid_device_request;
    return stub ? stub : &host_invalid_device_request;
}

bool in_use(DeviceRecord const& device) { return device.opens || device.attached; }

bool has_device_in_use(DriverRecord const& driver)
{
    for (DeviceRecord* device = driver.first_device; device; device = device->next)
        if (in_use(*device))
            return true;
    return false;
}

void count_leftovers(DriverRecord& driver)
{
    driver.leftovers = {};
    for (DeviceRecord* device = driver.first_device; device; device = device->next)
        ++driver.leftovers.devices;
    driver.leftovers.symbolic_links = static_cast<uint32_t>(driver.symbolic_links.size());
    manager().irps().for_each(
        [](void* context, IrpRecord const& irp) {
            auto& record = *static_cast<DriverRecord*>(context);
            if (irp.driver_number == record.number)
                ++record.leftovers.irps;
        },
        &driver);
}

// The object loses its name and the reference it was made with; it stays while devices or pointers refer to it.
void release_object(DriverRecord& driver)
{
    DRIVER_OBJECT* object = driver.object;
    ob::remove_name(object);
    ob::dereference(object);
}

void call_unload(DriverRecord& driver)
{
    DRIVER_OBJECT* object = driver.object;
    driver.unload_called = true;
    object->Flags |= DRVO_UNLOAD_INVOKED;
    ke::through_door(ke::DoorPassage { ke::Door::Unload, nullptr, driver.number, 0, 0, object }, object->DriverUnload,
                     object);
    driver.state = DriverState::Unloaded;
    count_leftovers(driver);
    if (g_listener.driver_unloaded)
        g_listener.driver_unloaded(driver);
    ke::kernel().log(sim::Event::DriverUnloaded, driver.number, driver.leftovers.devices);
    release_object(driver);
}

} // namespace

DriverTable::~DriverTable()
{
    g_driver_gone = nullptr;
    if (m_hardware_database) {
        free_string(*m_hardware_database, kDriverTag);
        ex::free(m_hardware_database, kDriverTag);
    }
}

void DriverTable::forget_symbolic_link(std::u16string_view path)
{
    for (DriverRecord& record : m_records)
        std::erase_if(record.symbolic_links, [&](auto const& link) { return ob::same_name(link, path, true); });
}

UNICODE_STRING* DriverTable::hardware_database()
{
    if (m_hardware_database)
        return m_hardware_database;
    auto* string = static_cast<UNICODE_STRING*>(
        ex::allocate(NonPagedPoolNx, sizeof(UNICODE_STRING), kDriverTag, ex::Owner::Kernel, true));
    if (!string)
        return nullptr;
    if (!make_string(*string, u"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM", kDriverTag)) {
        ex::free(string, kDriverTag);
        return nullptr;
    }
    return m_hardware_database = string;
}

DriverRecord* DriverTable::find(DRIVER_OBJECT const* object)
{
    uint64_t const index = guest_of(const_cast<DRIVER_OBJECT*>(object)).record_index;
    if (index >= m_records.size() || m_records[index].object != object || !object)
        return nullptr;
    return &m_records[index];
}

DriverRecord* DriverTable::of_address(uintptr_t address)
{
    auto const holds = [&](DriverRecord const& record) {
        return record.object && address - record.image_base < record.image_bytes;
    };
    if (m_last_found && holds(*m_last_found)) [[likely]]
        return m_last_found;
    for (DriverRecord& record : m_records)
        if (holds(record))
            return m_last_found = &record;
    return nullptr;
}

DriverRecord* DriverTable::calling()
{
    ke::ChainNode* node = ke::chain_head();
    if (!node || !ke::is_gate(*node))
        return nullptr;
    return of_address(reinterpret_cast<ke::GateFrame*>(node)->return_address);
}

DriverRecord& DriverTable::add(DriverImage const& image, DRIVER_OBJECT* object)
{
    size_t const index = m_records.size();
    DriverRecord& record = m_records.emplace_back();
    record.object = object;
    record.index = index;
    record.number = static_cast<uint32_t>(index) + 1;
    record.label = plain(image.name);
    record.name = std::u16string(image.folder) + std::u16string(image.name);
    record.internal = image.internal;
    record.image_base = image.base;
    record.image_bytes = image.bytes;
    record.path = image.path;
    guest_of(object).record_index = index;
    return record;
}

void DriverTable::object_deleted(DRIVER_OBJECT* object)
{
    DriverRecord* record = find(object);
    CHECK(record, "a driver object without a record");
    GuestDriver& guest = guest_of(object);
    free_string(guest.extension.ServiceKeyName, kDriverTag);
    free_string(guest.object.DriverName, kDriverTag);
    for (auto const& extension : record->extensions)
        ex::free(extension.bytes, kExtensionTag);
    record->extensions.clear();
    record->object = nullptr;
    if (g_driver_gone)
        g_driver_gone(*record);
}

void DriverTable::for_each(void (*visit)(void* context, DriverRecord const& record), void* context) const
{
    for (DriverRecord const& record : m_records)
        if (record.object)
            visit(context, record);
}

DriverRecord* DriverTable::by_number(uint32_t number)
{
    return number >= 1 && number <= m_records.size() ? &m_records[number - 1] : nullptr;
}

void set_driver_gone(DriverGone gone) { g_driver_gone = gone; }

Result<DriverRecord*> create_driver(DriverImage const& image)
{
    Manager& io = manager();
    auto* object = static_cast<DRIVER_OBJECT*>(TRY(ob::create(ob::driver_type, sizeof(GuestDriver), kDriverTag)));
    GuestDriver& guest = guest_of(object);
    DriverRecord& record = io.drivers().add(image, object);
    object->Type = IO_TYPE_DRIVER;
    object->Size = sizeof(DRIVER_OBJECT);
    object->Flags = DRVO_LEGACY_DRIVER;
    object->DriverStart = reinterpret_cast<void*>(image.base);
    object->DriverSize = static_cast<ULONG>(image.bytes);
    object->DriverSection = image.section;
    object->DriverInit = image.entry;
    object->DriverExtension = &guest.extension;
    guest.extension.DriverObject = object;
    for (PDRIVER_DISPATCH& entry : object->MajorFunction)
        entry = default_dispatch();

    // The registry path is the driver's only while DriverEntry runs.
    UNICODE_STRING registry_path;
    if (!make_string(object->DriverName, record.name, kDriverTag)
        || !make_string(guest.extension.ServiceKeyName, image.name, kDriverTag)
        || !make_string(registry_path, image.registry_path, kDriverTag)) {
        ob::dereference(object);
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    }
    object->HardwareDatabase = io.drivers().hardware_database();
    if (auto named = ob::insert(object, record.name, true, true); !named.ok()) {
        free_string(registry_path, kDriverTag);
        ob::dereference(object);
        return named.failure();
    }

    ke::kernel().log(sim::Event::DriverLoaded, record.number, 0);
    NTSTATUS const status
        = ke::through_door(ke::DoorPassage { ke::Door::DriverEntry, nullptr, record.number, 0, 0, object }, image.entry,
                           object, &registry_path);
    record.entry_status = status;
    free_string(registry_path, kDriverTag);
    for (PDRIVER_DISPATCH& entry : object->MajorFunction)
        if (!entry)
            entry = default_dispatch();
    if (!NT_SUCCESS(status)) {
        record.state = DriverState::Failed;
        count_leftovers(record);
        ke::kernel().log(sim::Event::DriverUnloaded, record.number, record.leftovers.devices);
        release_object(record);
        return Failure { status };
    }
    record.state = DriverState::Started;
    object->Flags |= DRVO_INITIALIZED;
    if (guest.extension.AddDevice)
        object->Flags &= ~DRVO_LEGACY_DRIVER;
    for (DeviceRecord* device = record.first_device; device; device = device->next)
        device->device->Flags &= ~DO_DEVICE_INITIALIZING;
    if (!image.booting)
        run_reinitializations(false);
    return &record;
}

NTSTATUS unload_driver(DRIVER_OBJECT* object)
{
    DriverRecord* driver = manager().drivers().find(object);
    if (driver && manager().ending && g_listener.driver_ending)
        g_listener.driver_ending(*driver);
    if (!driver || driver->state == DriverState::Starting || !object->DriverUnload || driver->unload_called
        || driver->state == DriverState::Failed)
        return STATUS_INVALID_DEVICE_REQUEST;
    for (DeviceRecord* device = driver->first_device; device; device = device->next)
        device->unload_pending = true;
    if (has_device_in_use(*driver)) {
        driver->state = DriverState::UnloadPending;
        return STATUS_PENDING;
    }
    call_unload(*driver);
    return STATUS_SUCCESS;
}

void retry_unload(DriverRecord& driver)
{
    if (driver.state == DriverState::UnloadPending && !driver.unload_called && !has_device_in_use(driver))
        call_unload(driver);
}

void run_reinitializations(bool boot)
{
    auto& waiting = manager().drivers().reinitializations(boot);
    while (!waiting.empty()) {
        auto const [driver, routine, context] = waiting.front();
        waiting.pop_front();
        if (driver->state != DriverState::Started)
            continue;
        DRIVER_OBJECT* const object = driver->object;
        object->Flags &= ~(boot ? DRVO_BOOTREINIT_REGISTERED : DRVO_REINIT_REGISTERED);
        ULONG const count = ++guest_of(object).extension.Count;
        ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, driver->number, 0, 0, object }, routine, object,
                         context, count);
    }
}

NTSTATUS IopInvalidDeviceRequest(DEVICE_OBJECT*, IRP* irp)
{
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioallocatedriverobjectextension
NTSTATUS IoAllocateDriverObjectExtension(DRIVER_OBJECT* driver, void* identification, ULONG bytes, void** extension)
{
    *extension = nullptr;
    DriverRecord* record = manager().drivers().find(driver);
    if (!record)
        return STATUS_INVALID_PARAMETER;
    for (auto const& existing : record->extensions)
        if (existing.identification == identification)
            return STATUS_OBJECT_NAME_COLLISION;
    void* memory = ex::allocate(NonPagedPoolNx, bytes, kExtensionTag, ex::Owner::Kernel, true);
    if (!memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    record->extensions.push_back({ identification, memory });
    *extension = memory;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetdriverobjectextension
void* IoGetDriverObjectExtension(DRIVER_OBJECT* driver, void* identification)
{
    DriverRecord* record = manager().drivers().find(driver);
    if (record)
        for (auto const& existing : record->extensions)
            if (existing.identification == identification)
                return existing.bytes;
    return nullptr;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioregisterdriverreinitialization
void IoRegisterDriverReinitialization(DRIVER_OBJECT* driver, PDRIVER_REINITIALIZE routine, void* context)
{
    if (DriverRecord* record = manager().drivers().find(driver)) {
        manager().drivers().reinitializations(false).push_back({ record, routine, context });
        driver->Flags |= DRVO_REINIT_REGISTERED;
    }
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioregisterbootdriverreinitialization
void IoRegisterBootDriverReinitialization(DRIVER_OBJECT* driver, PDRIVER_REINITIALIZE routine, void* context)
{
    if (DriverRecord* record = manager().drivers().find(driver)) {
        manager().drivers().reinitializations(true).push_back({ record, routine, context });
        driver->Flags |= DRVO_BOOTREINIT_REGISTERED;
    }
}

} // namespace ringside::io
