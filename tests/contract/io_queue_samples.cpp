// SPDX-License-Identifier: MIT
// Cancel-safe queues, StartIo, work items, timers, remove locks, the error log, stacks.
#include "io_stage.h"

#include "io/error_log.h"
#include "io/manager.h"
#include "io/remove_lock.h"
#include "io/start_io.h"
#include "io/thread_ddi.h"
#include "io/timer.h"
#include "io/work_item.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

// A cancel-safe queue of one list. Its lock is nobody's but the sample's, so there is nothing to lock.
struct Queue {
    IO_CSQ csq;
    LIST_ENTRY list;
    unsigned inserted, removed, cancelled;
    bool refuse;

    static Queue& of(IO_CSQ* csq) { return *reinterpret_cast<Queue*>(csq); }
    static IRP* irp_of(LIST_ENTRY* entry) { return CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry); }
    void append(IRP* irp)
    {
        LIST_ENTRY& entry = irp->Tail.Overlay.ListEntry;
        entry.Flink = &list;
        entry.Blink = list.Blink;
        list.Blink->Flink = &entry;
        list.Blink = &entry;
        ++inserted;
    }
    NTAPI static void insert(IO_CSQ* csq, IRP* irp) { of(csq).append(irp); }
    NTAPI static NTSTATUS insert_ex(IO_CSQ* csq, IRP* irp, void*)
    {
        if (of(csq).refuse)
            return STATUS_DEVICE_BUSY;
        of(csq).append(irp);
        return STATUS_SUCCESS;
    }
    NTAPI static void remove(IO_CSQ* csq, IRP* irp)
    {
        LIST_ENTRY& entry = irp->Tail.Overlay.ListEntry;
        entry.Blink->Flink = entry.Flink;
        entry.Flink->Blink = entry.Blink;
        ++of(csq).removed;
    }
    NTAPI static IRP* peek(IO_CSQ* csq, IRP* irp, void*)
    {
        LIST_ENTRY* next = irp ? irp->Tail.Overlay.ListEntry.Flink : of(csq).list.Flink;
        return next == &of(csq).list ? nullptr : irp_of(next);
    }
    NTAPI static void acquire(IO_CSQ*, KIRQL* irql) { *irql = ke::kernel().raise_irql(DISPATCH_LEVEL); }
    NTAPI static void release(IO_CSQ*, KIRQL irql) { ke::kernel().lower_irql(irql); }
    NTAPI static void complete(IO_CSQ* csq, IRP*) { ++of(csq).cancelled; }
};

Queue& make_queue(At& at, bool extended = false)
{
    auto& queue = at.object<Queue>();
    queue.list.Flink = queue.list.Blink = &queue.list;
    if (extended)
        io::IoCsqInitializeEx(&queue.csq, reinterpret_cast<void*>(&Queue::insert_ex), &Queue::remove, &Queue::peek,
                              &Queue::acquire, &Queue::release, &Queue::complete);
    else
        io::IoCsqInitialize(&queue.csq, &Queue::insert, &Queue::remove, &Queue::peek, &Queue::acquire, &Queue::release,
                            &Queue::complete);
    return queue;
}

} // namespace

SAMPLE(IoCsqInitialize)
{
    auto& queue = at.object<Queue>();
    at.status(STATUS_SUCCESS, &queue.csq, &Queue::insert, &Queue::remove, &Queue::peek, &Queue::acquire,
              &Queue::release, &Queue::complete);
    EXPECT_EQ(queue.csq.Type, static_cast<ULONG>(IO_TYPE_CSQ));
    EXPECT_EQ(queue.csq.CsqPeekNextIrp, &Queue::peek);
}

SAMPLE(IoCsqInitializeEx)
{
    auto& queue = at.object<Queue>();
    at.status(STATUS_SUCCESS, &queue.csq, &Queue::insert_ex, &Queue::remove, &Queue::peek, &Queue::acquire,
              &Queue::release, &Queue::complete);
    EXPECT_EQ(queue.csq.Type, static_cast<ULONG>(IO_TYPE_CSQ_EX));
    EXPECT_EQ(queue.csq.CsqRemoveIrp, &Queue::remove);
}

SAMPLE(IoCsqInsertIrp)
{
    Stage stage(at);
    Queue& queue = make_queue(at);
    auto& context = at.object<IO_CSQ_IRP_CONTEXT>();
    IRP* irp = stage.irp();
    at.call(&queue.csq, irp, &context);
    EXPECT_EQ(queue.inserted, 1u);
    EXPECT_EQ(context.Irp, irp);
    EXPECT_TRUE(irp->CancelRoutine);
    EXPECT_TRUE(io::current_location(irp)->Control & SL_PENDING_RETURNED);
    IRP* cancelled = stage.irp();
    cancelled->Cancel = TRUE;
    at.call(&queue.csq, cancelled, nullptr);
    EXPECT_EQ(queue.cancelled, 1u);
    EXPECT_EQ(queue.removed, 1u);
}

// The Verifier took a queue's lock routines for routines that forgot to lower the IRQL.
SAMPLE_AS(IoCsqInsertIrp, lock_routines_change_the_irql)
{
    Stage stage(at);
    Queue& queue = make_queue(at);
    at.call(&queue.csq, stage.irp(), nullptr);
    EXPECT_EQ(at.irql_after(), at.irql());
    EXPECT_EQ(queue.inserted, 1u);
}

SAMPLE(IoCsqInsertIrpEx)
{
    Stage stage(at);
    Queue& queue = make_queue(at, true);
    IRP* irp = stage.irp();
    at.status(STATUS_SUCCESS, &queue.csq, irp, nullptr, nullptr);
    EXPECT_EQ(queue.inserted, 1u);
    queue.refuse = true;
    IRP* refused = stage.irp();
    at.status(STATUS_DEVICE_BUSY, &queue.csq, refused, nullptr, nullptr);
    EXPECT_EQ(refused->CancelRoutine, nullptr);
}

SAMPLE(IoCsqRemoveIrp)
{
    Stage stage(at);
    Queue& queue = make_queue(at);
    auto& context = at.object<IO_CSQ_IRP_CONTEXT>();
    IRP* irp = stage.irp();
    io::IoCsqInsertIrp(&queue.csq, irp, &context);
    at.returns(irp, &queue.csq, &context);
    EXPECT_EQ(queue.removed, 1u);
    EXPECT_EQ(irp->CancelRoutine, nullptr);
    at.returns(static_cast<IRP*>(nullptr), &queue.csq, &context); // it is gone from the queue
}

SAMPLE(IoCsqRemoveNextIrp)
{
    Stage stage(at);
    Queue& queue = make_queue(at);
    IRP* irp = stage.irp();
    io::IoCsqInsertIrp(&queue.csq, irp, nullptr);
    at.returns(irp, &queue.csq, nullptr);
    at.returns(static_cast<IRP*>(nullptr), &queue.csq, nullptr);
}

namespace {

unsigned g_started;
IRP* g_last_started;
NTAPI void start_io(DEVICE_OBJECT*, IRP* irp)
{
    ++g_started;
    g_last_started = irp;
}

struct StartIoStage : Stage {
    explicit StartIoStage(At& at)
        : Stage(at)
    {
        g_started = 0;
        g_last_started = nullptr;
        driver->DriverStartIo = &start_io;
    }
    void start(IRP* irp, ULONG* key = nullptr) { io::IoStartPacket(device, irp, key, nullptr); }
};

} // namespace

SAMPLE(IoStartPacket)
{
    StartIoStage stage(at);
    IRP* first = stage.irp();
    at.call(stage.device, first, nullptr, nullptr);
    EXPECT_EQ(g_last_started, first);
    EXPECT_EQ(stage.device->CurrentIrp, first);
    at.call(stage.device, stage.irp(), nullptr, nullptr); // queued: the device is busy
    EXPECT_EQ(g_started, 1u);
}

SAMPLE(IoStartNextPacket)
{
    StartIoStage stage(at);
    IRP* second = stage.irp();
    stage.start(stage.irp());
    stage.start(second);
    at.call(stage.device, FALSE);
    EXPECT_EQ(g_last_started, second);
    EXPECT_EQ(stage.device->CurrentIrp, second);
    at.call(stage.device, FALSE);
    EXPECT_EQ(stage.device->CurrentIrp, nullptr);
    EXPECT_EQ(g_started, 2u);
}

SAMPLE(IoStartNextPacketByKey)
{
    StartIoStage stage(at);
    IRP* low = stage.irp();
    IRP* high = stage.irp();
    ULONG keys[] = { 10, 20 };
    stage.start(stage.irp());
    stage.start(high, &keys[1]);
    stage.start(low, &keys[0]);
    at.call(stage.device, FALSE, 15u);
    EXPECT_EQ(g_last_started, high);
    at.call(stage.device, FALSE, 25u); // none is as high: from the beginning
    EXPECT_EQ(g_last_started, low);
}

// A queue whose lock word is garbage was waited for below DISPATCH_LEVEL, where nothing watches: for ever.
SAMPLE_AS(IoStartNextPacketByKey, waits_for_a_garbage_lock_under_the_watchdog)
{
    StartIoStage stage(at);
    stage.device->DeviceQueue.Lock = 0xA5A5A5A5;
    at.bug_checks(DPC_WATCHDOG_VIOLATION, stage.device, FALSE, 0u);
}

SAMPLE(IoSetStartIoAttributes)
{
    StartIoStage stage(at);
    at.call(stage.device, TRUE, TRUE);
    auto const* record = at.rooms().io.devices().find(stage.device);
    EXPECT_TRUE(record->start_io_deferred);
    EXPECT_TRUE(record->start_io_noncancelable);
}

namespace {

NTAPI void item_routine(DEVICE_OBJECT*, void* context) { ke::KeSetEvent(static_cast<KEVENT*>(context), 0, FALSE); }
NTAPI void item_routine_ex(void*, void* context, IO_WORKITEM*)
{
    ke::KeSetEvent(static_cast<KEVENT*>(context), 0, FALSE);
}

NTSTATUS wait_a_second(KEVENT& event)
{
    LARGE_INTEGER timeout { .QuadPart = -10'000'000 };
    return ke::KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
}

} // namespace

SAMPLE(IoAllocateWorkItem)
{
    Stage stage(at);
    auto* item = reinterpret_cast<IO_WORKITEM*>(at.call(stage.device));
    ASSERT_TRUE(item);
    io::IoFreeWorkItem(item);
}

SAMPLE(IoFreeWorkItem)
{
    Stage stage(at);
    IO_WORKITEM* item = io::IoAllocateWorkItem(stage.device);
    at.call(item);
    if (at.at_passive())
        at.bug_checks(WORKER_INVALID, item);
}

SAMPLE(IoSizeofWorkItem)
{
    Stage stage(at);
    auto const bytes = static_cast<ULONG>(at.call());
    ASSERT_GT(bytes, 0u);
    auto* item = static_cast<IO_WORKITEM*>(at.bytes(bytes));
    io::IoInitializeWorkItem(stage.device, item);
    io::IoUninitializeWorkItem(item);
}

SAMPLE(IoInitializeWorkItem)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    auto* item = static_cast<IO_WORKITEM*>(at.bytes(io::IoSizeofWorkItem()));
    at.call(stage.device, item);
    io::IoQueueWorkItem(item, &item_routine, DelayedWorkQueue, &event);
    EXPECT_EQ(wait_a_second(event), STATUS_SUCCESS);
    io::IoUninitializeWorkItem(item);
}

SAMPLE(IoUninitializeWorkItem)
{
    Stage stage(at);
    auto* item = static_cast<IO_WORKITEM*>(at.bytes(io::IoSizeofWorkItem()));
    io::IoInitializeWorkItem(stage.device, item);
    unsigned live = 0;
    auto count = [](void* into, io::WorkItemRecord const&) { ++*static_cast<unsigned*>(into); };
    at.call(item);
    at.rooms().io.work_items().for_each(count, &live);
    EXPECT_EQ(live, 0u);
}

SAMPLE(IoQueueWorkItem)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    IO_WORKITEM* item = io::IoAllocateWorkItem(stage.device);
    at.call(item, &item_routine, DelayedWorkQueue, &event);
    EXPECT_EQ(wait_a_second(event), STATUS_SUCCESS);
}

SAMPLE(IoQueueWorkItemEx)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    IO_WORKITEM* item = io::IoAllocateWorkItem(stage.device);
    at.call(item, &item_routine_ex, CriticalWorkQueue, &event);
    EXPECT_EQ(wait_a_second(event), STATUS_SUCCESS);
}

namespace {

NTAPI void timer_routine(DEVICE_OBJECT*, void* context) { ke::KeSetEvent(static_cast<KEVENT*>(context), 0, FALSE); }

KEVENT& timer_on(At& at, Stage& stage)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    io::IoInitializeTimer(stage.device, &timer_routine, &event);
    return event;
}

NTSTATUS wait_three_seconds(KEVENT& event)
{
    LARGE_INTEGER timeout { .QuadPart = -30'000'000 };
    return ke::KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
}

} // namespace

SAMPLE(IoInitializeTimer)
{
    Stage stage(at);
    at.status(STATUS_SUCCESS, stage.device, &timer_routine, nullptr);
    EXPECT_TRUE(stage.device->Timer);
}

SAMPLE(IoStartTimer)
{
    Stage stage(at);
    KEVENT& event = timer_on(at, stage);
    at.call(stage.device);
    EXPECT_EQ(wait_three_seconds(event), STATUS_SUCCESS);
    EXPECT_EQ(wait_three_seconds(event), STATUS_SUCCESS); // and again, once a second
    io::IoStopTimer(stage.device);
}

SAMPLE(IoStopTimer)
{
    Stage stage(at);
    KEVENT& event = timer_on(at, stage);
    io::IoStartTimer(stage.device);
    at.call(stage.device);
    EXPECT_EQ(wait_three_seconds(event), STATUS_TIMEOUT);
}

namespace {

IO_REMOVE_LOCK& remove_lock(At& at)
{
    auto& lock = at.object<IO_REMOVE_LOCK>();
    io::IoInitializeRemoveLockEx(&lock, 'lpmS', 0, 0, sizeof lock);
    return lock;
}

// The form of drivers built with DBG.
struct LargeLock {
    IO_REMOVE_LOCK small;
    IO_REMOVE_LOCK_DBG_BLOCK debug;
};
LargeLock& large_lock(At& at)
{
    auto& lock = at.object<LargeLock>();
    io::IoInitializeRemoveLockEx(&lock.small, 'lpmS', 0, 0, sizeof lock);
    return lock;
}

} // namespace

SAMPLE(IoInitializeRemoveLockEx)
{
    auto& lock = at.object<IO_REMOVE_LOCK>();
    lock.Common.Removed = TRUE;
    at.call(&lock, 0x53616D70u, 0u, 0u, static_cast<ULONG>(sizeof lock));
    EXPECT_FALSE(lock.Common.Removed);
    EXPECT_EQ(lock.Common.IoCount, 1);
    auto& large = at.object<LargeLock>();
    at.call(&large.small, 0x53616D70u, 1u, 7u, static_cast<ULONG>(sizeof large));
    EXPECT_EQ(large.debug.HighWatermark, 7);
    EXPECT_EQ(large.debug.AllocateTag, 0x53616D70);
    EXPECT_GT(large.debug.MaxLockedTicks, 0);
}

SAMPLE(IoAcquireRemoveLockEx)
{
    auto& large = large_lock(at);
    at.status(STATUS_SUCCESS, &large.small, &at, "sample.c", 1u, static_cast<ULONG>(sizeof large));
    EXPECT_EQ(large.debug.LowMemoryCount, large.debug.Blocks ? 0 : 1);
    io::IoReleaseRemoveLockEx(&large.small, &at, sizeof large);
    EXPECT_EQ(large.small.Common.IoCount, 1);
    EXPECT_FALSE(large.debug.Blocks);
    EXPECT_EQ(large.debug.LowMemoryCount, 0);
    auto& lock = remove_lock(at);
    at.status(STATUS_SUCCESS, &lock, nullptr, "", 1u, static_cast<ULONG>(sizeof lock));
    EXPECT_EQ(lock.Common.IoCount, 2);
    lock.Common.Removed = TRUE;
    at.status(STATUS_DELETE_PENDING, &lock, nullptr, "", 1u, static_cast<ULONG>(sizeof lock));
    EXPECT_EQ(lock.Common.IoCount, 2);
}

SAMPLE(IoReleaseRemoveLockEx)
{
    auto& lock = remove_lock(at);
    io::IoAcquireRemoveLockEx(&lock, nullptr, "", 1, sizeof lock);
    at.call(&lock, nullptr, static_cast<ULONG>(sizeof lock));
    EXPECT_EQ(lock.Common.IoCount, 1);
    auto& large = large_lock(at);
    io::IoAcquireRemoveLockEx(&large.small, nullptr, "", 1, sizeof large);
    at.call(&large.small, nullptr, static_cast<ULONG>(sizeof large));
    EXPECT_FALSE(large.debug.Blocks);
}

SAMPLE(IoReleaseRemoveLockAndWaitEx)
{
    auto& lock = remove_lock(at);
    io::IoAcquireRemoveLockEx(&lock, nullptr, "", 1, sizeof lock);
    at.call(&lock, nullptr, static_cast<ULONG>(sizeof lock));
    EXPECT_TRUE(lock.Common.Removed);
    EXPECT_EQ(lock.Common.IoCount, 0);
    EXPECT_EQ(io::IoAcquireRemoveLockEx(&lock, nullptr, "", 1, sizeof lock), STATUS_DELETE_PENDING);
}

SAMPLE(IoAllocateErrorLogEntry)
{
    Stage stage(at);
    auto const bytes = static_cast<UCHAR>(sizeof(IO_ERROR_LOG_PACKET));
    void* entry = reinterpret_cast<void*>(at.call(stage.device, bytes));
    ASSERT_TRUE(entry);
    io::IoFreeErrorLogEntry(entry);
    at.returns(static_cast<void*>(nullptr), stage.device, UCHAR { 255 }); // larger than ERROR_LOG_MAXIMUM_SIZE
}

SAMPLE(IoWriteErrorLogEntry)
{
    Stage stage(at);
    auto* packet
        = static_cast<IO_ERROR_LOG_PACKET*>(io::IoAllocateErrorLogEntry(stage.driver, sizeof(IO_ERROR_LOG_PACKET)));
    packet->ErrorCode = static_cast<NTSTATUS>(0xC0040001);
    packet->UniqueErrorValue = 42;
    at.call(packet);
    auto const& written = at.rooms().io.error_log().written();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].unique_error_value, 42u);
    EXPECT_EQ(at.rooms().io.error_log().allocated(), 0u);
}

SAMPLE(IoFreeErrorLogEntry)
{
    Stage stage(at);
    void* entry = io::IoAllocateErrorLogEntry(stage.driver, sizeof(IO_ERROR_LOG_PACKET));
    at.call(entry);
    EXPECT_EQ(at.rooms().io.error_log().allocated(), 0u);
    EXPECT_TRUE(at.rooms().io.error_log().written().empty());
}

SAMPLE(IoGetStackLimits)
{
    auto& low = at.object<ULONG_PTR>();
    auto& high = at.object<ULONG_PTR>();
    at.call(&low, &high);
    auto const here = reinterpret_cast<ULONG_PTR>(__builtin_frame_address(0));
    EXPECT_LT(low, here);
    EXPECT_GT(high, here);
}

SAMPLE(IoGetRemainingStackSize)
{
    auto const left = at.call();
    EXPECT_GT(left, 4096u);
    ULONG_PTR low = 0, high = 0;
    io::IoGetStackLimits(&low, &high);
    EXPECT_LT(left, high - low);
}

SAMPLE(IoGetInitialStack)
{
    ULONG_PTR low = 0, high = 0;
    io::IoGetStackLimits(&low, &high);
    at.returns(high);
}

SAMPLE(IoWithinStackLimits)
{
    ULONG_PTR low = 0, high = 0;
    io::IoGetStackLimits(&low, &high);
    at.returns(BOOLEAN { TRUE }, high - 64, size_t { 64 });
    at.returns(BOOLEAN { FALSE }, high - 64, size_t { 65 });
    at.returns(BOOLEAN { FALSE }, low - 1, size_t { 8 });
}
