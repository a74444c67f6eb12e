// SPDX-License-Identifier: MIT
// Device queues: a busy flag, and the requests that came meanwhile.
#include "contract.h"

#include <array>
#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

KDEVICE_QUEUE& idle_queue(At& at)
{
    auto& queue = at.object<KDEVICE_QUEUE>();
    at.also("KeInitializeDeviceQueue", &queue);
    return queue;
}

KDEVICE_QUEUE& busy_queue(At& at)
{
    KDEVICE_QUEUE& queue = idle_queue(at);
    queue.Busy = TRUE;
    return queue;
}

using Entries = std::array<KDEVICE_QUEUE_ENTRY, 4>;

// As KeInsertByKeyDeviceQueue leaves them.
Entries& queued(At& at, KDEVICE_QUEUE& queue, std::initializer_list<ULONG> keys)
{
    auto& entries = at.object<Entries>();
    LIST_ENTRY& head = queue.DeviceListHead;
    size_t i = 0;
    for (ULONG key : keys) {
        KDEVICE_QUEUE_ENTRY& entry = entries[i++];
        entry = { { &head, head.Blink }, key, TRUE };
        head.Blink->Flink = &entry.DeviceListEntry;
        head.Blink = &entry.DeviceListEntry;
    }
    return entries;
}

// The keys in order, from end to end both ways.
std::string keys(KDEVICE_QUEUE const& queue)
{
    std::string forth, back;
    auto key = [](LIST_ENTRY const* link) {
        return std::to_string(CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey);
    };
    for (LIST_ENTRY const* link = queue.DeviceListHead.Flink; link != &queue.DeviceListHead; link = link->Flink)
        forth += key(link) + " ";
    for (LIST_ENTRY const* link = queue.DeviceListHead.Blink; link != &queue.DeviceListHead; link = link->Blink)
        back = key(link) + " " + back;
    EXPECT_EQ(forth, back);
    return forth;
}

constexpr KDEVICE_QUEUE_ENTRY* kNone = nullptr;

} // namespace

SAMPLE(KeInitializeDeviceQueue)
{
    auto& queue = at.object<KDEVICE_QUEUE>();
    queue.Busy = TRUE;
    queue.Lock = 7;
    at.call(&queue);
    EXPECT_EQ(queue.Type, DeviceQueueObject);
    EXPECT_EQ(queue.Size, static_cast<CSHORT>(sizeof queue));
    EXPECT_EQ(queue.Busy, FALSE);
    EXPECT_EQ(queue.Lock, 0u);
    EXPECT_EQ(queue.DeviceListHead.Flink, &queue.DeviceListHead);
    EXPECT_EQ(queue.DeviceListHead.Blink, &queue.DeviceListHead);
}

SAMPLE(KeInsertDeviceQueue)
{
    KDEVICE_QUEUE& queue = idle_queue(at);
    auto& entries = at.object<Entries>();
    for (ULONG i = 0; i < entries.size(); ++i)
        entries[i].SortKey = 9 - i;
    entries[0].Inserted = TRUE;
    at.returns(BOOLEAN { FALSE }, &queue, &entries[0]); // idle: the caller starts this one
    EXPECT_EQ(queue.Busy, TRUE);
    EXPECT_EQ(entries[0].Inserted, FALSE);
    EXPECT_EQ(keys(queue), "");
    at.returns(BOOLEAN { TRUE }, &queue, &entries[1]);
    at.returns(BOOLEAN { TRUE }, &queue, &entries[2]); // at the tail, whatever its key
    EXPECT_EQ(entries[2].Inserted, TRUE);
    EXPECT_EQ(keys(queue), "8 7 ");
    EXPECT_EQ(queue.Lock, 0u);
}

SAMPLE(KeInsertByKeyDeviceQueue)
{
    KDEVICE_QUEUE& queue = idle_queue(at);
    auto& entries = at.object<Entries>();
    at.returns(BOOLEAN { FALSE }, &queue, &entries[0], ULONG { 5 });
    EXPECT_EQ(queue.Busy, TRUE);
    EXPECT_EQ(entries[0].Inserted, FALSE);
    EXPECT_EQ(keys(queue), "");
    at.returns(BOOLEAN { TRUE }, &queue, &entries[0], ULONG { 5 });
    at.returns(BOOLEAN { TRUE }, &queue, &entries[1], ULONG { 9 });
    at.returns(BOOLEAN { TRUE }, &queue, &entries[2], ULONG { 5 });
    at.returns(BOOLEAN { TRUE }, &queue, &entries[3], ULONG { 1 });
    EXPECT_EQ(keys(queue), "1 5 5 9 ");
    EXPECT_EQ(entries[0].DeviceListEntry.Flink, &entries[2].DeviceListEntry); // behind those of its key
    EXPECT_EQ(entries[3].Inserted, TRUE);
    EXPECT_EQ(queue.Lock, 0u);
}

SAMPLE(KeRemoveDeviceQueue)
{
    KDEVICE_QUEUE& queue = busy_queue(at);
    Entries& entries = queued(at, queue, { 3, 1 });
    at.returns(&entries[0], &queue);
    EXPECT_EQ(entries[0].Inserted, FALSE);
    at.returns(&entries[1], &queue);
    EXPECT_EQ(queue.Busy, TRUE);
    at.returns(kNone, &queue); // busy and empty: it is idle from now on
    EXPECT_EQ(queue.Busy, FALSE);
    EXPECT_EQ(queue.Lock, 0u);
}

SAMPLE(KeRemoveByKeyDeviceQueue)
{
    KDEVICE_QUEUE& queue = busy_queue(at);
    Entries& entries = queued(at, queue, { 1, 4, 6 });
    at.returns(&entries[1], &queue, ULONG { 2 }); // the first that is not smaller
    EXPECT_EQ(entries[1].Inserted, FALSE);
    at.returns(&entries[2], &queue, ULONG { 6 });
    at.returns(&entries[0], &queue, ULONG { 7 }); // none is: the first of all
    EXPECT_EQ(queue.Busy, TRUE);
    at.returns(kNone, &queue, ULONG { 0 });
    EXPECT_EQ(queue.Busy, FALSE);
    EXPECT_EQ(queue.Lock, 0u);
}

SAMPLE(KeRemoveByKeyDeviceQueueIfBusy)
{
    KDEVICE_QUEUE& queue = busy_queue(at);
    Entries& entries = queued(at, queue, { 1, 4 });
    at.returns(&entries[1], &queue, ULONG { 2 });
    EXPECT_EQ(entries[1].Inserted, FALSE);
    at.returns(&entries[0], &queue, ULONG { 2 });
    at.returns(kNone, &queue, ULONG { 0 });
    EXPECT_EQ(queue.Busy, FALSE);
    at.returns(kNone, &queue, ULONG { 0 }); // idle: it may be asked all the same
    EXPECT_EQ(queue.Lock, 0u);
}

SAMPLE(KeRemoveEntryDeviceQueue)
{
    KDEVICE_QUEUE& queue = busy_queue(at);
    Entries& entries = queued(at, queue, { 1, 4, 6 });
    at.returns(BOOLEAN { TRUE }, &queue, &entries[1]);
    EXPECT_EQ(at.irql_after(), at.irql());
    EXPECT_EQ(entries[1].Inserted, FALSE);
    EXPECT_EQ(keys(queue), "1 6 ");
    at.returns(BOOLEAN { FALSE }, &queue, &entries[1]); // it is being processed, or was cancelled
    at.returns(BOOLEAN { TRUE }, &queue, &entries[2]);
    at.returns(BOOLEAN { TRUE }, &queue, &entries[0]);
    EXPECT_EQ(queue.Busy, TRUE);
    EXPECT_EQ(queue.Lock, 0u);
}
