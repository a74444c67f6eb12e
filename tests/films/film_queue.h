// SPDX-License-Identifier: MIT
// A driver's cancel-safe queue of one list, guarded by its own spin lock.
#pragma once

#include "film.h"

namespace ringside::test {

struct CancelSafeQueue {
    IO_CSQ csq; // first: of() goes back from it
    LIST_ENTRY list;
    KSPIN_LOCK lock;
    Film* film;
    LONG cancelled;

    static CancelSafeQueue& make(Film& film)
    {
        auto& queue = film.object<CancelSafeQueue>();
        queue.film = &film;
        queue.list = { &queue.list, &queue.list };
        film.ok("IoCsqInitialize", &queue.csq, &insert, &remove, &peek, &acquire, &release, &complete_cancelled);
        return queue;
    }
    static void complete(Film& film, IRP* irp, NTSTATUS status)
    {
        irp->IoStatus = { { status }, 0 };
        film.call("IofCompleteRequest", irp, CCHAR { IO_NO_INCREMENT });
    }

private:
    static CancelSafeQueue& of(IO_CSQ* csq) { return *reinterpret_cast<CancelSafeQueue*>(csq); }
    NTAPI static void insert(IO_CSQ* csq, IRP* irp)
    {
        LIST_ENTRY& entry = irp->Tail.Overlay.ListEntry;
        LIST_ENTRY& list = of(csq).list;
        entry = { &list, list.Blink };
        list.Blink->Flink = &entry;
        list.Blink = &entry;
    }
    NTAPI static void remove(IO_CSQ*, IRP* irp)
    {
        LIST_ENTRY& entry = irp->Tail.Overlay.ListEntry;
        entry.Blink->Flink = entry.Flink;
        entry.Flink->Blink = entry.Blink;
    }
    NTAPI static IRP* peek(IO_CSQ* csq, IRP* irp, void*)
    {
        LIST_ENTRY* next = irp ? irp->Tail.Overlay.ListEntry.Flink : of(csq).list.Flink;
        return next == &of(csq).list ? nullptr : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
    }
    NTAPI static void acquire(IO_CSQ* csq, KIRQL* irql)
    {
        *irql = static_cast<KIRQL>(of(csq).film->call("KeAcquireSpinLockRaiseToDpc", &of(csq).lock));
    }
    NTAPI static void release(IO_CSQ* csq, KIRQL irql) { of(csq).film->call("KeReleaseSpinLock", &of(csq).lock, irql); }
    NTAPI static void complete_cancelled(IO_CSQ* csq, IRP* irp)
    {
        __atomic_add_fetch(&of(csq).cancelled, 1, __ATOMIC_SEQ_CST);
        complete(*of(csq).film, irp, STATUS_CANCELLED);
    }
};

} // namespace ringside::test
