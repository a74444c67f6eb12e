// SPDX-License-Identifier: MIT
// What the films about IRPs share: one device, a sender's IRP that comes back to it, and counts of what happened.
#pragma once

#include "film.h"

#include "io/driver.h"
#include "io/irp.h"

namespace ringside::test {

class IoFilm;
inline IoFilm* g_io = nullptr;

class IoFilm {
public:
    explicit IoFilm(Film& of)
        : film(&of)
        , lock(of.object<KSPIN_LOCK>())
    {
        g_io = this;
        driver = of.driver();
        of.ok("IoCreateDevice", driver, 0u, &of.string(u"\\Device\\Film"), ULONG { FILE_DEVICE_UNKNOWN }, 0u,
              BOOLEAN { FALSE }, &device);
        device->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
        for (UCHAR major : { IRP_MJ_CREATE, IRP_MJ_CLOSE, IRP_MJ_CLEANUP })
            dispatch(major, &succeed);
    }
    ~IoFilm()
    {
        film->sleep(1000); // a file that an APC let go of is closed by a worker
        if (device)
            film->call("IoDeleteDevice", device);
        if (driver)
            film->unload(driver);
        g_io = nullptr;
    }
    IoFilm(IoFilm const&) = delete;
    IoFilm& operator=(IoFilm const&) = delete;

    void dispatch(UCHAR major, PDRIVER_DISPATCH routine) { driver->MajorFunction[major] = routine; }

    // A read that comes back to `sent_back`, which counts it and keeps it.
    IRP* make_read()
    {
        auto* irp = reinterpret_cast<IRP*>(film->call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
        IO_STACK_LOCATION* next = io::next_location(irp);
        next->MajorFunction = IRP_MJ_READ;
        next->CompletionRoutine = &sent_back;
        next->Context = this;
        next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
        return irp;
    }
    NTSTATUS send(IRP* irp) { return film->status("IofCallDriver", device, irp); }
    IRP* send_read()
    {
        IRP* irp = make_read();
        send(irp);
        return irp;
    }
    void complete(IRP* irp, NTSTATUS status)
    {
        irp->IoStatus = { { status }, 0 };
        film->call("IofCompleteRequest", irp, CCHAR { IO_NO_INCREMENT });
    }
    // Of one that came back: what it came back with. It is freed.
    NTSTATUS take_back(IRP* irp)
    {
        EXPECT_EQ(completions, 1);
        NTSTATUS const status = irp->IoStatus.Status;
        film->call("IoFreeIrp", irp);
        return status;
    }

    // Opens the device; without FILE_SYNCHRONOUS_IO_NONALERT requests go on by themselves.
    NTSTATUS open(HANDLE& handle, ULONG options = 0)
    {
        auto& block = film->object<IO_STATUS_BLOCK>();
        return film->status("ZwOpenFile", &handle, ULONG { FILE_READ_DATA | SYNCHRONIZE },
                            &film->attributes(u"\\Device\\Film"), &block, ULONG { FILE_SHARE_READ }, options);
    }
    // A read of eight bytes, into memory that stays.
    NTSTATUS read(HANDLE handle, HANDLE event, IO_STATUS_BLOCK& block)
    {
        auto& offset = film->object<LARGE_INTEGER>();
        return film->status("ZwReadFile", handle, event, nullptr, nullptr, &block, film->bytes(8), ULONG { 8 }, &offset,
                            nullptr);
    }

    Film* film;
    DRIVER_OBJECT* driver = nullptr;
    DEVICE_OBJECT* device = nullptr;
    KSPIN_LOCK& lock;
    IRP* held = nullptr;
    LONG served = 0, cancelled = 0, seen_cancelled = 0, completions = 0;

private:
    static NTAPI NTSTATUS sent_back(DEVICE_OBJECT*, IRP*, void* context)
    {
        ++static_cast<IoFilm*>(context)->completions;
        return STATUS_MORE_PROCESSING_REQUIRED;
    }

    static NTAPI NTSTATUS succeed(DEVICE_OBJECT*, IRP* irp)
    {
        g_io->complete(irp, STATUS_SUCCESS);
        return STATUS_SUCCESS;
    }
};

// --- A driver that holds one IRP in a slot with a cancel routine. Slot and routine change under the slot's lock; who takes
// the routine out owns the IRP; what the cancel routine owns stays in the slot until it has the lock ---

class SlotLock {
public:
    SlotLock()
        : m_irql(static_cast<KIRQL>(g_io->film->call("KeAcquireSpinLockRaiseToDpc", &g_io->lock)))
    {
    }
    ~SlotLock() { g_io->film->call("KeReleaseSpinLock", &g_io->lock, m_irql); }
    SlotLock(SlotLock const&) = delete;
    SlotLock& operator=(SlotLock const&) = delete;

private:
    KIRQL m_irql;
};

inline NTAPI void cancel_held(DEVICE_OBJECT*, IRP* irp)
{
    g_io->film->call("IoReleaseCancelSpinLock", irp->CancelIrql);
    {
        SlotLock lock;
        g_io->held = nullptr;
    }
    ++g_io->cancelled;
    g_io->complete(irp, STATUS_CANCELLED);
}

// The held IRP, when nobody cancels it; of that file object, when one is given.
inline IRP* take_held(FILE_OBJECT* of = nullptr)
{
    SlotLock lock;
    IRP* irp = g_io->held;
    if (!irp || (of && io::current_location(irp)->FileObject != of)
        || !g_io->film->exchange(irp->CancelRoutine, nullptr))
        return nullptr;
    g_io->held = nullptr;
    return irp;
}

inline NTAPI NTSTATUS hold(DEVICE_OBJECT*, IRP* irp)
{
    Film& film = *g_io->film;
    io::mark_pending(irp);
    bool cancelled = false;
    {
        SlotLock lock;
        g_io->held = irp;
        film.exchange(irp->CancelRoutine, &cancel_held);
        // Cancelled before the routine was there: whoever takes it out completes it.
        cancelled = irp->Cancel && film.exchange(irp->CancelRoutine, nullptr);
        if (cancelled)
            g_io->held = nullptr;
    }
    if (cancelled) {
        ++g_io->seen_cancelled;
        g_io->complete(irp, STATUS_CANCELLED);
    }
    film.step(); // from here on it may be anybody's
    return STATUS_PENDING;
}

// Serves what is held, unless its cancel routine has it.
inline bool serve_held()
{
    IRP* irp = take_held();
    if (!irp)
        return false;
    ++g_io->served;
    g_io->complete(irp, STATUS_SUCCESS);
    return true;
}

} // namespace ringside::test
