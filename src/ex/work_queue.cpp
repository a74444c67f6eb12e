// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exqueueworkitem
// @cite(wdk-docs): page=debugger/bug-check-0xe4--worker-invalid
// @cite(wdk-docs): page=debugger/bug-check-0x1--apc-index-mismatch
// @cite(wdk-docs): page=debugger/bug-check-0xe1--worker-thread-returned-at-bad-irql
#include "ex/work_queue.h"

#include "base/check.h"
#include "ex/at_dispatch.h"
#include "ex/executive.h"
#include "ke/apc.h"
#include "ke/bugcheck.h"
#include "ke/dispatcher_objects.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::ex {

using namespace nt;

namespace {

constexpr uint32_t kTag = 0x6B724F57; // "WOrk"
constexpr LONG kSemaphoreLimit = 0x7FFFFFFF;

int8_t priority_of(int32_t type)
{
    switch (type) {
    case CriticalWorkQueue:
        return 13;
    case DelayedWorkQueue:
        return 12;
    case HyperCriticalWorkQueue:
        return 15;
    case NormalWorkQueue:
        return 8;
    case BackgroundWorkQueue:
        return 7;
    case RealTimeWorkQueue:
        return 18;
    case SuperCriticalWorkQueue:
        return 14;
    default:
        return static_cast<int8_t>(type - CustomPriorityWorkQueue);
    }
}

bool is_queue(int32_t type)
{
    return (type >= CriticalWorkQueue && type < MaximumWorkQueue)
        || (type > CustomPriorityWorkQueue && type < CustomPriorityWorkQueue + static_cast<int32_t>(MAXIMUM_PRIORITY));
}

} // namespace

// One more worker, if there is none that will look at the queue anyway.
void WorkQueue::provide_worker(WorkLane& lane)
{
    if (lane.idle) {
        --lane.idle;
        ++lane.coming;
        ke::KeReleaseSemaphore(lane.wake, 0, 1, FALSE);
        return;
    }
    if (lane.coming)
        return;
    CHECK(g_create_system_thread, "room ps has not set the source of system threads");
    ke::Thread* thread = g_create_system_thread(&WorkQueue::worker, &lane);
    if (!thread) {
        // The workers there are go on; without any, nobody ever would.
        if (!lane.workers)
            ke::bug_check(WORKER_INVALID, 5, 0, static_cast<uint64_t>(lane.type), ~uint64_t { 0 },
                          "no worker thread could be made");
        return;
    }
    thread->priority = thread->base_priority = priority_of(lane.type);
    ++lane.workers;
    ++lane.coming;
    ke::kernel().start(*thread);
}

void WorkQueue::queue(WorkEntry const& entry, int32_t type)
{
    AtDispatch whole;
    WorkLane& lane = m_lanes[type];
    if (!lane.wake) {
        lane.type = type;
        lane.wake = static_cast<KSEMAPHORE*>(allocate(NonPagedPoolNx, sizeof(KSEMAPHORE), kTag, Owner::Kernel, true));
        CHECK(lane.wake, "pool is empty before the first work item");
        ke::KeInitializeSemaphore(lane.wake, 0, kSemaphoreLimit);
    }
    lane.queue.push_back(entry);
    ++m_pending;
    provide_worker(lane);
}

void WorkQueue::worker(ke::Thread&, void* context) { executive().work.serve(*static_cast<WorkLane*>(context)); }

void WorkQueue::serve(WorkLane& lane)
{
    --lane.coming;
    for (;;) {
        while (!lane.queue.empty()) {
            WorkEntry const entry = lane.queue.front();
            lane.queue.pop_front();
            if (!lane.queue.empty())
                provide_worker(lane);
            run(entry);
            --m_pending;
        }
        ++lane.idle;
        ke::KeWaitForSingleObject(lane.wake, WrQueue, KernelMode, FALSE, nullptr);
        --lane.coming;
    }
}

void WorkQueue::run(WorkEntry const& entry)
{
    if (!entry.item) {
        entry.host(entry.context);
        return;
    }
    // Read now: until the routine runs the bytes are what counts, from then on they are the driver's.
    PWORKER_THREAD_ROUTINE const routine = entry.item->WorkerRoutine;
    PVOID const parameter = entry.item->Parameter;
    entry.item->List.Flink = nullptr;
    ke::Thread const& self = ke::kernel().current();
    uint32_t const disabled = ke::combined_apc_disable(self);
    ke::through_door(ke::DoorPassage { .door = ke::Door::WorkItem, .function = nullptr }, routine, parameter);
    if (uint8_t const irql = ke::Kernel::irql(); irql != PASSIVE_LEVEL)
        ke::bug_check(WORKER_THREAD_RETURNED_AT_BAD_IRQL, reinterpret_cast<uint64_t>(routine), irql,
                      reinterpret_cast<uint64_t>(parameter), reinterpret_cast<uint64_t>(entry.item),
                      "a work item's routine returned at another IRQL than PASSIVE_LEVEL");
    if (ke::combined_apc_disable(self) != disabled || self.apc_environment)
        ke::bug_check(APC_INDEX_MISMATCH, reinterpret_cast<uint64_t>(routine), self.apc_environment,
                      ke::combined_apc_disable(self), 1,
                      "a work item's routine returned inside a critical or guarded region, or attached");
}

WORK_QUEUE_ITEM* WorkQueue::item_in(void const* begin, size_t bytes) const
{
    for (auto const& [type, lane] : m_lanes)
        for (WorkEntry const& entry : lane.queue)
            if (reinterpret_cast<uintptr_t>(entry.item) - reinterpret_cast<uintptr_t>(begin) < bytes)
                return entry.item;
    return nullptr;
}

void queue_work(HostWork function, void* context, WORK_QUEUE_TYPE type)
{
    CHECK(is_queue(type), "there is no such work queue");
    executive().work.queue({ nullptr, function, context }, type);
}

void ExQueueWorkItem(WORK_QUEUE_ITEM* item, WORK_QUEUE_TYPE type)
{
    auto const queue = static_cast<uint64_t>(type);
    auto const address = reinterpret_cast<uint64_t>(item);
    if (!is_queue(type))
        ke::bug_check(WORKER_INVALID, 6, address, queue, 0, "a work item was queued to a queue that does not exist");
    if (item->List.Flink)
        ke::bug_check(WORKER_INVALID, 1, address, queue, 0, "a work item was queued that is queued already");
    if (hal::is_user(reinterpret_cast<uintptr_t>(item->WorkerRoutine)))
        ke::bug_check(WORKER_INVALID, 7, address, queue, 0,
                      "a work item was queued whose routine is no kernel address");
    item->List.Flink = item->List.Blink = &item->List;
    executive().work.queue({ item, nullptr, nullptr }, type);
}

} // namespace ringside::ex
