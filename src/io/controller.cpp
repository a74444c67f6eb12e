// SPDX-License-Identifier: MIT
#include "io/controller.h"

#include "ex/pool.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::ke {

void KeInitializeDeviceQueue(nt::KDEVICE_QUEUE* queue);
nt::BOOLEAN KeInsertDeviceQueue(nt::KDEVICE_QUEUE* queue, nt::KDEVICE_QUEUE_ENTRY* entry);
nt::KDEVICE_QUEUE_ENTRY* KeRemoveDeviceQueue(nt::KDEVICE_QUEUE* queue);

} // namespace ringside::ke

namespace ringside::io {

namespace {

constexpr ULONG kControllerTag = 0x72746E43; // 'Cntr'
constexpr size_t kHeadBytes = 0x50;          // the object, and what aligns the extension as pool is aligned
static_assert(kHeadBytes >= sizeof(CONTROLLER_OBJECT));

// True: the routine keeps the controller.
bool call_control_routine(DEVICE_OBJECT* device)
{
    WAIT_CONTEXT_BLOCK const& wait = device->Queue.Wcb;
    return ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, wait.DeviceRoutine, device,
                            static_cast<IRP*>(wait.CurrentIrp), static_cast<void*>(nullptr), wait.DeviceContext)
        == KeepObject;
}

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iocreatecontroller
CONTROLLER_OBJECT* IoCreateController(ULONG extension_bytes)
{
    void* block = ex::allocate(NonPagedPool, kHeadBytes + extension_bytes, kControllerTag, ex::Owner::Kernel, true);
    if (!block)
        return nullptr;
    auto* controller = static_cast<CONTROLLER_OBJECT*>(block);
    controller->Type = IO_TYPE_CONTROLLER;
    controller->Size = static_cast<CSHORT>(kHeadBytes + extension_bytes);
    controller->ControllerExtension = static_cast<uint8_t*>(block) + kHeadBytes;
    ke::KeInitializeDeviceQueue(&controller->DeviceWaitQueue);
    return controller;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iodeletecontroller
void IoDeleteController(CONTROLLER_OBJECT* controller) { ex::free(controller, kControllerTag); }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioallocatecontroller
void IoAllocateController(CONTROLLER_OBJECT* controller, DEVICE_OBJECT* device, PDRIVER_CONTROL routine, void* context)
{
    WAIT_CONTEXT_BLOCK& wait = device->Queue.Wcb;
    wait.DeviceRoutine = routine;
    wait.DeviceContext = context;
    wait.DeviceObject = device;
    wait.CurrentIrp = device->CurrentIrp;
    bool const queued = ke::KeInsertDeviceQueue(&controller->DeviceWaitQueue, &wait.WaitQueueEntry);
    if (!queued && !call_control_routine(device))
        IoFreeController(controller);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iofreecontroller
void IoFreeController(CONTROLLER_OBJECT* controller)
{
    while (KDEVICE_QUEUE_ENTRY* entry = ke::KeRemoveDeviceQueue(&controller->DeviceWaitQueue))
        if (call_control_routine(CONTAINING_RECORD(entry, DEVICE_OBJECT, Queue.Wcb.WaitQueueEntry)))
            return;
}

} // namespace ringside::io
