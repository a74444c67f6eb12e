// SPDX-License-Identifier: MIT
// Device stacks: attaching on top, detaching, and finding one's way up and down.
// @cite(wdk-docs): page=kernel/device-objects-and-device-stacks
#include "io/device.h"
#include "io/file.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

// Attaches on top of the stack that `target` stands in; the device below, or null when the top cannot be attached to.
DEVICE_OBJECT* attach(DEVICE_OBJECT* source, DEVICE_OBJECT* target, DEVICE_OBJECT** told_first)
{
    DeviceTable& devices = manager().devices();
    DEVICE_OBJECT* top = top_of(target);
    DeviceRecord* below = devices.find(top);
    DeviceRecord* above = devices.find(source);
    if (!below || !above || (top->Flags & DO_DEVICE_INITIALIZING) || below->delete_pending || below->unload_pending)
        return nullptr;
    // Told before the stack changes: from then on requests may come down.
    if (told_first)
        *told_first = top;
    source->StackSize = static_cast<CCHAR>(top->StackSize + 1);
    source->AlignmentRequirement = top->AlignmentRequirement;
    source->SectorSize = top->SectorSize;
    top->AttachedDevice = source;
    below->attached = above;
    above->attached_to = below;
    return top;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-ioattachdevicetodevicestack
DEVICE_OBJECT* IoAttachDeviceToDeviceStack(DEVICE_OBJECT* source, DEVICE_OBJECT* target)
{
    return attach(source, target, nullptr);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioattachdevicetodevicestacksafe
NTSTATUS IoAttachDeviceToDeviceStackSafe(DEVICE_OBJECT* source, DEVICE_OBJECT* target, DEVICE_OBJECT** attached_to)
{
    return attach(source, target, attached_to) ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioattachdevice
NTSTATUS IoAttachDevice(DEVICE_OBJECT* source, UNICODE_STRING* target, DEVICE_OBJECT** attached)
{
    HANDLE handle = nullptr;
    NTSTATUS const status = open_by_name(target, FILE_READ_ATTRIBUTES, &handle);
    if (!NT_SUCCESS(status))
        return status;
    auto opened = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    DEVICE_OBJECT* device = static_cast<FILE_OBJECT*>(opened->body)->DeviceObject;
    DEVICE_OBJECT* below = attach(source, device, attached);
    // The clean-up and close of this file object come down through the source already.
    (void)ob::close_handle(ob::current_process(), handle, KernelMode);
    return below ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iodetachdevice
void IoDetachDevice(DEVICE_OBJECT* target)
{
    DeviceRecord* below = manager().devices().find(target);
    target->AttachedDevice = nullptr;
    if (!below)
        return;
    if (below->attached) {
        below->attached->attached_to = nullptr;
        below->attached = nullptr;
    }
    settle_device(*below);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetattacheddevice
DEVICE_OBJECT* IoGetAttachedDevice(DEVICE_OBJECT* device) { return top_of(device); }

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetattacheddevicereference
DEVICE_OBJECT* IoGetAttachedDeviceReference(DEVICE_OBJECT* device)
{
    DEVICE_OBJECT* top = top_of(device);
    ob::reference(top);
    return top;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetlowerdeviceobject
DEVICE_OBJECT* IoGetLowerDeviceObject(DEVICE_OBJECT* device)
{
    DeviceRecord* record = manager().devices().find(device);
    if (!record || !record->attached_to || record->delete_pending || record->unload_pending)
        return nullptr;
    ob::reference(record->attached_to->device);
    return record->attached_to->device;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetdeviceattachmentbaseref
DEVICE_OBJECT* IoGetDeviceAttachmentBaseRef(DEVICE_OBJECT* device)
{
    DeviceRecord* record = manager().devices().find(device);
    while (record && record->attached_to)
        record = record->attached_to;
    DEVICE_OBJECT* base = record ? record->device : device;
    ob::reference(base);
    return base;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ioenumeratedeviceobjectlist
NTSTATUS IoEnumerateDeviceObjectList(DRIVER_OBJECT* driver, DEVICE_OBJECT** list, ULONG list_bytes, ULONG* count)
{
    DriverRecord* record = manager().drivers().find(driver);
    ULONG const room = list ? list_bytes / sizeof(DEVICE_OBJECT*) : 0;
    ULONG found = 0;
    if (record)
        for (DeviceRecord* device = record->first_device; device; device = device->next, ++found)
            if (found < room) {
                ob::reference(device->device);
                list[found] = device->device;
            }
    *count = found;
    return found > room ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

} // namespace ringside::io
