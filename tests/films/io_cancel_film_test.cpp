// SPDX-License-Identifier: MIT
// An IRP is cancelled while something else happens to it. Each race is a film under many seeds and a search of all
// interleavings.
#include "film_io.h"
#include "film_queue.h"

using namespace ringside;
using namespace ringside::test;

// A held IRP is served by one thread and cancelled by another.
// Shows: one of them completes it; IoCancelIrp says whether it was the cancel routine.
RACE(an_irp_is_cancelled_while_it_is_served, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    IRP* irp = io.send_read();
    bool called = false;
    film.race([&] { serve_held(); }, [&] { called = film.yes("IoCancelIrp", irp); });
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
RACE(an_irp_is_cancelled_before_it_is_held, "the driver saw it", "by its routine")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    IRP* irp = io.make_read();
    bool called = false;
    film.race([&] { io.send(irp); }, [&] { called = film.yes("IoCancelIrp", irp); });
    EXPECT_EQ(io.cancelled + io.seen_cancelled, 1);
    EXPECT_EQ(called, io.cancelled == 1);
    EXPECT_EQ(io.take_back(irp), STATUS_CANCELLED);
    film.went(called ? "by its routine" : "the driver saw it");
}

namespace {

CancelSafeQueue* g_queue;
IO_CSQ_IRP_CONTEXT* g_context;

NTAPI NTSTATUS queue_read(DEVICE_OBJECT*, IRP* irp)
{
    g_io->film->call("IoCsqInsertIrp", &g_queue->csq, irp, g_context);
    return STATUS_PENDING;
}

CancelSafeQueue& make_queue(Film& film)
{
    g_queue = &CancelSafeQueue::make(film);
    g_context = &film.object<IO_CSQ_IRP_CONTEXT>();
    return *g_queue;
}

} // namespace

// A queued IRP is taken out by its context and cancelled.
// Shows: one of them has it; IoCsqRemoveIrp gives null when the other does.
RACE(a_queued_irp_is_cancelled_while_it_is_taken_out, "taken", "cancelled")
{
    IoFilm io(film);
    CancelSafeQueue& queue = make_queue(film);
    io.dispatch(IRP_MJ_READ, &queue_read);
    IRP* irp = io.send_read();
    IRP* taken = nullptr;
    bool called = false;
    film.race(
        [&] {
            taken = reinterpret_cast<IRP*>(film.call("IoCsqRemoveIrp", &queue.csq, g_context));
            if (taken)
                io.complete(taken, STATUS_SUCCESS);
        },
        [&] { called = film.yes("IoCancelIrp", irp); });
    EXPECT_NE(called, taken != nullptr);
    EXPECT_EQ(io.take_back(irp), taken ? STATUS_SUCCESS : STATUS_CANCELLED);
    EXPECT_EQ(queue.cancelled, taken ? 0 : 1);
    film.went(taken ? "taken" : "cancelled");
}

// An IRP is cancelled while its driver puts it into a cancel-safe queue.
// Shows: it does not stay there.
RACE(an_irp_is_cancelled_while_it_is_queued, "before", "in the queue")
{
    IoFilm io(film);
    CancelSafeQueue& queue = make_queue(film);
    io.dispatch(IRP_MJ_READ, &queue_read);
    IRP* irp = io.make_read();
    bool called = false;
    film.race([&] { io.send(irp); }, [&] { called = film.yes("IoCancelIrp", irp); });
    EXPECT_EQ(queue.cancelled, 1);
    EXPECT_EQ(queue.list.Flink, &queue.list);
    EXPECT_EQ(io.take_back(irp), STATUS_CANCELLED);
    film.went(called ? "in the queue" : "before");
}

// Two IRPs wait in a cancel-safe queue. One thread takes out what comes next and serves it, twice; the other cancels the
// first in the queue.
// Shows: IoCsqRemoveNextIrp passes over an IRP whose cancel routine is on its way; each is completed once; one that was
// served cannot be cancelled any more.
RACE(irps_are_cancelled_while_they_are_served, "both served", "cancelled")
{
    IoFilm io(film);
    CancelSafeQueue& queue = make_queue(film);
    g_context = nullptr;
    io.dispatch(IRP_MJ_READ, &queue_read);
    IRP* const irps[2] = { io.send_read(), io.send_read() };
    bool called = false;
    film.race(
        [&] {
            for (int i = 0; i < 2; ++i)
                if (auto* irp = reinterpret_cast<IRP*>(film.call("IoCsqRemoveNextIrp", &queue.csq, nullptr))) {
                    ++io.served;
                    io.complete(irp, STATUS_SUCCESS);
                }
        },
        [&] { called = film.yes("IoCancelIrp", irps[0]); });
    EXPECT_EQ(io.served, called ? 1 : 2);
    EXPECT_EQ(queue.cancelled, called ? 1 : 0);
    EXPECT_EQ(io.completions, 2);
    EXPECT_EQ(queue.list.Flink, &queue.list);
    EXPECT_EQ(irps[0]->IoStatus.Status, called ? STATUS_CANCELLED : STATUS_SUCCESS);
    EXPECT_EQ(irps[1]->IoStatus.Status, STATUS_SUCCESS);
    for (IRP* irp : irps)
        film.call("IoFreeIrp", irp);
    film.went(called ? "cancelled" : "both served");
}

namespace {

// The documented way to cancel an IRP of one's own that may complete, and be freed, at the same time: canceller and
// completion routine agree by two exchanges who frees it.
// @cite(wdk-docs): page=kernel/canceling-irps
enum : LONG { kSent = 1, kCancelStarted = 2, kCancelDone = 3, kCompleted = 4 };
struct Own {
    LONG volatile lock;
    LONG freed;
};

NTAPI NTSTATUS own_back(DEVICE_OBJECT*, IRP* irp, void* context)
{
    auto& own = *static_cast<Own*>(context);
    // The canceller is inside IoCancelIrp: it frees the IRP when it comes out.
    if (g_io->film->exchange(own.lock, kCompleted) == kCancelStarted)
        return STATUS_MORE_PROCESSING_REQUIRED;
    ++own.freed;
    g_io->film->call("IoFreeIrp", irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// The sender cancels its own IRP while the driver completes it and its completion routine would free it.
// Shows: it is freed once, and never while IoCancelIrp is inside it.
RACE(a_sender_cancels_an_irp_that_its_completion_frees, "cancelled", "too late", "freed by the canceller")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& own = film.object<Own>();
    own.lock = kSent;
    IRP* irp = io.make_read();
    io.prepare(irp, &own_back, &own);
    io.send(irp);
    film.race([&] { serve_held(); },
              [&] {
                  film.step();
                  LONG expected = kSent;
                  if (!__atomic_compare_exchange_n(&own.lock, &expected, LONG { kCancelStarted }, false,
                                                   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
                      film.went("too late");
                      return;
                  }
                  if (film.yes("IoCancelIrp", irp))
                      film.went("cancelled");
                  if (film.exchange(own.lock, kCancelDone) == kCompleted) {
                      film.went("freed by the canceller");
                      ++own.freed;
                      film.call("IoFreeIrp", irp);
                  }
              });
    EXPECT_EQ(own.freed, 1);
    EXPECT_EQ(io.served + io.cancelled, 1);
}

namespace {

// A request that its maker gives so much time: a timer cancels it, a completion routine takes the timer back. Who comes
// second to the word frees the IRP.
struct Timed {
    KTIMER timer;
    KDPC dpc;
    Own own;
    IRP* irp;
    LONG fired;
};

void free_timed(Timed& timed)
{
    ++timed.own.freed;
    g_io->film->call("IoFreeIrp", timed.irp);
}

NTAPI void time_is_up(KDPC*, void* context, void*, void*)
{
    auto& timed = *static_cast<Timed*>(context);
    Film& film = *g_io->film;
    ++timed.fired;
    film.step();
    LONG expected = kSent;
    if (!__atomic_compare_exchange_n(&timed.own.lock, &expected, LONG { kCancelStarted }, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return;
    film.yes("IoCancelIrp", timed.irp);
    if (film.exchange(timed.own.lock, kCancelDone) == kCompleted)
        free_timed(timed);
}

NTAPI NTSTATUS timed_back(DEVICE_OBJECT*, IRP*, void* context)
{
    auto& timed = *static_cast<Timed*>(context);
    Film& film = *g_io->film;
    film.yes("KeCancelTimer", &timed.timer);
    if (film.exchange(timed.own.lock, kCompleted) != kCancelStarted)
        free_timed(timed);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// A request is served when its time is about to be up: a timer's DPC cancels it, its completion routine takes the timer
// back.
// Shows: whether the timer was stopped in time or not, the IRP is completed and freed once, and the DPC does not touch it
// afterwards.
RACE(a_timer_cancels_a_request_that_completes, "cancelled", "served in time", "too late to cancel")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    auto& timed = film.object<Timed>();
    film.call("KeInitializeTimer", &timed.timer);
    film.call("KeInitializeDpc", &timed.dpc, &time_is_up, &timed);
    timed.own.lock = kSent;
    timed.irp = io.make_read();
    io.prepare(timed.irp, &timed_back, &timed);
    io.send(timed.irp);
    film.race([] { serve_held(); },
              [&] {
                  film.call("KeSetTimer", &timed.timer, int64_t { -5 }, &timed.dpc);
                  film.linger(10); // the DPC comes to this processor
              });
    film.sleep(100);
    EXPECT_EQ(timed.own.freed, 1);
    EXPECT_EQ(io.ended(), 1);
    film.went(io.cancelled ? "cancelled" : timed.fired ? "too late to cancel" : "served in time");
}

namespace {

// The device has begun: its cancel routine leaves the request alone, for it is done soon.
// @cite(wdk-docs): page=kernel/points-to-consider-when-canceling-irps
NTAPI void leave_alone(DEVICE_OBJECT*, IRP* irp)
{
    ++g_io->seen_cancelled;
    g_io->film->call("IoReleaseCancelSpinLock", irp->CancelIrql);
}

NTAPI NTSTATUS begin(DEVICE_OBJECT*, IRP* irp)
{
    io::mark_pending(irp);
    g_io->held[0] = irp;
    g_io->film->exchange(irp->CancelRoutine, &leave_alone);
    return STATUS_PENDING;
}

} // namespace

// A request that the device has begun is cancelled while it is done; its cancel routine only notes that.
// Shows: it is completed once, with success, whether it was cancelled or not; IoCancelIrp says whether the routine was
// called.
RACE(a_request_that_was_begun_is_cancelled, "noted", "too late")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &begin);
    IRP* irp = io.send_read();
    bool called = false;
    film.race(
        [&] {
            // The routine may be at work: it does not touch the IRP once it has released the cancel spin lock.
            if (!film.exchange(irp->CancelRoutine, nullptr)) {
                KIRQL irql;
                film.call("IoAcquireCancelSpinLock", &irql);
                film.call("IoReleaseCancelSpinLock", irql);
            }
            ++io.served;
            io.complete(irp, STATUS_SUCCESS);
        },
        [&] { called = film.yes("IoCancelIrp", irp); });
    EXPECT_EQ(io.served, 1);
    EXPECT_EQ(called, io.seen_cancelled == 1);
    EXPECT_TRUE(irp->Cancel);
    EXPECT_EQ(io.take_back(irp), STATUS_SUCCESS);
    film.went(called ? "noted" : "too late");
}
