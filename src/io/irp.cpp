// SPDX-License-Identifier: MIT
// IRPs are recycled through one free list per stack size. In bare mode the newest freed is used first, while it is in
// the cache; otherwise freed ones rest for a while, so that a driver that uses one too late meets a freed IRP and not a
// stranger's.
#include "io/irp.h"

#include "base/check.h"
#include "ex/pool.h"
#include "io/frame.h"
#include "io/irp_path.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/kernel.h"

#include <algorithm>
#include <cstring>

namespace ringside::io {

using namespace nt;

namespace {

constexpr ULONG kIrpTag = 0x20707249; // 'Irp '
constexpr uint32_t kKeepFreed = 32;

} // namespace

IrpTable::IrpTable() : m_keep_freed(ke::g_binding == ke::Binding::Bare ? 0 : kKeepFreed)
{
    m_storage.emplace_back();
    m_records.push_back(&m_storage.back());
}

IrpTable::~IrpTable()
{
    for (IrpRecord& record : m_storage)
        if (record.block)
            ex::free(record.block, kIrpTag);
}

IrpRecord* IrpTable::make(uint8_t stack_size)
{
    uint16_t const bytes = size_of_irp(static_cast<CCHAR>(stack_size));
    auto* block = static_cast<uint8_t*>(
        ex::allocate(NonPagedPoolNx, bytes + 2 * sizeof(Header), kIrpTag, ex::Owner::Kernel, false));
    if (!block)
        return nullptr;
    uint8_t* at = block + sizeof(Header);
    if ((reinterpret_cast<uintptr_t>(at) & 0xFFF) < sizeof(Header))
        at += sizeof(Header);
    *reinterpret_cast<Header*>(at - sizeof(Header)) = { static_cast<uint32_t>(m_records.size()), {} };
    IrpRecord& record = m_storage.emplace_back();
    m_records.push_back(&record);
    record.irp = reinterpret_cast<IRP*>(at);
    record.block = block;
    record.stack_count = stack_size;
    record.bytes = bytes;
    return &record;
}

void IrpTable::initialize(IRP* irp, uint16_t bytes, CCHAR stack_size)
{
    std::memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->Size = bytes;
    irp->StackCount = stack_size;
    irp->CurrentLocation = static_cast<CHAR>(stack_size + 1);
    irp->ThreadListEntry.Flink = irp->ThreadListEntry.Blink = &irp->ThreadListEntry;
    irp->Tail.Overlay.CurrentStackLocation
        = reinterpret_cast<IO_STACK_LOCATION*>(irp + 1) + static_cast<uint8_t>(stack_size);
}

IRP* IrpTable::allocate(CCHAR stack_size, IrpOrigin origin)
{
    if (stack_size < 0)
        return nullptr;
    FreeList& list = m_free[stack_size];
    IrpRecord* record = nullptr;
    if (list.count > m_keep_freed) [[likely]] {
        record = list.first;
        list.first = record->next_free;
        if (!list.first)
            list.last = nullptr;
        --list.count;
    } else {
        record = make(static_cast<uint8_t>(stack_size));
        if (!record)
            return nullptr;
    }
    record->number = ++m_born;
    record->state = IrpState::Owned;
    record->origin = origin;
    record->driver_number = 0;
    record->maker_driver = 0;
    record->device = nullptr;
    record->trips = 0;
    record->disowned = false;
    record->event_was_set = false;
    record->maker = ke::kernel().current().number;
    ++m_live;
    initialize(record->irp, record->bytes, stack_size);
    ke::kernel().log(sim::Event::IrpAllocated, record->number, static_cast<uint8_t>(stack_size), record->irp);
    return record->irp;
}

void IrpTable::free(IrpRecord& record) { free_by<ke::Plain>(record); }

IrpRecord* IrpTable::find_foreign(IRP* irp)
{
    if (m_foreign.empty())
        return nullptr;
    auto it = m_foreign.find(irp);
    return it == m_foreign.end() ? nullptr : &it->second;
}

IrpRecord& IrpTable::note_foreign(IRP* irp)
{
    IrpRecord& record = m_foreign[irp];
    if (record.irp && record.state != IrpState::Freed)
        return record;
    record = {};
    record.irp = irp;
    record.number = ++m_born;
    record.state = IrpState::Owned;
    record.origin = IrpOrigin::Foreign;
    record.stack_count = static_cast<uint8_t>(irp->StackCount);
    record.bytes = irp->Size;
    record.maker = ke::kernel().current().number;
    return record;
}

void IrpTable::forget_foreign(IRP* irp)
{
    if (IrpRecord* record = find_foreign(irp)) {
        record->state = IrpState::Freed;
        detach_frames(*record);
    }
}

void IrpTable::for_each(void (*visit)(void* context, IrpRecord const& record), void* context)
{
    std::vector<IrpRecord const*> live;
    for (IrpRecord const& record : m_storage)
        if (record.state != IrpState::Freed)
            live.push_back(&record);
    for (auto const& [irp, record] : m_foreign)
        if (record.state != IrpState::Freed && record.state != IrpState::Owned)
            live.push_back(&record);
    std::ranges::sort(live, {}, &IrpRecord::number);
    for (IrpRecord const* record : live)
        visit(context, *record);
}

void copy_location_to_next(IRP* irp)
{
    IO_STACK_LOCATION* next = next_location(irp);
    std::memcpy(next, current_location(irp), offsetof(IO_STACK_LOCATION, CompletionRoutine));
    next->Control = 0;
}

void set_completion_routine(IRP* irp, PIO_COMPLETION_ROUTINE routine, void* context, bool on_success, bool on_error,
                            bool on_cancel)
{
    IO_STACK_LOCATION* next = next_location(irp);
    next->CompletionRoutine = routine;
    next->Context = context;
    next->Control = static_cast<UCHAR>((on_success ? SL_INVOKE_ON_SUCCESS : 0) | (on_error ? SL_INVOKE_ON_ERROR : 0)
                                       | (on_cancel ? SL_INVOKE_ON_CANCEL : 0));
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioallocateirp
IRP* IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    IRP* irp = manager().irps().allocate(stack_size, IrpOrigin::Driver);
    if (!irp)
        return nullptr;
    if (charge_quota)
        irp->AllocationFlags = IRP_QUOTA_CHARGED;
    note_maker(irp);
    return irp;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioallocateirpex
IRP* IoAllocateIrpEx(DEVICE_OBJECT*, CCHAR stack_size, BOOLEAN charge_quota)
{
    return IoAllocateIrp(stack_size, charge_quota);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioinitializeirp
void IoInitializeIrp(IRP* irp, USHORT packet_size, CCHAR stack_size)
{
    IrpTable& irps = manager().irps();
    if (g_listener.irp_initializing) [[unlikely]]
        g_listener.irp_initializing(irp, irps.find_ours(irp));
    IrpTable::initialize(irp, packet_size, stack_size);
    if (ke::g_binding == ke::Binding::Bare || irps.find_ours(irp))
        return;
    // New contents in memory that may have held another IRP: a new birth.
    irps.forget_foreign(irp);
    irps.note(irp);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioreuseirp
void IoReuseIrp(IRP* irp, NTSTATUS status)
{
    if (g_listener.irp_reusing) [[unlikely]]
        g_listener.irp_reusing(irp, manager().irps().find(irp));
    UCHAR const allocation_flags = irp->AllocationFlags;
    IrpRecord const* ours = manager().irps().find_ours(irp);
    if (ours)
        IrpTable::initialize(irp, ours->bytes, static_cast<CCHAR>(ours->stack_count));
    else
        IrpTable::initialize(irp, irp->Size, irp->StackCount);
    irp->AllocationFlags = allocation_flags;
    irp->IoStatus.Status = status;
    if (ke::g_binding == ke::Binding::Bare)
        return;
    IrpRecord& record = manager().irps().note(irp);
    record.state = IrpState::Owned;
    record.driver_number = record.maker_driver;
}

// Freeing what is no IRP, or no longer one, is the bug check of a second completion, as on Windows.
// @cite(wdk-ddi): page=wdm/nf-wdm-iofreeirp
void IoFreeIrp(IRP* irp)
{
    Manager& io = manager();
    if (g_listener.irp_freed) [[unlikely]]
        g_listener.irp_freed(irp, io.irps().find(irp));
    if (irp->Type != IO_TYPE_IRP) [[unlikely]]
        ke::bug_check(MULTIPLE_IRP_COMPLETE_REQUESTS, reinterpret_cast<uint64_t>(irp), 0, 0, 0,
                      "IoFreeIrp was given an IRP that is freed already, or no IRP");
    IrpRecord* record = io.irps().find_ours(irp);
    if (!record) {
        // A driver's own memory: Windows gives the block back to pool.
        io.irps().forget_foreign(irp);
        irp->Type = 0;
        ex::free(irp, 0);
        return;
    }
    io.release(*record);
}

void note_maker(IRP* irp)
{
    if (ke::g_binding == ke::Binding::Bare)
        return;
    if (DriverRecord const* driver = manager().drivers().calling()) {
        IrpRecord& record = *manager().irps().find_ours(irp);
        record.maker_driver = record.driver_number = driver->number;
    }
}

ke::Thread* issuer_of(IrpRecord const& record)
{
    if (!record.thread)
        return nullptr;
    ke::Kernel& k = ke::kernel();
    if (k.current().number == record.thread_number)
        return &k.current();
    ke::Thread* thread = k.thread_of(record.thread_object);
    return thread && thread->number == record.thread_number && thread->state != ke::ThreadState::Terminated ? thread
                                                                                                         : nullptr;
}

IrpRecord* record_of(IRP* irp) { return manager().irps().find(irp); }

char const* name_of(IrpState state)
{
    static constexpr char const* kNames[]
        = { "Freed", "Owned", "InFlight", "Pending", "Completing", "Completed" };
    return kNames[static_cast<size_t>(state)];
}

} // namespace ringside::io
