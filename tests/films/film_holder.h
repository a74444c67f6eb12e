// SPDX-License-Identifier: MIT
// A driver for films that holds up to two requests in slots, each under a cancel routine.
#pragma once

#include "film.h"

#include "io/irp.h"

namespace ringside::test::holding {

constexpr int kHeld = 2;

// Slots and cancel routines change under the lock; who takes the routine out owns the IRP; what the cancel routine owns
// stays in its slot until it has the lock.
struct Holder {
    Film* film;
    DRIVER_OBJECT* driver;
    DEVICE_OBJECT* device;
    KSPIN_LOCK lock;
    IRP* slots[kHeld];
    LONG served, cancelled, cleaned_up;

    KIRQL acquire() { return static_cast<KIRQL>(film->call("KeAcquireSpinLockRaiseToDpc", &lock)); }
    void release(KIRQL irql) { film->call("KeReleaseSpinLock", &lock, irql); }
    PDRIVER_CANCEL exchange(IRP* irp, PDRIVER_CANCEL routine)
    {
        film->step();
        return __atomic_exchange_n(&irp->CancelRoutine, routine, __ATOMIC_SEQ_CST);
    }
    void complete(IRP* irp, NTSTATUS status)
    {
        irp->IoStatus = { { status }, 0 };
        film->call("IofCompleteRequest", irp, CCHAR { IO_NO_INCREMENT });
    }
    // What is in that slot, unless its cancel routine has it.
    IRP* take(int slot)
    {
        KIRQL const irql = acquire();
        IRP* irp = slots[slot];
        if (irp && exchange(irp, nullptr))
            slots[slot] = nullptr;
        else
            irp = nullptr;
        release(irql);
        return irp;
    }
    bool serve(int slot)
    {
        IRP* irp = take(slot);
        if (!irp)
            return false;
        __atomic_add_fetch(&served, 1, __ATOMIC_SEQ_CST);
        complete(irp, STATUS_SUCCESS);
        return true;
    }
    HANDLE open()
    {
        HANDLE handle = nullptr;
        film->ok("ZwOpenFile", &handle, ULONG { FILE_READ_DATA | SYNCHRONIZE }, &film->attributes(u"\\Device\\Film"),
                 &film->object<IO_STATUS_BLOCK>(), ULONG { FILE_SHARE_READ }, 0u);
        return handle;
    }
    NTSTATUS read(HANDLE file, IO_STATUS_BLOCK& block, void* context = nullptr)
    {
        return film->status("ZwReadFile", file, nullptr, nullptr, context, &block, film->bytes(8), ULONG { 8 },
                            &film->object<LARGE_INTEGER>(), nullptr);
    }
    // Referenced.
    FILE_OBJECT* file_of(HANDLE handle)
    {
        void* file = nullptr;
        film->ok("ObReferenceObjectByHandle", handle, 0u, nullptr, KPROCESSOR_MODE { KernelMode }, &file, nullptr);
        return static_cast<FILE_OBJECT*>(file);
    }
};
inline Holder* g_holder = nullptr;

inline NTAPI void cancel_held(DEVICE_OBJECT*, IRP* irp)
{
    Holder& h = *g_holder;
    h.film->call("IoReleaseCancelSpinLock", irp->CancelIrql);
    KIRQL const irql = h.acquire();
    for (IRP*& slot : h.slots)
        if (slot == irp)
            slot = nullptr;
    h.release(irql);
    __atomic_add_fetch(&h.cancelled, 1, __ATOMIC_SEQ_CST);
    h.complete(irp, STATUS_CANCELLED);
}

inline NTAPI NTSTATUS hold(DEVICE_OBJECT*, IRP* irp)
{
    Holder& h = *g_holder;
    io::mark_pending(irp);
    KIRQL const irql = h.acquire();
    int slot = 0;
    while (slot < kHeld - 1 && h.slots[slot])
        ++slot;
    EXPECT_EQ(h.slots[slot], nullptr);
    h.slots[slot] = irp;
    h.exchange(irp, &cancel_held);
    // Cancelled before the routine was there: whoever takes it out completes it.
    bool const ours = irp->Cancel && h.exchange(irp, nullptr);
    if (ours)
        h.slots[slot] = nullptr;
    h.release(irql);
    if (ours) {
        __atomic_add_fetch(&h.cancelled, 1, __ATOMIC_SEQ_CST);
        h.complete(irp, STATUS_CANCELLED);
    }
    return STATUS_PENDING;
}

inline NTAPI NTSTATUS succeed(DEVICE_OBJECT*, IRP* irp)
{
    g_holder->complete(irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

inline NTAPI NTSTATUS clean_up(DEVICE_OBJECT*, IRP* irp)
{
    Holder& h = *g_holder;
    for (int slot = 0; slot < kHeld; ++slot)
        if (IRP* held = h.take(slot)) {
            ++h.cleaned_up;
            h.complete(held, STATUS_CANCELLED);
        }
    return succeed(nullptr, irp);
}

inline Holder& holder(Film& film)
{
    Holder& made = film.object<Holder>();
    g_holder = &made;
    made.film = &film;
    made.driver = film.driver();
    film.ok("IoCreateDevice", made.driver, 0u, &film.string(u"\\Device\\Film"), ULONG { FILE_DEVICE_UNKNOWN }, 0u,
            BOOLEAN { FALSE }, &made.device);
    made.device->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
    made.driver->MajorFunction[IRP_MJ_CREATE] = &succeed;
    made.driver->MajorFunction[IRP_MJ_CLOSE] = &succeed;
    made.driver->MajorFunction[IRP_MJ_CLEANUP] = &clean_up;
    made.driver->MajorFunction[IRP_MJ_READ] = &hold;
    return made;
}

inline void strike(Film& film, Holder& h)
{
    film.call("IoDeleteDevice", h.device);
    film.unload(h.driver);
}

} // namespace ringside::test::holding
