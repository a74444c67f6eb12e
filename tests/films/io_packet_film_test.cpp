// SPDX-License-Identifier: MIT
// Requests that go through the device queue to StartIo, while one of them is cancelled or its handle is closed. Each race
// is a film under many seeds and a search of all interleavings.
#include "film_io.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Packets {
    bool by_key;
    IRP* irps[4];
    ULONG keys[4];
    IRP* started; // with the device
    ULONG order[4];
    int starts;

    ULONG key_of(IRP* irp)
    {
        int i = 0;
        while (irps[i] != irp)
            ++i;
        return keys[i];
    }
};
Packets* g_packets;

void start_next(IRP* done)
{
    Film& film = *g_io->film;
    auto const old = static_cast<KIRQL>(film.call("KfRaiseIrql", KIRQL { DISPATCH_LEVEL }));
    if (g_packets->by_key)
        film.call("IoStartNextPacketByKey", g_io->device, BOOLEAN { TRUE }, g_packets->key_of(done));
    else
        film.call("IoStartNextPacket", g_io->device, BOOLEAN { TRUE });
    film.call("KeLowerIrql", old);
}

NTAPI void cancel_packet(DEVICE_OBJECT* device, IRP* irp)
{
    Film& film = *g_io->film;
    bool const current = device->CurrentIrp == irp;
    if (!current)
        film.call("KeRemoveEntryDeviceQueue", &device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    film.call("IoReleaseCancelSpinLock", irp->CancelIrql);
    if (current)
        start_next(irp);
    ++g_io->cancelled;
    g_io->complete(irp, STATUS_CANCELLED);
}

NTAPI void start_io(DEVICE_OBJECT*, IRP* irp)
{
    Film& film = *g_io->film;
    KIRQL irql;
    film.call("IoAcquireCancelSpinLock", &irql);
    // Else it was cancelled after IoStartPacket had released the lock: it may be completed, and is not touched.
    // @cite(wdk-docs): page=kernel/synchronizing-cancellation-in-driver-routines-that-process-irps
    bool const ours = g_io->device->CurrentIrp == irp && film.exchange(irp->CancelRoutine, nullptr);
    film.call("IoReleaseCancelSpinLock", irql);
    if (!ours)
        return;
    g_packets->order[g_packets->starts++] = g_packets->by_key ? g_packets->key_of(irp) : 0;
    g_packets->started = irp;
}

NTAPI NTSTATUS start_packet(DEVICE_OBJECT* device, IRP* irp)
{
    io::mark_pending(irp);
    ULONG key = g_packets->by_key ? g_packets->key_of(irp) : 0;
    g_io->film->call("IoStartPacket", device, irp, g_packets->by_key ? &key : nullptr, &cancel_packet);
    return STATUS_PENDING;
}

// The device is done with what StartIo began.
void packet_done()
{
    IRP* irp = g_io->film->exchange(g_packets->started, nullptr);
    if (!irp)
        return;
    start_next(irp);
    ++g_io->served;
    g_io->complete(irp, STATUS_SUCCESS);
}

Packets& packets(IoFilm& io)
{
    auto& made = io.film->object<Packets>();
    g_packets = &made;
    io.dispatch(IRP_MJ_READ, &start_packet);
    io.driver->DriverStartIo = &start_io;
    return made;
}

void expect_idle(IoFilm& io)
{
    EXPECT_FALSE(io.device->DeviceQueue.Busy);
    EXPECT_EQ(io.device->CurrentIrp, nullptr);
}

} // namespace

// One request is with the device, another waits in the device queue. The first ends, the second is cancelled.
// Shows: it is taken from the queue, or from StartIo's hands, or has been started and cannot be cancelled; the queue is
// empty at the end.
RACE(a_packet_is_cancelled_while_the_queue_moves, "cancelled", "started")
{
    IoFilm io(film);
    packets(io);
    IRP* first = io.send_read();
    IRP* second = io.send_read();
    bool called = false;
    film.race([&] { packet_done(); }, [&] { called = film.yes("IoCancelIrp", second); });
    EXPECT_EQ(called, io.cancelled == 1);
    film.went(called ? "cancelled" : "started");
    if (!called)
        packet_done();
    EXPECT_EQ(io.ended(), 2);
    EXPECT_EQ(io.completions, 2);
    expect_idle(io);
    EXPECT_EQ(first->IoStatus.Status, STATUS_SUCCESS);
    EXPECT_EQ(second->IoStatus.Status, called ? STATUS_CANCELLED : STATUS_SUCCESS);
    film.call("IoFreeIrp", first);
    film.call("IoFreeIrp", second);
}

// One request is with the device, three wait in the device queue by key; the device is done with the first two in turn
// (IoStartNextPacketByKey) while the one with the middle key is cancelled.
// Shows: they start in the order of their keys, from the first one's on and around to the lowest, without the cancelled
// one; each ends once, and the queue is idle after the last.
RACE(a_packet_is_cancelled_while_the_queue_moves_by_key, "cancelled", "started")
{
    IoFilm io(film);
    auto& p = packets(io);
    p.by_key = true;
    for (int i = 0; i < 4; ++i) {
        p.keys[i] = std::initializer_list<ULONG> { 15, 30, 10, 20 }.begin()[i];
        p.irps[i] = io.make_read();
        EXPECT_EQ(io.send(p.irps[i]), STATUS_PENDING);
    }
    film.race(
        [&] {
            packet_done();
            packet_done();
        },
        [&] { film.yes("IoCancelIrp", p.irps[3]); });
    for (int i = 0; i < 4; ++i)
        packet_done();
    EXPECT_EQ(io.ended(), 4);
    EXPECT_EQ(io.completions, 4);
    std::vector<ULONG> const order(p.order, p.order + p.starts);
    EXPECT_EQ(order, io.cancelled ? (std::vector<ULONG> { 15, 30, 10 }) : (std::vector<ULONG> { 15, 20, 30, 10 }));
    expect_idle(io);
    film.went(io.cancelled ? "cancelled" : "started");
    for (IRP* irp : p.irps)
        film.call("IoFreeIrp", irp);
}

// A request comes to an idle device and is cancelled while IoStartPacket hands it to StartIo.
// Shows: StartIo has it, and it cannot be cancelled any more; or the cancel routine has it, and StartIo leaves it alone.
RACE(a_packet_is_cancelled_while_it_is_started, "cancelled", "started")
{
    IoFilm io(film);
    packets(io);
    IRP* irp = io.make_read();
    bool called = false;
    film.race([&] { io.send(irp); }, [&] { called = film.yes("IoCancelIrp", irp); });
    EXPECT_EQ(called, io.cancelled == 1);
    film.went(called ? "cancelled" : "started");
    packet_done();
    EXPECT_EQ(io.ended(), 1);
    expect_idle(io);
    EXPECT_EQ(io.take_back(irp), called ? STATUS_CANCELLED : STATUS_SUCCESS);
}

namespace {

// The handle's last close takes its file's requests out of the device queue. The queue moves under the cancel spin lock.
NTAPI NTSTATUS flush_queue(DEVICE_OBJECT* device, IRP* irp)
{
    Film& film = *g_io->film;
    FILE_OBJECT* const file = io::current_location(irp)->FileObject;
    IRP* ours[4];
    int count = 0;
    KIRQL irql;
    film.call("IoAcquireCancelSpinLock", &irql);
    LIST_ENTRY& head = device->DeviceQueue.DeviceListHead;
    for (LIST_ENTRY* entry = head.Flink; entry != &head;) {
        IRP* queued = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry.DeviceListEntry);
        entry = entry->Flink;
        if (io::current_location(queued)->FileObject != file)
            continue;
        EXPECT_TRUE(film.yes("KeRemoveEntryDeviceQueue", &device->DeviceQueue, &queued->Tail.Overlay.DeviceQueueEntry));
        film.exchange(queued->CancelRoutine, nullptr);
        ours[count++] = queued;
    }
    film.call("IoReleaseCancelSpinLock", irql);
    for (int i = 0; i < count; ++i) {
        ++g_io->cleaned_up;
        g_io->complete(ours[i], STATUS_CANCELLED);
    }
    return IoFilm::succeed(nullptr, irp);
}

} // namespace

// A file has one read with the device and one in the device queue. The device is done with the first and goes on to the
// next (IoStartNextPacket) while the file's last handle is closed.
// Shows: the second is started, or taken from the queue by the cleanup, never both; the queue is idle at the end.
RACE(a_handle_is_closed_while_the_queue_moves, "started", "cleaned up")
{
    IoFilm io(film);
    packets(io);
    io.dispatch(IRP_MJ_CLEANUP, &flush_queue);
    HANDLE const handle = io.opened();
    IO_STATUS_BLOCK* blocks[2];
    for (auto*& block : blocks) {
        block = &film.object<IO_STATUS_BLOCK>();
        EXPECT_EQ(io.read(handle, nullptr, *block), STATUS_PENDING);
    }
    film.race([&] { packet_done(); }, [&] { film.ok("ZwClose", handle); });
    film.went(io.cleaned_up ? "cleaned up" : "started");
    packet_done();
    EXPECT_EQ(io.ended(), 2);
    expect_idle(io);
    film.sleep(1); // the issuer's APCs
    EXPECT_EQ(blocks[0]->Status, STATUS_SUCCESS);
    EXPECT_EQ(blocks[1]->Status, io.cleaned_up ? STATUS_CANCELLED : STATUS_SUCCESS);
}
