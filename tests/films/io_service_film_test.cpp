// SPDX-License-Identifier: MIT
// What the I/O manager calls by itself: device timers, work items and shutdown notifications, while the driver takes
// back what they are for.
#include "film.h"

#include "io/irp.h"
#include "io/shutdown.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Scene {
    Film* film;
    DRIVER_OBJECT* driver;
    DEVICE_OBJECT* device;
    IRP* held;
    LONG served, timed_out, ticks, completions, ran, told;
    KEVENT done;
    IO_WORKITEM* item;

    void complete(IRP* irp, NTSTATUS status)
    {
        irp->IoStatus = { { status }, 0 };
        film->call("IofCompleteRequest", irp, CCHAR { IO_NO_INCREMENT });
    }
    // Whoever gets it from here owns it.
    IRP* take()
    {
        film->step();
        return __atomic_exchange_n(&held, nullptr, __ATOMIC_SEQ_CST);
    }
};
Scene* g_scene;

Scene& scene(Film& film)
{
    Scene& made = film.object<Scene>();
    g_scene = &made;
    made.film = &film;
    made.driver = film.driver();
    film.ok("IoCreateDevice", made.driver, 64u, nullptr, ULONG { FILE_DEVICE_UNKNOWN }, 0u, BOOLEAN { FALSE },
            &made.device);
    made.device->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
    film.call("KeInitializeEvent", &made.done, NotificationEvent, BOOLEAN { FALSE });
    return made;
}

NTAPI NTSTATUS hold(DEVICE_OBJECT*, IRP* irp)
{
    io::mark_pending(irp);
    __atomic_store_n(&g_scene->held, irp, __ATOMIC_SEQ_CST);
    return STATUS_PENDING;
}

NTAPI NTSTATUS sent_back(DEVICE_OBJECT*, IRP*, void*)
{
    __atomic_add_fetch(&g_scene->completions, 1, __ATOMIC_SEQ_CST);
    g_scene->film->call("KeSetEvent", &g_scene->done, 0, BOOLEAN { FALSE });
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTAPI void tick(DEVICE_OBJECT*, void*)
{
    Scene& s = *g_scene;
    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
    ++s.ticks;
    if (IRP* irp = s.take()) {
        ++s.timed_out;
        s.complete(irp, STATUS_IO_TIMEOUT);
    }
}

} // namespace

// A request's time-out comes from its device's timer (IoStartTimer) about when the request is done; then the timer is
// stopped.
// Shows: it is completed once, done or timed out; a stopped timer does not tick again.
FILM(a_device_timer_ends_a_request_about_when_it_is_done, "done", "timed out")
{
    Scene& s = scene(film);
    s.driver->MajorFunction[IRP_MJ_READ] = &hold;
    film.ok("IoInitializeTimer", s.device, &tick, nullptr);
    auto* irp = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
    IO_STACK_LOCATION* next = io::next_location(irp);
    next->MajorFunction = IRP_MJ_READ;
    next->CompletionRoutine = &sent_back;
    next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    EXPECT_EQ(film.status("IofCallDriver", s.device, irp), STATUS_PENDING);
    film.call("IoStartTimer", s.device);
    film.thread([&] {
        film.sleep(999'900 + film.draw(200));
        if (IRP* ours = s.take()) {
            ++s.served;
            s.complete(ours, STATUS_SUCCESS);
        }
        film.call("IoStopTimer", s.device);
    });
    EXPECT_EQ(film.wait(&s.done), STATUS_SUCCESS);
    film.join();
    film.sleep(100); // a tick that was under way
    LONG const ticks = s.ticks;
    EXPECT_EQ(s.served + s.timed_out, 1);
    EXPECT_EQ(s.completions, 1);
    EXPECT_EQ(irp->IoStatus.Status, s.served ? STATUS_SUCCESS : STATUS_IO_TIMEOUT);
    film.went(s.served ? "done" : "timed out");
    film.sleep(2'500'000);
    EXPECT_EQ(s.ticks, ticks);
    film.call("IoFreeIrp", irp);
    film.call("IoDeleteDevice", s.device);
    film.unload(s.driver);
}

namespace {

NTAPI void work(DEVICE_OBJECT* device, void* context)
{
    Scene& s = *static_cast<Scene*>(context);
    EXPECT_EQ(device, s.device);
    auto* extension = static_cast<uint64_t*>(device->DeviceExtension);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(*extension, 0x1234u); // the device's memory is still the device's
        s.film->step();
    }
    s.film->call("IoFreeWorkItem", s.item);
    ++s.ran;
    s.film->call("KeSetEvent", &s.done, 0, BOOLEAN { FALSE });
}

} // namespace

// A device is deleted while a work item of it is queued or runs.
// Shows: the work item holds the device: it runs once, with a device whose extension is whole.
FILM(a_device_is_deleted_while_its_work_item_runs, "before it was done", "after it was done")
{
    Scene& s = scene(film);
    *static_cast<uint64_t*>(s.device->DeviceExtension) = 0x1234;
    s.item = reinterpret_cast<IO_WORKITEM*>(film.call("IoAllocateWorkItem", s.device));
    film.call("IoQueueWorkItem", s.item, &work, DelayedWorkQueue, &s);
    film.thread([&] {
        film.linger(film.draw(40));
        film.went(s.ran ? "after it was done" : "before it was done");
        film.call("IoDeleteDevice", s.device);
    });
    film.join();
    EXPECT_EQ(film.wait(&s.done), STATUS_SUCCESS);
    film.sleep(100); // the worker lets the device go
    EXPECT_EQ(s.ran, 1);
    EXPECT_EQ(s.driver->DeviceObject, nullptr);
    film.unload(s.driver);
}

namespace {

NTAPI NTSTATUS shut_down(DEVICE_OBJECT*, IRP* irp)
{
    ++g_scene->told;
    g_scene->film->linger(4);
    g_scene->complete(irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

} // namespace

// A driver takes back its shutdown notification while the system tells who is registered.
// Shows: it is told once or not at all, and its device is let go in either case.
FILM(a_shutdown_notification_is_taken_back_while_the_system_shuts_down, "told", "not told")
{
    Scene& s = scene(film);
    s.driver->MajorFunction[IRP_MJ_SHUTDOWN] = &shut_down;
    film.ok("IoRegisterShutdownNotification", s.device);
    film.thread([&] {
        film.linger(film.draw(8));
        io::notify_shutdown(false);
    });
    film.thread([&] {
        film.linger(film.draw(8));
        film.call("IoUnregisterShutdownNotification", s.device);
    });
    film.join();
    EXPECT_LE(s.told, 1);
    film.went(s.told ? "told" : "not told");
    EXPECT_EQ(s.device->Flags & DO_SHUTDOWN_REGISTERED, 0u);
    film.call("IoDeleteDevice", s.device);
    film.unload(s.driver);
}
