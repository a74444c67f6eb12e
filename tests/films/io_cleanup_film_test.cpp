// SPDX-License-Identifier: MIT
// Handles are closed, threads end and devices go while requests are out. Each race is a film under many seeds and a search of
// all interleavings.
#include "film_io.h"
#include "film_queue.h"

#include "io/cancel.h"
#include "ke/kernel.h"

using namespace ringside;
using namespace ringside::test;

namespace {

// A file with a read outstanding, and what came of it.
struct OpenRead {
    explicit OpenRead(IoFilm& io)
    {
        io.dispatch(IRP_MJ_READ, &hold);
        io.dispatch(IRP_MJ_CLEANUP, &clean_up);
        EXPECT_EQ(io.open(handle), STATUS_SUCCESS);
        block = &io.film->object<IO_STATUS_BLOCK>();
        EXPECT_EQ(io.read(handle, nullptr, *block), STATUS_PENDING);
        irp = io.held[0];
    }
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK* block;
    IRP* irp;
};

} // namespace

// A handle is closed while a read on it is completed.
// Shows: the read ends once, served or cancelled, and its status block says which.
RACE(a_handle_is_closed_while_its_read_completes, "served", "cancelled")
{
    IoFilm io(film);
    OpenRead read(io);
    film.race([&] { film.ok("ZwClose", read.handle); }, [&] { serve_held(); });
    EXPECT_EQ(io.served + io.cleaned_up, 1);
    film.sleep(1); // the issuer's APC
    EXPECT_EQ(read.block->Status, io.served ? STATUS_SUCCESS : STATUS_CANCELLED);
    film.went(io.served ? "served" : "cancelled");
}

namespace {

CancelSafeQueue* g_queue;

NTAPI NTSTATUS queue_read(DEVICE_OBJECT*, IRP* irp)
{
    g_io->film->call("IoCsqInsertIrp", &g_queue->csq, irp, nullptr);
    return STATUS_PENDING;
}

NTAPI NTSTATUS empty_queue(DEVICE_OBJECT*, IRP* irp)
{
    while (auto* ours = reinterpret_cast<IRP*>(g_io->film->call("IoCsqRemoveNextIrp", &g_queue->csq, nullptr))) {
        ++g_io->cleaned_up;
        g_io->complete(ours, STATUS_CANCELLED);
    }
    return IoFilm::succeed(nullptr, irp);
}

} // namespace

// Two reads of a file wait in a cancel-safe queue. Their thread cancels them while another closes the file's last handle,
// whose cleanup empties the queue.
// Shows: each ends once, by the queue's cancel routine or by the cleanup.
RACE(a_handle_is_closed_while_its_queued_requests_are_cancelled, "all cancelled", "one of each", "all cleaned up")
{
    IoFilm io(film);
    g_queue = &CancelSafeQueue::make(film);
    io.dispatch(IRP_MJ_READ, &queue_read);
    io.dispatch(IRP_MJ_CLEANUP, &empty_queue);
    HANDLE const handle = io.opened();
    IO_STATUS_BLOCK* blocks[2] = { &film.object<IO_STATUS_BLOCK>(), &film.object<IO_STATUS_BLOCK>() };
    film.race({ [&] {
                   for (auto* block : blocks)
                       EXPECT_EQ(io.read(handle, nullptr, *block), STATUS_PENDING);
               },
                [] { io::cancel_thread_irps(ke::kernel().current(), nullptr); } },
              [&] { film.ok("ZwClose", handle); });
    EXPECT_EQ(io.cleaned_up + g_queue->cancelled, 2);
    EXPECT_EQ(g_queue->list.Flink, &g_queue->list);
    for (auto* block : blocks)
        EXPECT_EQ(block->Status, STATUS_CANCELLED);
    film.went(io.cleaned_up == 2 ? "all cleaned up" : io.cleaned_up ? "one of each" : "all cancelled");
}

// A handle is closed while another thread reads with it.
// Shows: the read has the file or is told that there is none; nothing is left pending.
RACE(a_handle_is_closed_while_another_thread_reads, "no handle", "cancelled by the cleanup", "served before it")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    io.dispatch(IRP_MJ_CLEANUP, &clean_up);
    HANDLE handle = nullptr;
    ASSERT_EQ(io.open(handle), STATUS_SUCCESS);
    auto& block = film.object<IO_STATUS_BLOCK>();
    NTSTATUS sent = STATUS_SUCCESS;
    film.race([&] { film.ok("ZwClose", handle); },
              [&] {
                  sent = io.read(handle, nullptr, block);
                  if (sent == STATUS_PENDING && serve_held())
                      film.went("served before it");
              });
    // The number may be another object's by then: the film makes threads meanwhile.
    if (sent == STATUS_INVALID_HANDLE || sent == STATUS_OBJECT_TYPE_MISMATCH)
        film.went("no handle");
    else
        EXPECT_EQ(sent, STATUS_PENDING);
    if (io.cleaned_up)
        film.went("cancelled by the cleanup");
    EXPECT_EQ(io.ended(), sent == STATUS_PENDING ? 1 : 0);
}

// A thread ends that has a read outstanding, while another completes it.
// Shows: the ending thread cancels it and waits for it; it is completed once and the thread ends.
RACE(a_thread_ends_while_its_read_completes, "served", "cancelled")
{
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    HANDLE handle = nullptr;
    ASSERT_EQ(io.open(handle), STATUS_SUCCESS);
    auto& block = film.object<IO_STATUS_BLOCK>();
    film.race({ [&] { EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING); }, [] {} }, [&] { serve_held(); });
    EXPECT_EQ(io.ended(), 1);
    film.went(io.served ? "served" : "cancelled");
    film.ok("ZwClose", handle);
}

// A device is opened while its driver deletes it.
// Shows: the open finds it or not; one that found it keeps the device until it is closed.
RACE(a_device_is_deleted_while_it_is_opened, "opened", "no longer there")
{
    IoFilm io(film);
    HANDLE handle = nullptr;
    NTSTATUS opened = STATUS_SUCCESS;
    film.race([&] { opened = io.open(handle); },
              [&] { film.call("IoDeleteDevice", film.exchange(io.device, nullptr)); });
    film.went(opened == STATUS_SUCCESS ? "opened" : "no longer there");
    if (opened == STATUS_SUCCESS)
        film.ok("ZwClose", handle);
    else
        EXPECT_TRUE(opened == STATUS_NO_SUCH_DEVICE || opened == STATUS_OBJECT_NAME_NOT_FOUND) << std::hex << opened;
}

// A driver is unloaded while the last handle on its device is closed.
// Shows: the unload happens at once or with the close; it happens.
RACE(a_driver_is_unloaded_while_its_device_is_closed, "at once", "with the close")
{
    IoFilm io(film);
    HANDLE handle = nullptr;
    ASSERT_EQ(io.open(handle), STATUS_SUCCESS);
    io.driver->DriverUnload = [](DRIVER_OBJECT*) NTAPI {
        g_io->film->call("IoDeleteDevice", g_io->device);
        g_io->device = nullptr;
    };
    NTSTATUS unloaded = STATUS_SUCCESS;
    DRIVER_OBJECT* const driver = std::exchange(io.driver, nullptr);
    film.race([&] { film.ok("ZwClose", handle); },
              [&] {
                  film.step();
                  unloaded = io::unload_driver(driver);
              });
    film.sleep(1000);
    EXPECT_EQ(io.device, nullptr);
    EXPECT_TRUE(unloaded == STATUS_SUCCESS || unloaded == STATUS_PENDING) << std::hex << unloaded;
    film.went(unloaded == STATUS_SUCCESS ? "at once" : "with the close");
}

// A request takes a remove lock while the device is removed.
// Shows: the removal waits for who is inside; who comes later is told STATUS_DELETE_PENDING.
RACE(a_remove_lock_is_taken_while_the_device_goes, "got in", "delete pending")
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
    film.race(
        [&] {
            NTSTATUS const status = acquire();
            film.went(status == STATUS_SUCCESS ? "got in" : "delete pending");
            if (status != STATUS_SUCCESS) {
                EXPECT_EQ(status, STATUS_DELETE_PENDING);
                return;
            }
            ++s.inside;
            film.step();
            EXPECT_FALSE(s.removed);
            --s.inside;
            film.call("IoReleaseRemoveLockEx", &s.lock, nullptr, bytes);
        },
        [&] {
            ASSERT_EQ(acquire(), STATUS_SUCCESS);
            film.call("IoReleaseRemoveLockAndWaitEx", &s.lock, nullptr, bytes);
            EXPECT_EQ(s.inside, 0);
            s.removed = true;
        });
    EXPECT_EQ(acquire(), STATUS_DELETE_PENDING);
}

// Two threads do I/O under a remove lock while a third removes the device.
// Shows: IoReleaseRemoveLockAndWait comes back when nobody is inside; whoever comes later is told STATUS_DELETE_PENDING.
// (Three threads: the race of two of them is searched above.)
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
