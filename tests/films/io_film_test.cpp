// SPDX-License-Identifier: MIT
// IRPs that are cancelled while their driver completes them, and a device that is removed while they come.
#include "film_queue.h"

#include "io/irp.h"

using namespace ringside;
using namespace ringside::test;

namespace {

CancelSafeQueue* g_queue;

NTAPI NTSTATUS pend(DEVICE_OBJECT*, IRP* irp)
{
    g_queue->film->call("IoCsqInsertIrp", &g_queue->csq, irp, nullptr);
    return STATUS_PENDING;
}

// The sender's completion routine: counts, and takes the IRP back.
struct Sent {
    KEVENT done;
    Film* film;
    LONG completions;
    NTSTATUS status;
};

NTAPI NTSTATUS sent_back(DEVICE_OBJECT*, IRP* irp, void* context)
{
    auto& sent = *static_cast<Sent*>(context);
    ++sent.completions;
    sent.status = irp->IoStatus.Status;
    sent.film->call("KeSetEvent", &sent.done, 0, BOOLEAN { FALSE });
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// Three IRPs wait in a driver's cancel-safe queue. One thread serves them, another cancels two of them.
// Shows: each is completed once, as served or as cancelled; IoCancelIrp's answer and the queue's own agree; a served one
// cannot be cancelled any more.
FILM(irps_are_cancelled_while_they_are_served, "served", "cancelled", "cancelled too late")
{
    DRIVER_OBJECT* driver = film.driver();
    DEVICE_OBJECT* device = nullptr;
    film.ok("IoCreateDevice", driver, 0u, nullptr, ULONG { FILE_DEVICE_UNKNOWN }, 0u, BOOLEAN { FALSE }, &device);
    driver->MajorFunction[IRP_MJ_READ] = &pend;
    CancelSafeQueue& queue = CancelSafeQueue::make(film);
    g_queue = &queue;
    IRP* irps[3];
    Sent* sent[3];
    LONG served = 0;
    for (int i = 0; i < 3; ++i) {
        sent[i] = &film.object<Sent>();
        sent[i]->film = &film;
        film.call("KeInitializeEvent", &sent[i]->done, NotificationEvent, BOOLEAN { FALSE });
        irps[i] = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
        IO_STACK_LOCATION* next = io::next_location(irps[i]);
        next->MajorFunction = IRP_MJ_READ;
        next->CompletionRoutine = &sent_back;
        next->Context = sent[i];
        next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
        EXPECT_EQ(film.status("IofCallDriver", device, irps[i]), STATUS_PENDING);
    }
    film.thread([&] {
        for (int i = 0; i < 3; ++i) {
            film.linger(film.draw(10));
            auto* irp = reinterpret_cast<IRP*>(film.call("IoCsqRemoveNextIrp", &queue.csq, nullptr));
            if (!irp)
                continue;
            ++served;
            film.linger(film.draw(4));
            CancelSafeQueue::complete(film, irp, STATUS_SUCCESS);
        }
    });
    film.thread([&] {
        for (int i : { 2, 1 }) {
            film.linger(film.draw(20));
            LONG const before = queue.cancelled;
            bool const called = film.yes("IoCancelIrp", irps[i]);
            EXPECT_TRUE(!called || queue.cancelled > before);
            film.went(called ? "cancelled" : "cancelled too late");
        }
    });
    film.join();
    for (int left; (left = 3 - served - queue.cancelled) > 0; ++served)
        CancelSafeQueue::complete(film, reinterpret_cast<IRP*>(film.call("IoCsqRemoveNextIrp", &queue.csq, nullptr)),
                        STATUS_SUCCESS);
    for (int i = 0; i < 3; ++i) {
        film.wait(&sent[i]->done);
        EXPECT_EQ(sent[i]->completions, 1);
        EXPECT_TRUE(sent[i]->status == STATUS_SUCCESS || sent[i]->status == STATUS_CANCELLED);
        if (sent[i]->status == STATUS_SUCCESS)
            film.went("served");
        film.call("IoFreeIrp", irps[i]);
    }
    film.call("IoDeleteDevice", device);
    film.unload(driver);
}

// Two threads do I/O under a remove lock while a third removes the device.
// Shows: IoReleaseRemoveLockAndWait comes back when nobody is inside; whoever comes later is told STATUS_DELETE_PENDING.
FILM(a_device_is_removed_under_its_remove_lock, "got in", "delete pending", "waited", "nobody inside")
{
    struct Shared {
        IO_REMOVE_LOCK lock;
        LONG inside;
        bool removed;
    };
    auto& s = film.object<Shared>();
    ULONG const bytes = sizeof s.lock;
    film.call("IoInitializeRemoveLockEx", &s.lock, ULONG { 'mliF' }, 0u, 0u, bytes);
    auto acquire = [&] {
        return film.status("IoAcquireRemoveLockEx", &s.lock, nullptr, static_cast<char const*>("film"), 1u, bytes);
    };
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            for (int i = 0; i < 3; ++i) {
                film.linger(film.draw(10));
                NTSTATUS const status = acquire();
                if (status != STATUS_SUCCESS) {
                    EXPECT_EQ(status, STATUS_DELETE_PENDING);
                    film.went("delete pending");
                    continue;
                }
                film.went("got in");
                __atomic_add_fetch(&s.inside, 1, __ATOMIC_SEQ_CST);
                EXPECT_FALSE(s.removed);
                film.linger(film.draw(5));
                EXPECT_FALSE(s.removed);
                __atomic_sub_fetch(&s.inside, 1, __ATOMIC_SEQ_CST);
                film.call("IoReleaseRemoveLockEx", &s.lock, nullptr, bytes);
            }
        });
    film.thread([&] {
        ASSERT_EQ(acquire(), STATUS_SUCCESS);
        film.linger(film.draw(40));
        film.went(s.inside ? "waited" : "nobody inside");
        film.call("IoReleaseRemoveLockAndWaitEx", &s.lock, nullptr, bytes);
        s.removed = true;
        EXPECT_EQ(s.inside, 0);
    });
    film.join();
    EXPECT_EQ(acquire(), STATUS_DELETE_PENDING);
}
