// SPDX-License-Identifier: MIT
// An interrupt's way through the rooms, while the device goes.
#include "film.h"

#include "hal/interrupts.h"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint8_t kVector = 0x61;
constexpr KIRQL kIrql = kVector >> 4;

// A device extension.
struct Extension {
    Film* film;
    DEVICE_OBJECT* device;
    KINTERRUPT* interrupt;
    IO_WORKITEM* item;
    KEVENT done;
    LONG working; // 1: the item is queued or runs
    LONG interrupts;
};

Extension& extension_of(DEVICE_OBJECT* device) { return *static_cast<Extension*>(device->DeviceExtension); }

NTAPI BOOLEAN isr(KINTERRUPT*, PVOID context)
{
    auto& x = *static_cast<Extension*>(context);
    EXPECT_EQ(ke::Kernel::irql(), kIrql);
    ++x.interrupts;
    x.film->yes("KeInsertQueueDpc", &x.device->Dpc, nullptr, nullptr);
    return TRUE;
}

NTAPI void work(DEVICE_OBJECT* device, PVOID)
{
    auto& x = extension_of(device);
    EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
    __atomic_store_n(&x.working, 0, __ATOMIC_SEQ_CST);
    x.film->call("KeSetEvent", &x.done, LONG { IO_NO_INCREMENT }, BOOLEAN { FALSE });
    // The device is referenced for the work item until this routine has returned.
    x.film->step();
    EXPECT_EQ(device->Type, IO_TYPE_DEVICE);
}

NTAPI void dpc(KDPC*, PVOID context, PVOID, PVOID)
{
    auto& x = extension_of(static_cast<DEVICE_OBJECT*>(context));
    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
    if (__atomic_exchange_n(&x.working, 1, __ATOMIC_SEQ_CST) == 0)
        x.film->call("IoQueueWorkItem", x.item, &work, DelayedWorkQueue, nullptr);
}

} // namespace

// A device interrupts processor 1 twice while one thread waits for what its work item will say, and another takes the
// device away: interrupt disconnected, DPCs flushed, work waited for, device deleted.
// Shows: service routine, DPC, work item and waiter each at their IRQL; the interrupt that comes too late runs nothing;
// the device object goes after its work item; the waiter is told or times out.
FILM(an_interrupt_reaches_a_waiter_while_its_device_goes, "told", "not told", "second interrupt too late")
{
    DRIVER_OBJECT* driver = film.driver();
    DEVICE_OBJECT* device = nullptr;
    film.ok("IoCreateDevice", driver, ULONG { sizeof(Extension) }, &film.string(u"\\Device\\Film"),
            ULONG { FILE_DEVICE_UNKNOWN }, 0u, BOOLEAN { FALSE }, &device);
    auto& x = extension_of(device);
    x.film = &film;
    x.device = device;
    film.call("KeInitializeEvent", &x.done, SynchronizationEvent, BOOLEAN { FALSE });
    film.call("KeInitializeDpc", &device->Dpc, &dpc, device);
    x.item = reinterpret_cast<IO_WORKITEM*>(film.call("IoAllocateWorkItem", device));
    film.ok("IoConnectInterrupt", &x.interrupt, &isr, &x, nullptr, ULONG { kVector }, kIrql, kIrql, Latched,
            BOOLEAN { FALSE }, KAFFINITY { 2 }, BOOLEAN { FALSE });
    LONG interrupts = 0;
    film.thread([&] {
        for (int i = 0; i < 2; ++i) {
            hal::interrupts().pulse(kVector);
            film.step();
        }
    });
    film.thread([&] {
        film.step();
        film.call("IoDisconnectInterrupt", x.interrupt);
        film.call("KeFlushQueuedDpcs");
        while (__atomic_load_n(&x.working, __ATOMIC_SEQ_CST))
            film.sleep(10);
        film.call("IoFreeWorkItem", x.item);
        interrupts = x.interrupts;
        film.went(film.wait(&x.done, 10) == STATUS_SUCCESS ? "told" : "not told");
        film.call("IoDeleteDevice", device);
    });
    film.join();
    if (interrupts < 2)
        film.went("second interrupt too late");
    film.unload(driver);
}
