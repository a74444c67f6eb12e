// SPDX-License-Identifier: MIT
#include "io/work_item.h"

#include "ex/pool.h"
#include "ex/work_queue.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

constexpr ULONG kWorkItemTag = 0x69576F49; // 'IoWi'

// What stands in the opaque bytes.
struct GuestWorkItem {
    uint64_t index; // checked against the record's own pointer
};

[[noreturn]] void invalid_item(uint64_t position, IO_WORKITEM* item, uint64_t third, char const* words)
{
    ke::bug_check(WORKER_INVALID, position, reinterpret_cast<uint64_t>(item), third, 0, words);
}

WorkItemRecord& require(IO_WORKITEM* item)
{
    if (WorkItemRecord* record = manager().work_items().find(item))
        return *record;
    invalid_item(3, item, 0, "a pointer that is no I/O work item, or one that was freed, was used as one");
}

void check_not_queued(WorkItemRecord const& record)
{
    if (record.queued)
        invalid_item(2, record.item,
                     record.routine ? reinterpret_cast<uint64_t>(record.routine)
                                    : reinterpret_cast<uint64_t>(record.routine_ex),
                     "an I/O work item was freed while it was queued");
}

// On a worker thread. The item is the driver's again before its routine runs: it may be freed or queued afresh there.
void run(void* context)
{
    auto& record = *static_cast<WorkItemRecord*>(context);
    WorkItemRecord const work = record;
    record.queued = false;
    ke::DoorPassage passage { ke::Door::WorkItem, nullptr, work.number, 0, 0, work.item };
    if (work.routine)
        ke::through_door(passage, work.routine, static_cast<DEVICE_OBJECT*>(work.object), work.context);
    else
        ke::through_door(passage, work.routine_ex, work.object, work.context, work.item);
    ob::dereference(work.object);
}

void queue(IO_WORKITEM* item, PIO_WORKITEM_ROUTINE routine, PIO_WORKITEM_ROUTINE_EX routine_ex, WORK_QUEUE_TYPE type,
           void* context)
{
    WorkItemRecord& record = require(item);
    if (record.queued)
        invalid_item(1, item, static_cast<uint64_t>(type), "an I/O work item was queued that is queued already");
    record.routine = routine;
    record.routine_ex = routine_ex;
    record.context = context;
    record.queued = true;
    ob::reference(record.object);
    ex::queue_work(&run, &record, type);
}

} // namespace

WorkItemTable::~WorkItemTable()
{
    for (WorkItemRecord const& record : m_records)
        if (record.item && record.allocated)
            ex::free(record.item, kWorkItemTag);
}

WorkItemRecord* WorkItemTable::find(IO_WORKITEM* item)
{
    uint64_t const index = reinterpret_cast<GuestWorkItem*>(item)->index;
    if (index >= m_records.size() || m_records[index].item != item || !item)
        return nullptr;
    return &m_records[index];
}

WorkItemRecord& WorkItemTable::add(IO_WORKITEM* item, void* object, bool allocated)
{
    size_t index = m_records.size();
    if (m_free.empty())
        m_records.emplace_back();
    else {
        index = m_free.back();
        m_free.pop_back();
    }
    WorkItemRecord& record = m_records[index];
    record = {};
    record.item = item;
    record.index = index;
    record.number = ++m_born;
    record.object = object;
    record.allocated = allocated;
    if (ob::type_of(object) == &ob::device_type) {
        DeviceRecord* device = manager().devices().find(static_cast<DEVICE_OBJECT*>(object));
        record.driver_number = device ? device->driver_number : 0;
    } else if (ob::type_of(object) == &ob::driver_type) {
        DriverRecord* driver = manager().drivers().find(static_cast<DRIVER_OBJECT*>(object));
        record.driver_number = driver ? driver->number : 0;
    } else
        invalid_item(3, item, reinterpret_cast<uint64_t>(object),
                     "an I/O work item was made for a pointer that is neither a device nor a driver object");
    reinterpret_cast<GuestWorkItem*>(item)->index = index;
    ++m_live;
    return record;
}

void WorkItemTable::remove(WorkItemRecord& record)
{
    reinterpret_cast<GuestWorkItem*>(record.item)->index = ~uint64_t { 0 };
    record.item = nullptr;
    m_free.push_back(record.index);
    --m_live;
}

void WorkItemTable::for_each(void (*visit)(void* context, WorkItemRecord const& record), void* context) const
{
    for (WorkItemRecord const& record : m_records)
        if (record.item)
            visit(context, record);
}

size_t WorkItemTable::queued() const
{
    size_t count = 0;
    for (WorkItemRecord const& record : m_records)
        count += record.item && record.queued;
    return count;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioallocateworkitem
IO_WORKITEM* IoAllocateWorkItem(DEVICE_OBJECT* device)
{
    void* item = ex::allocate(NonPagedPoolNx, WorkItemTable::kItemBytes, kWorkItemTag, ex::Owner::Kernel, true);
    if (!item)
        return nullptr;
    manager().work_items().add(static_cast<IO_WORKITEM*>(item), device, true);
    return static_cast<IO_WORKITEM*>(item);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iofreeworkitem
void IoFreeWorkItem(IO_WORKITEM* item)
{
    WorkItemRecord& record = require(item);
    check_not_queued(record);
    bool const ours = record.allocated;
    manager().work_items().remove(record);
    ex::free(item, ours ? kWorkItemTag : 0);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iosizeofworkitem
ULONG IoSizeofWorkItem() { return WorkItemTable::kItemBytes; }

// @cite(wdk-ddi): page=wdm/nf-wdm-ioinitializeworkitem
void IoInitializeWorkItem(void* object, IO_WORKITEM* item)
{
    // Bytes of an item that was given up without IoUninitializeWorkItem may still lead to its record.
    if (WorkItemRecord* stale = manager().work_items().find(item))
        manager().work_items().remove(*stale);
    manager().work_items().add(item, object, false);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iouninitializeworkitem
void IoUninitializeWorkItem(IO_WORKITEM* item)
{
    WorkItemRecord& record = require(item);
    check_not_queued(record);
    manager().work_items().remove(record);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioqueueworkitem
void IoQueueWorkItem(IO_WORKITEM* item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type, void* context)
{
    queue(item, routine, nullptr, type, context);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioqueueworkitemex
void IoQueueWorkItemEx(IO_WORKITEM* item, PIO_WORKITEM_ROUTINE_EX routine, WORK_QUEUE_TYPE type, void* context)
{
    queue(item, nullptr, routine, type, context);
}

} // namespace ringside::io
