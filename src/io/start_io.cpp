// SPDX-License-Identifier: MIT
#include "io/start_io.h"

#include "io/cancel.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::ke {

nt::BOOLEAN KeInsertDeviceQueue(nt::KDEVICE_QUEUE* queue, nt::KDEVICE_QUEUE_ENTRY* entry);
nt::BOOLEAN KeInsertByKeyDeviceQueue(nt::KDEVICE_QUEUE* queue, nt::KDEVICE_QUEUE_ENTRY* entry, nt::ULONG key);
nt::KDEVICE_QUEUE_ENTRY* KeRemoveDeviceQueue(nt::KDEVICE_QUEUE* queue);
nt::KDEVICE_QUEUE_ENTRY* KeRemoveByKeyDeviceQueue(nt::KDEVICE_QUEUE* queue, nt::ULONG key);

} // namespace ringside::ke

namespace ringside::io {

namespace {

void start_next(DeviceRecord* record, DEVICE_OBJECT* device, bool cancelable, ULONG const* key);

void call_start_io(DEVICE_OBJECT* device, IRP* irp)
{
    IrpRecord* of = ke::g_binding == ke::Binding::Bare ? nullptr : manager().irps().find(irp);
    uint32_t const number = of ? of->number : 0;
    ke::DoorPassage passage { ke::Door::StartIo, nullptr, number, 0, 0, irp };
    ke::through_door(passage, device->DriverObject->DriverStartIo, device, irp);
    if (g_listener.start_io_returned)
        g_listener.start_io_returned(
            device, irp, of && of->number == number && of->state != IrpState::Freed ? of : nullptr, passage.notes);
}

// With deferred starting, IoStartNextPacket from within StartIo takes effect when StartIo has returned.
void start(DeviceRecord* record, DEVICE_OBJECT* device, IRP* irp)
{
    if (!record || !record->start_io_deferred) {
        call_start_io(device, irp);
        return;
    }
    ++record->start_io_depth;
    call_start_io(device, irp);
    --record->start_io_depth;
    if (record->start_io_depth == 0 && record->start_io_next) {
        record->start_io_next = false;
        ULONG const key = record->start_io_key;
        start_next(record, device, record->start_io_cancelable, record->start_io_by_key ? &key : nullptr);
    }
}

void start_next(DeviceRecord* record, DEVICE_OBJECT* device, bool cancelable, ULONG const* key)
{
    KIRQL irql = DISPATCH_LEVEL;
    if (cancelable)
        IoAcquireCancelSpinLock(&irql);
    device->CurrentIrp = nullptr;
    KDEVICE_QUEUE_ENTRY* entry = key ? ke::KeRemoveByKeyDeviceQueue(&device->DeviceQueue, *key)
                                     : ke::KeRemoveDeviceQueue(&device->DeviceQueue);
    IRP* irp = entry ? CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry) : nullptr;
    if (irp) {
        device->CurrentIrp = irp;
        if (cancelable && record && record->start_io_noncancelable)
            irp->CancelRoutine = nullptr;
    }
    if (cancelable)
        IoReleaseCancelSpinLock(irql);
    if (irp)
        start(record, device, irp);
}

void request_next(DEVICE_OBJECT* device, bool cancelable, ULONG const* key)
{
    DeviceRecord* record = manager().devices().find(device);
    if (record && record->start_io_deferred && record->start_io_depth) {
        record->start_io_next = true;
        record->start_io_cancelable = cancelable;
        record->start_io_by_key = key != nullptr;
        record->start_io_key = key ? *key : 0;
        return;
    }
    start_next(record, device, cancelable, key);
}

} // namespace

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iostartpacket
void IoStartPacket(DEVICE_OBJECT* device, IRP* irp, ULONG* key, PDRIVER_CANCEL cancel)
{
    ke::Kernel& k = ke::kernel();
    DeviceRecord* record = manager().devices().find(device);
    uint8_t const old = k.raise_irql(DISPATCH_LEVEL);
    KIRQL cancel_irql = DISPATCH_LEVEL;
    if (cancel) {
        IoAcquireCancelSpinLock(&cancel_irql);
        irp->CancelRoutine = cancel;
    }
    KDEVICE_QUEUE_ENTRY* entry = &irp->Tail.Overlay.DeviceQueueEntry;
    bool const queued = key ? ke::KeInsertByKeyDeviceQueue(&device->DeviceQueue, entry, *key)
                            : ke::KeInsertDeviceQueue(&device->DeviceQueue, entry);
    if (!queued) {
        device->CurrentIrp = irp;
        if (cancel) {
            if (record && record->start_io_noncancelable)
                irp->CancelRoutine = nullptr;
            IoReleaseCancelSpinLock(cancel_irql);
        }
        start(record, device, irp);
    } else if (cancel) {
        if (irp->Cancel) {
            // Cancelled before it was queued: nobody else will call the routine.
            irp->CancelIrql = cancel_irql;
            irp->CancelRoutine = nullptr;
            ke::through_door(ke::DoorPassage { ke::Door::Cancel, nullptr, 0, 0, 0, irp }, cancel, device, irp);
        } else
            IoReleaseCancelSpinLock(cancel_irql);
    }
    k.lower_irql(old);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iostartnextpacket
void IoStartNextPacket(DEVICE_OBJECT* device, BOOLEAN cancelable) { request_next(device, cancelable, nullptr); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iostartnextpacketbykey
void IoStartNextPacketByKey(DEVICE_OBJECT* device, BOOLEAN cancelable, ULONG key)
{
    request_next(device, cancelable, &key);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iosetstartioattributes
void IoSetStartIoAttributes(DEVICE_OBJECT* device, BOOLEAN deferred, BOOLEAN non_cancelable)
{
    if (DeviceRecord* record = manager().devices().find(device)) {
        record->start_io_deferred = deferred;
        record->start_io_noncancelable = non_cancelable;
    }
}

} // namespace ringside::io
