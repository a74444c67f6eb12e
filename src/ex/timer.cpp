// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exallocatetimer
// @cite(wdk-ddi): page=wdm/nf-wdm-exsettimer
// @cite(wdk-ddi): page=wdm/nf-wdm-exdeletetimer
#include "ex/timer.h"

#include "ex/at_dispatch.h"
#include "ex/executive.h"
#include "ke/bugcheck.h"
#include "ke/dispatcher_objects.h"
#include "ke/door.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "mm/caller.h"

namespace ringside::ex {

using namespace nt;

namespace {

constexpr ULONG kHighResolution = 4; // EX_TIMER_HIGH_RESOLUTION
constexpr ULONG kNoWake = 8;         // EX_TIMER_NO_WAKE
constexpr ULONG kNotification = 0x80000000; // EX_TIMER_NOTIFICATION
constexpr uint32_t kTag = 0x6D695445; // "ETim"

EX_TIMER* pointer_of(TimerRecord const& record) { return reinterpret_cast<EX_TIMER*>(record.guest); }

[[noreturn]] void misuse(EX_TIMER* timer, char const* words)
{
    ke::bug_check(TIMER_OR_DPC_INVALID, 0, reinterpret_cast<uint64_t>(timer), 0, 0, words);
}

// Runs at DISPATCH_LEVEL when the timer expired. Host code, entered through the DPC door.
NTAPI void expired(KDPC*, PVOID context, PVOID, PVOID)
{
    Timers& timers = executive().timers;
    TimerRecord* record = timers.of_dpc(static_cast<GuestTimer*>(context));
    if (!record)
        return; // deleted while the DPC was queued
    if (record->period_100ns && !record->deleting) {
        record->next_due += record->period_100ns;
        // Setting a timer resets its signal, which a thread may not have seen yet.
        LONG const signal = record->guest->timer.Header.SignalState;
        ke::kernel().set_timer(record->guest->timer, { .QuadPart = record->next_due }, 0, &record->guest->dpc);
        record->guest->timer.Header.SignalState = signal;
    }
    if (record->callback) {
        ++record->running;
        ke::through_door(ke::DoorPassage { .door = ke::Door::Other, .function = nullptr, .subject = record->number },
                         record->callback, pointer_of(*record), record->context);
        --record->running;
    }
    if (record->deleting && !record->running)
        timers.finish(*record);
}

bool in_progress(TimerRecord const& record) { return record.running || record.guest->dpc.DpcData; }

} // namespace

TimerRecord* Timers::make(PEXT_CALLBACK callback, void* context, ULONG attributes)
{
    auto* guest = static_cast<GuestTimer*>(allocate(NonPagedPoolNx, sizeof(GuestTimer), kTag, Owner::Kernel, true));
    if (!guest)
        return nullptr;
    if (m_free.empty()) {
        m_free.push_back(m_records.size());
        m_records.emplace_back();
    }
    guest->index = m_free.back();
    m_free.pop_back();
    ke::KeInitializeTimerEx(&guest->timer, attributes & kNotification ? NotificationTimer : SynchronizationTimer);
    ke::KeInitializeDpc(&guest->dpc, &expired, guest);
    TimerRecord& record = m_records[guest->index];
    record = { .guest = guest,
               .number = ++m_born,
               .caller = mm::calling_driver(),
               .callback = callback,
               .context = context,
               .attributes = attributes };
    ++m_live;
    return &record;
}

TimerRecord* Timers::of_dpc(GuestTimer* guest)
{
    auto index = ke::read_guarded<uint64_t>(&guest->index);
    if (!index || *index >= m_records.size() || m_records[*index].guest != guest)
        return nullptr;
    return &m_records[*index];
}

TimerRecord& Timers::require(EX_TIMER* timer)
{
    TimerRecord* record = of_dpc(reinterpret_cast<GuestTimer*>(timer));
    if (!record || record->deleting)
        misuse(timer, "an EX_TIMER was used that does not exist or is being deleted");
    return *record;
}

void Timers::finish(TimerRecord& record)
{
    PEXT_DELETE_CALLBACK const callback = record.delete_callback;
    void* const context = record.delete_context;
    KEVENT* const deleted = record.deleted;
    GuestTimer* const guest = record.guest;
    m_free.push_back(guest->index);
    record = {};
    --m_live;
    free(guest, kTag);
    if (callback)
        ke::through_door(ke::DoorPassage { .door = ke::Door::Other, .function = nullptr }, callback, context);
    if (deleted)
        ke::KeSetEvent(deleted, 0, FALSE);
}

EX_TIMER* ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes)
{
    bool const unknown = attributes & ~(kHighResolution | kNoWake | kNotification);
    if (unknown || (attributes & kHighResolution && attributes & kNoWake))
        misuse(nullptr, "ExAllocateTimer was given attributes that exclude each other or do not exist");
    TimerRecord* record = executive().timers.make(callback, context, attributes);
    return record ? pointer_of(*record) : nullptr;
}

BOOLEAN ExSetTimer(EX_TIMER* timer, LONGLONG due_time, LONGLONG period, EXT_SET_PARAMETERS*)
{
    TimerRecord& record = executive().timers.require(timer);
    if (period < 0 || period > 0x7FFFFFFF || (record.attributes & kHighResolution && due_time >= 0))
        misuse(timer, "ExSetTimer was given a period out of range, or an absolute time for a high-resolution timer");
    ke::Kernel& k = ke::kernel();
    record.period_100ns = period;
    record.next_due = due_time < 0 ? static_cast<int64_t>(k.system_time()) - due_time : due_time;
    return k.set_timer(record.guest->timer, { .QuadPart = due_time }, 0, &record.guest->dpc);
}

BOOLEAN ExCancelTimer(EX_TIMER* timer, PVOID)
{
    TimerRecord& record = executive().timers.require(timer);
    record.period_100ns = 0;
    return ke::kernel().cancel_timer(record.guest->timer);
}

BOOLEAN ExDeleteTimer(EX_TIMER* timer, BOOLEAN cancel, BOOLEAN wait, EXT_DELETE_PARAMETERS* parameters)
{
    Timers& timers = executive().timers;
    TimerRecord& record = timers.require(timer);
    if (wait && !cancel)
        misuse(timer, "ExDeleteTimer was told to wait without cancelling");
    // Also when there will be nothing to wait for: that is a matter of luck.
    if (wait && ke::Kernel::irql() > APC_LEVEL)
        ke::bug_check(IRQL_NOT_LESS_OR_EQUAL, reinterpret_cast<uint64_t>(timer), ke::Kernel::irql(), 1, 0,
                      "ExDeleteTimer was told to wait above APC_LEVEL");
    KEVENT deleted;
    BOOLEAN cancelled = FALSE;
    {
        AtDispatch whole;
        record.deleting = true;
        if (parameters) {
            record.delete_callback = parameters->DeleteCallback;
            record.delete_context = parameters->DeleteContext;
        }
        if (cancel)
            cancelled = ke::kernel().cancel_timer(record.guest->timer);
        bool const later = in_progress(record) || record.guest->timer.Header.Inserted;
        if (!later) {
            timers.finish(record);
            return cancelled;
        }
        if (!wait)
            return cancelled; // the expiry finishes it
        ke::KeInitializeEvent(&deleted, NotificationEvent, FALSE);
        record.deleted = &deleted;
    }
    ke::KeWaitForSingleObject(&deleted, nt::Executive, KernelMode, FALSE, nullptr);
    return cancelled;
}

} // namespace ringside::ex
