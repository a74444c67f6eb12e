// SPDX-License-Identifier: MIT
// I/O work items: a routine run by a system worker thread, with its device held meanwhile.
//
//   IoAllocateWorkItem         IoQueueWorkItem             a worker takes it
//  (none) -----------> idle ------------------> queued -------------------> idle (its routine runs, and may free it)
//
// @cite(wdk-docs): page=kernel/system-worker-threads
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace ringside::io {

struct WorkItemRecord {
    IO_WORKITEM* item = nullptr; // null: gone
    size_t index = 0;
    uint32_t number = 0;         // of birth, from 1
    uint32_t driver_number = 0;
    void* object = nullptr;      // device or driver object; referenced while queued and run
    PIO_WORKITEM_ROUTINE routine = nullptr;
    PIO_WORKITEM_ROUTINE_EX routine_ex = nullptr;
    void* context = nullptr;
    bool allocated = false;      // by IoAllocateWorkItem; else in the driver's memory
    bool queued = false;
};

class WorkItemTable {
public:
    WorkItemTable() = default;
    ~WorkItemTable();
    WorkItemTable(WorkItemTable const&) = delete;
    WorkItemTable& operator=(WorkItemTable const&) = delete;

    static constexpr ULONG kItemBytes = 0x58; // IoSizeofWorkItem

    // Null for a pointer that is no work item.
    WorkItemRecord* find(IO_WORKITEM* item);
    WorkItemRecord& add(IO_WORKITEM* item, void* object, bool allocated);
    void remove(WorkItemRecord& record);
    void for_each(void (*visit)(void* context, WorkItemRecord const& record), void* context) const;
    size_t live() const { return m_live; }
    size_t queued() const;

private:
    std::deque<WorkItemRecord> m_records;
    std::vector<size_t> m_free;
    uint32_t m_born = 0;
    size_t m_live = 0;
};

IO_WORKITEM* IoAllocateWorkItem(DEVICE_OBJECT* device);
void IoFreeWorkItem(IO_WORKITEM* item);
ULONG IoSizeofWorkItem();
void IoInitializeWorkItem(void* object, IO_WORKITEM* item);
void IoUninitializeWorkItem(IO_WORKITEM* item);
void IoQueueWorkItem(IO_WORKITEM* item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE queue, void* context);
void IoQueueWorkItemEx(IO_WORKITEM* item, PIO_WORKITEM_ROUTINE_EX routine, WORK_QUEUE_TYPE queue, void* context);

} // namespace ringside::io
