// SPDX-License-Identifier: MIT
// Device queues: a busy flag and a list, in the driver's memory. Inserting into an idle queue makes it busy and inserts
// nothing; removing from an empty one makes it idle.
// @cite(wdk-ddi): page=wdm/nf-wdm-keinsertdevicequeue
#include "ke/ddi.h"
#include "ke/kernel.h"
#include "ke/spin_lock.h"

namespace ringside::ke {

using namespace nt;

namespace {

// Taken at DISPATCH_LEVEL whatever the caller's IRQL is: a lock word that is garbage then ends in the DPC watchdog.
class QueueLock {
public:
    explicit QueueLock(KDEVICE_QUEUE& queue)
        : m_queue(queue), m_old(Kernel::irql())
    {
        if (m_old < DISPATCH_LEVEL)
            kernel().raise_irql(DISPATCH_LEVEL);
        acquire_spin_lock(queue.Lock);
    }
    ~QueueLock()
    {
        release_spin_lock(m_queue.Lock);
        if (m_old < DISPATCH_LEVEL)
            kernel().lower_irql(m_old);
    }

private:
    KDEVICE_QUEUE& m_queue;
    uint8_t m_old;
};

void link_before(LIST_ENTRY& next, LIST_ENTRY& entry)
{
    entry.Flink = &next;
    entry.Blink = next.Blink;
    next.Blink->Flink = &entry;
    next.Blink = &entry;
}

KDEVICE_QUEUE_ENTRY* take(LIST_ENTRY* link)
{
    link->Blink->Flink = link->Flink;
    link->Flink->Blink = link->Blink;
    auto* entry = CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    entry->Inserted = 0;
    return entry;
}

KDEVICE_QUEUE_ENTRY* remove_by_key(KDEVICE_QUEUE& queue, ULONG key)
{
    LIST_ENTRY* const head = &queue.DeviceListHead;
    if (head->Flink == head) {
        queue.Busy = 0;
        return nullptr;
    }
    // The first entry whose key is not smaller; past the last one it starts over.
    for (LIST_ENTRY* link = head->Flink; link != head; link = link->Flink)
        if (CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey >= key)
            return take(link);
    return take(head->Flink);
}

} // namespace

void KeInitializeDeviceQueue(KDEVICE_QUEUE* queue)
{
    queue->Type = DeviceQueueObject;
    queue->Size = sizeof(KDEVICE_QUEUE);
    queue->DeviceListHead.Flink = queue->DeviceListHead.Blink = &queue->DeviceListHead;
    queue->Lock = 0;
    queue->Busy = 0;
}

BOOLEAN KeInsertDeviceQueue(KDEVICE_QUEUE* queue, KDEVICE_QUEUE_ENTRY* entry)
{
    QueueLock lock(*queue);
    bool const busy = queue->Busy;
    entry->Inserted = busy;
    if (busy)
        link_before(queue->DeviceListHead, entry->DeviceListEntry);
    queue->Busy = 1;
    return busy;
}

BOOLEAN KeInsertByKeyDeviceQueue(KDEVICE_QUEUE* queue, KDEVICE_QUEUE_ENTRY* entry, ULONG key)
{
    QueueLock lock(*queue);
    bool const busy = queue->Busy;
    entry->SortKey = key;
    entry->Inserted = busy;
    if (busy) {
        LIST_ENTRY* next = queue->DeviceListHead.Flink;
        while (next != &queue->DeviceListHead
               && CONTAINING_RECORD(next, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey <= key)
            next = next->Flink;
        link_before(*next, entry->DeviceListEntry);
    }
    queue->Busy = 1;
    return busy;
}

KDEVICE_QUEUE_ENTRY* KeRemoveDeviceQueue(KDEVICE_QUEUE* queue)
{
    QueueLock lock(*queue);
    if (queue->DeviceListHead.Flink == &queue->DeviceListHead) {
        queue->Busy = 0;
        return nullptr;
    }
    return take(queue->DeviceListHead.Flink);
}

KDEVICE_QUEUE_ENTRY* KeRemoveByKeyDeviceQueue(KDEVICE_QUEUE* queue, ULONG key)
{
    QueueLock lock(*queue);
    return remove_by_key(*queue, key);
}

KDEVICE_QUEUE_ENTRY* KeRemoveByKeyDeviceQueueIfBusy(KDEVICE_QUEUE* queue, ULONG key)
{
    QueueLock lock(*queue);
    return queue->Busy ? remove_by_key(*queue, key) : nullptr;
}

BOOLEAN KeRemoveEntryDeviceQueue(KDEVICE_QUEUE* queue, KDEVICE_QUEUE_ENTRY* entry)
{
    QueueLock lock(*queue);
    if (!entry->Inserted)
        return 0;
    take(&entry->DeviceListEntry);
    return 1;
}

std::span<Ddi const> queue_rows()
{
    static Ddi const rows[] = {
        { .name = "KeInitializeDeviceQueue", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-keinitializedevicequeue", .body = body<&KeInitializeDeviceQueue>() },
        { .name = "KeInsertDeviceQueue", .irql = { 2, 2 }, .page = "wdm/nf-wdm-keinsertdevicequeue",
          .body = body<&KeInsertDeviceQueue>() },
        { .name = "KeInsertByKeyDeviceQueue", .irql = { 2, 2 }, .page = "wdm/nf-wdm-keinsertbykeydevicequeue",
          .body = body<&KeInsertByKeyDeviceQueue>() },
        { .name = "KeRemoveDeviceQueue", .irql = { 2, 2 }, .page = "wdm/nf-wdm-keremovedevicequeue",
          .body = body<&KeRemoveDeviceQueue>() },
        { .name = "KeRemoveByKeyDeviceQueue", .irql = { 2, 2 }, .page = "wdm/nf-wdm-keremovebykeydevicequeue",
          .body = body<&KeRemoveByKeyDeviceQueue>() },
        { .name = "KeRemoveByKeyDeviceQueueIfBusy", .irql = { 2, 2 }, .because = "not documented; declared in wdm.h",
          .body = body<&KeRemoveByKeyDeviceQueueIfBusy>() },
        { .name = "KeRemoveEntryDeviceQueue", .irql = { 0, 2 }, .page = "wdm/nf-wdm-keremoveentrydevicequeue",
          .body = body<&KeRemoveEntryDeviceQueue>() },
    };
    return rows;
}

} // namespace ringside::ke
