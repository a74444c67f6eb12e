// SPDX-License-Identifier: MIT
// Requests that go through the device queue by key, while one of them is cancelled.
#include "film_holder.h"

using namespace ringside;
using namespace ringside::test;
using namespace ringside::test::holding;

namespace {

struct Packets {
    IRP* irps[4];
    ULONG keys[4];
    IRP* started; // with the device
    ULONG order[4];
    int starts;
    LONG done, cancelled, completions;

    ULONG key_of(IRP* irp)
    {
        int i = 0;
        while (irps[i] != irp)
            ++i;
        return keys[i];
    }
};
Packets* g_packets;

void start_next(ULONG key)
{
    Film& film = *g_holder->film;
    auto const old = static_cast<KIRQL>(film.call("KfRaiseIrql", KIRQL { DISPATCH_LEVEL }));
    film.call("IoStartNextPacketByKey", g_holder->device, BOOLEAN { TRUE }, key);
    film.call("KeLowerIrql", old);
}

NTAPI void cancel_packet(DEVICE_OBJECT* device, IRP* irp)
{
    Film& film = *g_holder->film;
    bool const current = device->CurrentIrp == irp;
    if (!current)
        film.call("KeRemoveEntryDeviceQueue", &device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    film.call("IoReleaseCancelSpinLock", irp->CancelIrql);
    if (current)
        start_next(g_packets->key_of(irp));
    ++g_packets->cancelled;
    g_holder->complete(irp, STATUS_CANCELLED);
}

NTAPI void start_io(DEVICE_OBJECT*, IRP* irp)
{
    Film& film = *g_holder->film;
    KIRQL irql;
    film.call("IoAcquireCancelSpinLock", &irql);
    bool const ours = g_holder->exchange(irp, nullptr) != nullptr;
    film.call("IoReleaseCancelSpinLock", irql);
    if (!ours)
        return;
    g_packets->order[g_packets->starts++] = g_packets->key_of(irp);
    g_packets->started = irp;
}

NTAPI NTSTATUS start_packet(DEVICE_OBJECT* device, IRP* irp)
{
    io::mark_pending(irp);
    ULONG key = g_packets->key_of(irp);
    g_holder->film->call("IoStartPacket", device, irp, &key, &cancel_packet);
    return STATUS_PENDING;
}

NTAPI NTSTATUS packet_back(DEVICE_OBJECT*, IRP*, void*)
{
    __atomic_add_fetch(&g_packets->completions, 1, __ATOMIC_SEQ_CST);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// The device is done with what StartIo began.
void packet_done()
{
    g_holder->film->step();
    IRP* irp = __atomic_exchange_n(&g_packets->started, nullptr, __ATOMIC_SEQ_CST);
    if (!irp)
        return;
    start_next(g_packets->key_of(irp));
    ++g_packets->done;
    g_holder->complete(irp, STATUS_SUCCESS);
}

} // namespace

// One request is with the device, three wait in the device queue by key; the device is done with them in turn
// (IoStartNextPacketByKey) while the one with the middle key is cancelled.
// Shows: they start in the order of their keys, from the first one's on and around to the lowest, without the cancelled
// one; each ends once, and the queue is idle after the last.
FILM(a_packet_is_cancelled_while_the_queue_moves_by_key, "cancelled", "started")
{
    Holder& h = holder(film);
    h.driver->MajorFunction[IRP_MJ_READ] = &start_packet;
    h.driver->DriverStartIo = &start_io;
    auto& p = film.object<Packets>();
    g_packets = &p;
    for (int i = 0; i < 4; ++i) {
        p.keys[i] = std::initializer_list<ULONG> { 15, 30, 10, 20 }.begin()[i];
        IRP* irp = p.irps[i] = reinterpret_cast<IRP*>(film.call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
        IO_STACK_LOCATION* next = io::next_location(irp);
        next->MajorFunction = IRP_MJ_READ;
        next->CompletionRoutine = &packet_back;
        next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
        EXPECT_EQ(film.status("IofCallDriver", h.device, irp), STATUS_PENDING);
    }
    film.thread([&] {
        for (int i = 0; i < 4; ++i) {
            film.linger(film.draw(10));
            packet_done();
        }
    });
    film.thread([&] {
        film.linger(film.draw(60));
        film.yes("IoCancelIrp", p.irps[3]);
    });
    film.join();
    for (int i = 0; i < 4; ++i)
        packet_done();
    EXPECT_EQ(p.done + p.cancelled, 4);
    EXPECT_EQ(p.completions, 4);
    std::vector<ULONG> const order(p.order, p.order + p.starts);
    EXPECT_EQ(order, p.cancelled ? (std::vector<ULONG> { 15, 30, 10 }) : (std::vector<ULONG> { 15, 20, 30, 10 }));
    EXPECT_FALSE(h.device->DeviceQueue.Busy);
    EXPECT_EQ(h.device->CurrentIrp, nullptr);
    film.went(p.cancelled ? "cancelled" : "started");
    for (IRP* irp : p.irps)
        film.call("IoFreeIrp", irp);
    strike(film, h);
}
