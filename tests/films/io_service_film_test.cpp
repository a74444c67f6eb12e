// SPDX-License-Identifier: MIT
// What the I/O manager calls by itself: device timers, work items and shutdown notifications, while the driver takes
// back what they are for. Each race is a film under many seeds and a search of all interleavings.
#include "film_io.h"

#include "io/shutdown.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Scene {
    Film* film;
    LONG timed_out, ticks, ran, told;
    KEVENT done;
    IO_WORKITEM* item;
};
Scene* g_scene;

Scene& scene(Film& film)
{
    Scene& made = film.object<Scene>();
    g_scene = &made;
    made.film = &film;
    film.call("KeInitializeEvent", &made.done, NotificationEvent, BOOLEAN { FALSE });
    return made;
}

NTAPI void tick(DEVICE_OBJECT*, void*)
{
    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
    ++g_scene->ticks;
    if (IRP* irp = take_held()) {
        ++g_scene->timed_out;
        g_io->complete(irp, STATUS_IO_TIMEOUT);
    }
}

} // namespace

// A request's time-out comes from its device's timer (IoStartTimer) when the request is done; then the timer is stopped.
// Shows: it is completed once, done or timed out; a stopped timer does not tick again.
RACE(a_device_timer_ends_a_request_about_when_it_is_done, "done", "timed out")
{
    Scene& s = scene(film);
    IoFilm io(film);
    io.dispatch(IRP_MJ_READ, &hold);
    film.ok("IoInitializeTimer", io.device, &tick, nullptr);
    IRP* const irp = io.send_read();
    LARGE_INTEGER due {};
    // Both wait for the moment of the tick: the DPC comes to the processor of one of them.
    auto wait_for_tick
        = [&] { film.ok("KeDelayExecutionThread", KPROCESSOR_MODE { KernelMode }, BOOLEAN { FALSE }, &due); };
    film.race({ [&] {
                   film.call("IoStartTimer", io.device);
                   due.QuadPart = static_cast<int64_t>(film.rooms().kernel.system_time()) + 10'000'000;
               },
                [&] {
                    wait_for_tick();
                    serve_held();
                    film.call("IoStopTimer", io.device);
                } },
              wait_for_tick);
    film.sleep(100); // a tick that was under way
    LONG const ticks = s.ticks;
    EXPECT_EQ(io.served + s.timed_out, 1);
    EXPECT_EQ(io.take_back(irp), io.served ? STATUS_SUCCESS : STATUS_IO_TIMEOUT);
    film.went(io.served ? "done" : "timed out");
    film.sleep(2'500'000);
    EXPECT_EQ(s.ticks, ticks);
}

namespace {

NTAPI void work(DEVICE_OBJECT* device, void* context)
{
    Scene& s = *static_cast<Scene*>(context);
    auto* extension = static_cast<uint64_t*>(device->DeviceExtension);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(*extension, 0x1234u); // the device's memory is still the device's
        s.film->step();
    }
    s.film->call("IoFreeWorkItem", s.item);
    ++s.ran;
    s.film->call("KeSetEvent", &s.done, 0, BOOLEAN { FALSE });
}

} // namespace

// A device is deleted while a work item of it is queued or runs on a worker.
// Shows: the work item holds the device: it runs once, with a device whose extension is whole.
RACE(a_device_is_deleted_while_its_work_item_runs, "before it was done", "after it was done")
{
    Scene& s = scene(film);
    IoFilm io(film);
    *static_cast<uint64_t*>(io.device->DeviceExtension) = 0x1234;
    s.item = reinterpret_cast<IO_WORKITEM*>(film.call("IoAllocateWorkItem", io.device));
    // The other thread waits for the worker, so that the search goes on until the work is done.
    film.race(
        [&] {
            film.call("IoQueueWorkItem", s.item, &work, DelayedWorkQueue, &s);
            film.step();
            film.went(s.ran ? "after it was done" : "before it was done");
            film.call("IoDeleteDevice", film.exchange(io.device, nullptr));
        },
        [&] { EXPECT_EQ(film.wait(&s.done), STATUS_SUCCESS); });
    film.sleep(100); // the worker lets the device go
    EXPECT_EQ(s.ran, 1);
    EXPECT_EQ(io.driver->DeviceObject, nullptr);
}

namespace {

NTAPI NTSTATUS shut_down(DEVICE_OBJECT*, IRP* irp)
{
    ++g_scene->told;
    g_scene->film->linger(4);
    return IoFilm::succeed(nullptr, irp);
}

} // namespace

// A driver takes back its shutdown notification while the system tells who is registered.
// Shows: it is told once or not at all, and its device is let go in either case.
RACE(a_shutdown_notification_is_taken_back_while_the_system_shuts_down, "told", "not told")
{
    Scene& s = scene(film);
    IoFilm io(film);
    io.dispatch(IRP_MJ_SHUTDOWN, &shut_down);
    film.ok("IoRegisterShutdownNotification", io.device);
    film.race(
        [&] {
            film.step();
            io::notify_shutdown(false);
        },
        [&] { film.call("IoUnregisterShutdownNotification", io.device); });
    EXPECT_LE(s.told, 1);
    film.went(s.told ? "told" : "not told");
    EXPECT_EQ(io.device->Flags & DO_SHUTDOWN_REGISTERED, 0u);
}
