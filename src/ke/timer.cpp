// SPDX-License-Identifier: MIT
// Timers. A KTIMER is the driver's bytes; what was set is kept beside it (ke/timer_queue.h). TimerListEntry.Flink holds the
// number of a pending timer's entry and Blink the entry's age, so that cancelling finds it; an entry whose timer says
// something else by then was overwritten, freed or initialized again, and has no effect.
// @cite(wdk-ddi): page=wdm/nf-wdm-kesettimerex
// @cite(wdk-debugger): page=debugger/bug-check-0xc7--timer-or-dpc-invalid
#include "ke/kernel.h"

#include "base/check.h"
#include "ke/guarded.h"
#include "nt/shared_data.h"

#include <cstring>

namespace ringside::ke {

using namespace nt;

namespace {

void put(KTIMER& timer, uint64_t due, uint32_t index, uint64_t sequence)
{
    timer.DueTime.QuadPart = due;
    timer.TimerListEntry.Flink = reinterpret_cast<LIST_ENTRY*>(uint64_t { index });
    timer.TimerListEntry.Blink = reinterpret_cast<LIST_ENTRY*>(sequence);
    timer.Header.Inserted = 1;
}

bool is_timer_type(UCHAR type) { return type == TimerNotificationObject || type == TimerSynchronizationObject; }

uint64_t sequence_of(KTIMER const& timer) { return reinterpret_cast<uint64_t>(timer.TimerListEntry.Blink); }

} // namespace

void Kernel::start_timer(KTIMER& timer, uint64_t due_100ns)
{
    uint32_t const index = m_timers.insert(due_100ns, &timer);
    put(timer, due_100ns, index, m_timers.newest());
}

bool Kernel::set_timer(KTIMER& timer, LARGE_INTEGER due_time, uint32_t period_ms, KDPC* dpc)
{
    if (!is_timer_type(timer.Header.Type)) {
        auto const page = hal::page_of(reinterpret_cast<uintptr_t>(&timer));
        ke::bug_check(TIMER_OR_DPC_INVALID, 0, reinterpret_cast<uint64_t>(&timer), page, page + hal::kPageSize,
                      "a timer was set that was never initialized");
    }
    bool const was_set = cancel_timer(timer);
    timer.Header.SignalState = 0;
    timer.Dpc = dpc;
    timer.Period = period_ms;
    uint64_t const now = sim::world().now_100ns();
    uint64_t due = now;
    if (due_time.QuadPart < 0)
        due = now - static_cast<uint64_t>(due_time.QuadPart);
    else if (static_cast<uint64_t>(due_time.QuadPart) > system_time())
        due = static_cast<uint64_t>(due_time.QuadPart) - kBootSystemTime;
    start_timer(timer, due);
    // The countdown must not run past the nearest timer.
    uint64_t const left = due > now ? due - now : 1;
    if (m_countdown > left)
        m_countdown = left;
    return was_set;
}

bool Kernel::cancel_timer(KTIMER& timer)
{
    if (!timer.Header.Inserted)
        return false;
    timer.Header.Inserted = 0;
    auto const index = reinterpret_cast<uint64_t>(timer.TimerListEntry.Flink);
    TimerQueue::Entry const* entry = m_timers.find(index, &timer);
    if (!entry || entry->sequence != sequence_of(timer))
        return false; // the driver overwrote a pending timer
    m_timers.remove(static_cast<uint32_t>(index));
    return true;
}

void Kernel::expire_timers()
{
    TimerQueue::Entry entry;
    while (m_timers.take_due(sim::world().now_100ns(), entry)) {
        auto const bytes = read_guarded<KTIMER>(entry.timer);
        if (!bytes) {
            auto const page = hal::page_of(reinterpret_cast<uintptr_t>(entry.timer));
            ke::bug_check(TIMER_OR_DPC_INVALID, 0, reinterpret_cast<uint64_t>(entry.timer), page, page + hal::kPageSize,
                          "the memory of a timer is gone while the timer was set");
        }
        if (!bytes->Header.Inserted || sequence_of(*bytes) != entry.sequence || !is_timer_type(bytes->Header.Type))
            continue; // overwritten while pending, see cancel_timer
        KTIMER& timer = *entry.timer;
        timer.Header.Inserted = 0;
        timer.Header.SignalState = 1;
        log(sim::Event::TimerFired, static_cast<uint32_t>(entry.sequence), 0);
        if (timer.Period)
            start_timer(timer, entry.due_100ns + uint64_t { timer.Period } * 10'000);
        signalled(timer.Header, 0);
        if (bytes->Dpc)
            insert_dpc(*bytes->Dpc, reinterpret_cast<void*>(system_time() & 0xFFFFFFFF),
                       reinterpret_cast<void*>(system_time() >> 32));
    }
    update_shared_clocks();
}

void Kernel::update_shared_clocks()
{
    auto& page = *reinterpret_cast<KUSER_SHARED_DATA*>(hal::kSharedUserData);
    auto write = [](auto& field, uint64_t value) {
        field.LowPart = static_cast<ULONG>(value);
        field.High1Time = static_cast<LONG>(value >> 32);
        field.High2Time = field.High1Time;
    };
    uint64_t const now = sim::world().now_100ns();
    write(page.InterruptTime, now);
    write(page.SystemTime, system_time());
    write(page.TickCount, now / kTickUnits);
}

} // namespace ringside::ke
