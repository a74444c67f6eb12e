// SPDX-License-Identifier: MIT
// Filters that come and go, and devices that are deleted, while a handle on the stack is open and a request is in flight.
// Each race is a film under many seeds and a search of all interleavings.
#include "film_io.h"

using namespace ringside;
using namespace ringside::test;

namespace {

// A filter above the film's device, which holds requests. It lets each through under its remove lock.
struct FilterDevice {
    DEVICE_OBJECT* below;
    IO_REMOVE_LOCK lock;
};
constexpr ULONG kLockBytes = sizeof(IO_REMOVE_LOCK);

FilterDevice& filter_of(DEVICE_OBJECT* device) { return *static_cast<FilterDevice*>(device->DeviceExtension); }

struct Filter {
    DEVICE_OBJECT* device;
    LONG passed, back;
};
Filter* g_filter;

NTAPI NTSTATUS came_back(DEVICE_OBJECT* device, IRP* irp, void*)
{
    if (irp->PendingReturned)
        io::mark_pending(irp);
    ++g_filter->back;
    g_io->film->call("IoReleaseRemoveLockEx", &filter_of(device).lock, irp, kLockBytes);
    return STATUS_SUCCESS;
}

NTAPI NTSTATUS dispatch_any(DEVICE_OBJECT* device, IRP* irp)
{
    Film& film = *g_io->film;
    UCHAR const major = io::current_location(irp)->MajorFunction;
    if (device != g_filter->device)
        return major == IRP_MJ_READ   ? hold(device, irp)
            : major == IRP_MJ_CLEANUP ? clean_up(device, irp)
                                      : IoFilm::succeed(device, irp);
    FilterDevice& filter = filter_of(device);
    NTSTATUS const status = film.status("IoAcquireRemoveLockEx", &filter.lock, irp, "film", 1u, kLockBytes);
    if (!NT_SUCCESS(status)) {
        g_io->complete(irp, status);
        return status;
    }
    ++g_filter->passed;
    io::copy_location_to_next(irp);
    IO_STACK_LOCATION* next = io::next_location(irp);
    next->CompletionRoutine = &came_back;
    next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    return film.status("IofCallDriver", filter.below, irp);
}

void dispatch_all(IoFilm& io)
{
    for (UCHAR major : { IRP_MJ_CREATE, IRP_MJ_CLOSE, IRP_MJ_CLEANUP, IRP_MJ_READ })
        io.dispatch(major, &dispatch_any);
    g_filter = &io.film->object<Filter>();
}

DEVICE_OBJECT* make_filter(IoFilm& io)
{
    Film& film = *io.film;
    DEVICE_OBJECT* made = nullptr;
    film.ok("IoCreateDevice", io.driver, ULONG { sizeof(FilterDevice) }, nullptr, ULONG { FILE_DEVICE_UNKNOWN }, 0u,
            BOOLEAN { FALSE }, &made);
    film.call("IoInitializeRemoveLockEx", &filter_of(made).lock, ULONG { 'mliF' }, 0u, 0u, kLockBytes);
    return made;
}

void attach(IoFilm& io, DEVICE_OBJECT* filter)
{
    g_filter->device = filter;
    // The place below is written before the filter is part of the stack: a request may come at once.
    io.film->ok("IoAttachDeviceToDeviceStackSafe", filter, io.device, &filter_of(filter).below);
    filter->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
}

// As a filter leaves: out of the stack, then until nobody is inside, then for good.
void remove(IoFilm& io, DEVICE_OBJECT* filter)
{
    Film& film = *io.film;
    FilterDevice& of = filter_of(filter);
    film.ok("IoAcquireRemoveLockEx", &of.lock, nullptr, "film", 1u, kLockBytes);
    film.call("IoDetachDevice", of.below);
    film.call("IoReleaseRemoveLockAndWaitEx", &of.lock, nullptr, kLockBytes);
    EXPECT_EQ(g_filter->back, g_filter->passed);
    film.call("IoDeleteDevice", filter);
}

} // namespace

// A read is in flight through a filter, on a handle that stays open. The driver below completes it while the filter leaves
// the stack and is deleted.
// Shows: the filter's completion routine runs before the filter goes; the handle works on without it.
RACE(a_filter_leaves_while_a_request_comes_back, "before it left", "it waited")
{
    IoFilm io(film);
    dispatch_all(io);
    DEVICE_OBJECT* const filter = make_filter(io);
    attach(io, filter);
    HANDLE const handle = io.opened();
    auto& block = film.object<IO_STATUS_BLOCK>();
    EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING);
    film.race([] { EXPECT_TRUE(serve_held()); },
              [&] {
                  film.step();
                  film.went(g_filter->back < g_filter->passed ? "it waited" : "before it left");
                  remove(io, filter);
              });
    film.sleep(1); // the issuer's APC
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    EXPECT_EQ(io.device->AttachedDevice, nullptr);
    LONG const passed = g_filter->passed;
    EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING);
    EXPECT_TRUE(serve_held());
    film.ok("ZwClose", handle);
    EXPECT_EQ(g_filter->passed, passed);
    EXPECT_EQ(io.served, 2);
}

// The same, and the read is cancelled.
// Shows: the same.
RACE(a_filter_leaves_while_its_request_is_cancelled, "before it left", "it waited")
{
    IoFilm io(film);
    dispatch_all(io);
    DEVICE_OBJECT* const filter = make_filter(io);
    attach(io, filter);
    auto* irp = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", filter->StackSize, BOOLEAN { FALSE }));
    io.prepare(irp, &IoFilm::sent_back, &io);
    EXPECT_EQ(film.status("IofCallDriver", filter, irp), STATUS_PENDING);
    film.race([&] { EXPECT_TRUE(film.yes("IoCancelIrp", irp)); },
              [&] {
                  film.step();
                  film.went(g_filter->back < g_filter->passed ? "it waited" : "before it left");
                  remove(io, filter);
              });
    EXPECT_EQ(io.take_back(irp), STATUS_CANCELLED);
    EXPECT_EQ(io.ended(), 1);
}

// A filter is attached while the device is opened and read.
// Shows: each request goes through the filter from its beginning or not at all; one that went through comes back through it.
RACE(a_filter_comes_while_its_device_is_read, "all through it", "some past it", "all past it")
{
    IoFilm io(film);
    dispatch_all(io);
    DEVICE_OBJECT* const filter = make_filter(io);
    HANDLE handle = nullptr;
    auto& block = film.object<IO_STATUS_BLOCK>();
    film.race(
        [&] {
            handle = io.opened();
            EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING);
            EXPECT_TRUE(serve_held());
        },
        [&] { attach(io, filter); });
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    EXPECT_EQ(g_filter->back, g_filter->passed);
    film.went(g_filter->passed == 2 ? "all through it" : g_filter->passed ? "some past it" : "all past it");
    film.ok("ZwClose", handle);
    remove(io, filter);
}

// A driver deletes its device while a request on it completes and its last handle is closed.
// Shows: the request ends once; the device stays until the handle is gone, and goes then.
RACE(a_device_is_deleted_while_its_request_completes, "before the close", "after it")
{
    IoFilm io(film);
    dispatch_all(io);
    HANDLE const handle = io.opened();
    auto& block = film.object<IO_STATUS_BLOCK>();
    film.race({ [&] { EXPECT_EQ(io.read(handle, nullptr, block), STATUS_PENDING); },
                [&] {
                    serve_held();
                    film.ok("ZwClose", handle);
                } },
              [&] {
                  DEVICE_OBJECT* const device = film.exchange(io.device, nullptr);
                  film.went(device->ReferenceCount ? "before the close" : "after it");
                  film.call("IoDeleteDevice", device);
              });
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    EXPECT_EQ(io.served, 1);
    EXPECT_EQ(io.driver->DeviceObject, nullptr);
}
