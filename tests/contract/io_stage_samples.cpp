// SPDX-License-Identifier: MIT
#include "io_stage.h"

namespace ringside::test {

namespace {

NTAPI NTSTATUS dispatch(DEVICE_OBJECT*, IRP* irp)
{
    UCHAR const major = io::current_location(irp)->MajorFunction;
    if (major == IRP_MJ_CREATE || major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE) {
        irp->IoStatus = {};
        io::IofCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    ++Stage::seen;
    if (Stage::answer == STATUS_PENDING) {
        io::mark_pending(irp);
        Stage::kept = irp;
        return STATUS_PENDING;
    }
    NTSTATUS const status = Stage::answer;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTAPI void unload(DRIVER_OBJECT*) { }

NTAPI NTSTATUS entry(DRIVER_OBJECT* driver, UNICODE_STRING*)
{
    for (auto& function : driver->MajorFunction)
        function = &dispatch;
    driver->DriverUnload = &unload;
    return STATUS_SUCCESS;
}

} // namespace

Stage::Stage(At& at)
    : m_at(at)
{
    answer = STATUS_SUCCESS;
    seen = 0;
    kept = nullptr;
    auto made = io::create_driver({ .name = u"sample", .entry = &entry, .registry_path = u"\\Registry" });
    CHECK(made.ok(), "a sample's driver could not be made");
    driver = (*made)->object;
    auto const status
        = io::IoCreateDevice(driver, 64, &at.string(u"\\Device\\Sample"), FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    CHECK(status == STATUS_SUCCESS, "a sample's device could not be made");
    device->Flags &= ~DO_DEVICE_INITIALIZING;
}

DEVICE_OBJECT* Stage::another(ULONG extension_bytes)
{
    DEVICE_OBJECT* made = nullptr;
    auto const status = io::IoCreateDevice(driver, extension_bytes, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &made);
    CHECK(status == STATUS_SUCCESS, "a sample's device could not be made");
    made->Flags &= ~DO_DEVICE_INITIALIZING;
    return made;
}

IRP* Stage::irp(UCHAR major)
{
    IRP* made = io::IoAllocateIrp(2, FALSE);
    io::next_location(made)->MajorFunction = major;
    io::next_location(made)->DeviceObject = device;
    --made->CurrentLocation;
    --made->Tail.Overlay.CurrentStackLocation;
    return made;
}

FILE_OBJECT* Stage::file()
{
    FILE_OBJECT* opened = nullptr;
    DEVICE_OBJECT* top = nullptr;
    auto const status = io::IoGetDeviceObjectPointer(&m_at.string(u"\\Device\\Sample"),
                                                     FILE_READ_DATA | FILE_WRITE_DATA, &opened, &top);
    CHECK(status == STATUS_SUCCESS, "a sample's device could not be opened");
    return opened;
}

} // namespace ringside::test
