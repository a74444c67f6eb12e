// SPDX-License-Identifier: MIT
// What the films about IRPs share: one device whose driver holds requests in slots under cancel routines, a sender's IRP
// that comes back to it, files with requests outstanding, and counts of what happened.
#pragma once

#include "film.h"

#include "io/driver.h"
#include "io/irp.h"

#include <utility>

namespace ringside::test {

class IoFilm;
inline IoFilm* g_io = nullptr;

class IoFilm {
public:
    static constexpr int kSlots = 3;

    explicit IoFilm(Film& of)
        : film(&of)
        , lock(of.object<KSPIN_LOCK>())
    {
        g_io = this;
        driver = of.driver();
        of.ok("IoCreateDevice", driver, 64u, &of.string(u"\\Device\\Film"), ULONG { FILE_DEVICE_UNKNOWN }, 0u,
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

    // --- A sender's own IRP ---

    // A read that comes back to `sent_back`, which counts it and keeps it.
    IRP* make_read()
    {
        auto* irp = reinterpret_cast<IRP*>(film->call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
        prepare(irp, &sent_back, this);
        return irp;
    }
    void prepare(IRP* irp, PIO_COMPLETION_ROUTINE routine, void* context)
    {
        IO_STACK_LOCATION* next = io::next_location(irp);
        next->MajorFunction = IRP_MJ_READ;
        next->CompletionRoutine = routine;
        next->Context = context;
        next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
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

    // --- Files ---

    // Opens the device; without FILE_SYNCHRONOUS_IO_NONALERT requests go on by themselves.
    NTSTATUS open(HANDLE& handle, ULONG options = 0)
    {
        auto& block = film->object<IO_STATUS_BLOCK>();
        return film->status("ZwOpenFile", &handle, ULONG { FILE_READ_DATA | SYNCHRONIZE },
                            &film->attributes(u"\\Device\\Film"), &block, ULONG { FILE_SHARE_READ }, options);
    }
    HANDLE opened()
    {
        HANDLE handle = nullptr;
        EXPECT_EQ(open(handle), STATUS_SUCCESS);
        return handle;
    }
    // A read of eight bytes, into memory that stays.
    NTSTATUS read(HANDLE handle, HANDLE event, IO_STATUS_BLOCK& block, void* context = nullptr,
                  PIO_APC_ROUTINE routine = nullptr)
    {
        auto& offset = film->object<LARGE_INTEGER>();
        return film->status("ZwReadFile", handle, event, routine, context, &block, film->bytes(8), ULONG { 8 }, &offset,
                            nullptr);
    }
    // Referenced.
    FILE_OBJECT* file_of(HANDLE handle)
    {
        void* file = nullptr;
        film->ok("ObReferenceObjectByHandle", handle, 0u, nullptr, KPROCESSOR_MODE { KernelMode }, &file, nullptr);
        return static_cast<FILE_OBJECT*>(file);
    }

    Film* film;
    DRIVER_OBJECT* driver = nullptr;
    DEVICE_OBJECT* device = nullptr;
    KSPIN_LOCK& lock;
    IRP* held[kSlots] = {}; // the oldest in the lowest free slot
    // How a request ended: served; by its cancel routine; by the driver, who saw that it was cancelled already; at the
    // handle's cleanup. How many came back to their sender.
    LONG served = 0, cancelled = 0, seen_cancelled = 0, cleaned_up = 0, completions = 0;

    LONG ended() const { return served + cancelled + seen_cancelled + cleaned_up; }

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

// --- A driver that holds IRPs in slots, each with a cancel routine. Slots and routines change under the lock; who takes
// the routine out owns the IRP; what the cancel routine owns stays in its slot until it has the lock ---

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
        for (IRP*& slot : g_io->held)
            if (slot == irp)
                slot = nullptr;
    }
    ++g_io->cancelled;
    g_io->complete(irp, STATUS_CANCELLED);
}

// What is held in that slot, when nobody cancels it. The lock is held.
inline IRP* take_from(IRP*& slot)
{
    if (!slot || !g_io->film->exchange(slot->CancelRoutine, nullptr))
        return nullptr;
    return std::exchange(slot, nullptr);
}

inline NTAPI NTSTATUS hold(DEVICE_OBJECT*, IRP* irp)
{
    Film& film = *g_io->film;
    io::mark_pending(irp);
    bool cancelled = false;
    {
        SlotLock lock;
        int slot = 0;
        while (slot < IoFilm::kSlots - 1 && g_io->held[slot])
            ++slot;
        EXPECT_EQ(g_io->held[slot], nullptr);
        g_io->held[slot] = irp;
        film.exchange(irp->CancelRoutine, &cancel_held);
        // Cancelled before the routine was there: whoever takes it out completes it.
        cancelled = irp->Cancel && film.exchange(irp->CancelRoutine, nullptr);
        if (cancelled)
            g_io->held[slot] = nullptr;
    }
    if (cancelled) {
        ++g_io->seen_cancelled;
        g_io->complete(irp, STATUS_CANCELLED);
    }
    film.step(); // from here on it may be anybody's
    return STATUS_PENDING;
}

// The same with the lock taken for it.
inline IRP* take_held(int slot = 0)
{
    SlotLock lock;
    return take_from(g_io->held[slot]);
}

// Serves what is held there, unless its cancel routine has it.
inline bool serve_held(int slot = 0)
{
    IRP* irp = take_held(slot);
    if (!irp)
        return false;
    ++g_io->served;
    g_io->complete(irp, STATUS_SUCCESS);
    return true;
}

// A handle's last close: what the driver holds for its file is cancelled, if no cancel routine has it already.
inline NTAPI NTSTATUS clean_up(DEVICE_OBJECT*, IRP* irp)
{
    FILE_OBJECT* const file = io::current_location(irp)->FileObject;
    IRP* taken[IoFilm::kSlots] = {};
    {
        SlotLock lock;
        for (int i = 0; i < IoFilm::kSlots; ++i)
            if (IRP*& slot = g_io->held[i]; slot && io::current_location(slot)->FileObject == file)
                taken[i] = take_from(slot);
    }
    for (IRP* ours : taken)
        if (ours) {
            ++g_io->cleaned_up;
            g_io->complete(ours, STATUS_CANCELLED);
        }
    return IoFilm::succeed(nullptr, irp);
}

} // namespace ringside::test
