// SPDX-License-Identifier: MIT
// An IRP is cancelled while something else happens to it. Each race is a film under many seeds and a search of all
// interleavings.
#include "film.h"

#include "film_io.h"

using namespace ringside;
using namespace ringside::test;

namespace {


NTAPI void cancel_held(DEVICE_OBJECT*, IRP* irp)
{
    Film& film = *g_io->film;
    film.call("IoReleaseCancelSpinLock", irp->CancelIrql);
    ++g_io->cancelled;
    g_io->complete(irp, STATUS_CANCELLED);
}

NTAPI NTSTATUS hold(DEVICE_OBJECT*, IRP* irp)
{
    io::mark_pending(irp);
    g_io->held = irp;
    g_io->film->exchange(irp->CancelRoutine, &cancel_held);
    return STATUS_PENDING;
}

// The same, and it looks whether the cancel came before the routine was there.
NTAPI NTSTATUS hold_carefully(DEVICE_OBJECT*, IRP* irp)
{
    io::mark_pending(irp);
    Film& film = *g_io->film;
    film.exchange(irp->CancelRoutine, &cancel_held);
    film.step();
    if (irp->Cancel && film.exchange(irp->CancelRoutine, nullptr)) {
        g_io->film->went("cancelled before it was held");
        g_io->complete(irp, STATUS_CANCELLED);
        return STATUS_PENDING;
    }
    return STATUS_PENDING;
}

void serve_if_ours(IRP* irp)
{
    Film& film = *g_io->film;
    if (!film.exchange(irp->CancelRoutine, nullptr))
        return;
    ++g_io->served;
    g_io->complete(irp, STATUS_SUCCESS);
}

} // namespace

// A held IRP is served by one thread and cancelled by another.
// Shows: one of them completes it; IoCancelIrp says whether it was the cancel routine.
RACE(an_irp_is_cancelled_while_it_is_served, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    IRP* irp = io.send_read();
    bool called = false;
    film.race([&] { serve_if_ours(irp); }, [&] { called = film.yes("IoCancelIrp", irp); });
    EXPECT_EQ(io.served + io.cancelled, 1);
    EXPECT_EQ(called, io.cancelled == 1);
    EXPECT_EQ(io.take_back(irp), called ? STATUS_CANCELLED : STATUS_SUCCESS);
    film.went(called ? "cancelled" : "served");
}

// Two threads cancel the same IRP.
// Shows: its cancel routine runs once, for one of them.
RACE(an_irp_is_cancelled_twice, "by the first", "by the second")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    IRP* irp = io.send_read();
    bool first = false, second = false;
    film.race([&] { first = film.yes("IoCancelIrp", irp); }, [&] { second = film.yes("IoCancelIrp", irp); });
    EXPECT_NE(first, second);
    EXPECT_EQ(io.cancelled, 1);
    EXPECT_EQ(io.take_back(irp), STATUS_CANCELLED);
    film.went(first ? "by the first" : "by the second");
}

// An IRP is cancelled while its driver is about to hold it.
// Shows: a driver that looks at Irp->Cancel once more after it set its routine loses none: either the routine is called, or
// it sees the flag.
RACE(an_irp_is_cancelled_before_it_is_held, "cancelled before it was held", "by its routine")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold_carefully);
    IRP* irp = io.make_read();
    bool called = false;
    film.race([&] { io.send(irp); }, [&] {
        film.step();
        called = film.yes("IoCancelIrp", irp);
    });
    if (called)
        film.went("by its routine");
    // Cancelled before it was sent, the flag alone was set, and the driver saw it.
    EXPECT_EQ(io.completions, 1);
    EXPECT_EQ(io.take_back(irp), STATUS_CANCELLED);
}
