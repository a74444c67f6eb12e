// SPDX-License-Identifier: MIT
// Work items and the system worker threads that run them. Each queue has workers of its own, made on demand: before a
// worker runs an item while others wait, it sees to it that another worker is there for them. So items never wait for
// an item that blocks, and there is never more than one worker too many.
//
//   queued --taken--> running --returns--> gone
//
// Invariants
//   W1  while a queue has items, a worker of it is idle-and-woken, starting, or about to look
//   W2  a WORK_QUEUE_ITEM is the driver's again (it may be freed or queued afresh) before its routine is called
#pragma once

#include "ke/thread.h"
#include "nt/nt.h"

#include <deque>
#include <map>

namespace ringside::ex {

using HostWork = void (*)(void* context);

struct WorkEntry {
    nt::WORK_QUEUE_ITEM* item; // null: the host's
    HostWork host;
    void* context;
};

struct WorkLane {
    int32_t type = 0;
    std::deque<WorkEntry> queue;
    nt::KSEMAPHORE* wake = nullptr; // kernel memory: idle workers wait for it
    uint32_t idle = 0;              // workers that wait and were not woken
    uint32_t coming = 0;            // woken or made, not yet looking
    uint32_t workers = 0;
};

class WorkQueue {
public:
    void queue(WorkEntry const& entry, int32_t type);
    // Items queued or being run.
    size_t pending() const { return m_pending; }
    // Whether a queued item lies in these bytes (pool that is being freed).
    nt::WORK_QUEUE_ITEM* item_in(void const* begin, size_t bytes) const;

private:
    void provide_worker(WorkLane& lane);
    void serve(WorkLane& lane);
    void run(WorkEntry const& entry);
    static void worker(ke::Thread& self, void* lane);

    std::map<int32_t, WorkLane> m_lanes; // by WORK_QUEUE_TYPE
    size_t m_pending = 0;
};

// A host function to be run by a worker thread at PASSIVE_LEVEL; it passes its own door into a driver. May be called at
// DISPATCH_LEVEL.
void queue_work(HostWork function, void* context, nt::WORK_QUEUE_TYPE type);

void ExQueueWorkItem(nt::WORK_QUEUE_ITEM* item, nt::WORK_QUEUE_TYPE type);

} // namespace ringside::ex
