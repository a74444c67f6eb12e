// SPDX-License-Identifier: MIT
// Timers. A KTIMER is the driver's bytes; the queue beside it orders by due time and then by age, never by address.
// TimerListEntry.Flink keeps the queue's sequence number of a pending timer, so that cancelling finds it again.
// @cite(wdk-ddi): page=wdm/nf-wdm-kesettimerex
#include "ke/kernel.h"

#include "base/check.h"
#include "nt/shared_data.h"

#include <cstring>

namespace ringside::ke {

using namespace nt;

bool Kernel::set_timer(KTIMER& timer, LARGE_INTEGER due_time, uint32_t period_ms, KDPC* dpc)
{
    bool const was_set = cancel_timer(timer);
    timer.Header.SignalState = 0;
    timer.Dpc = dpc;
    timer.Period = period_ms;
    uint64_t const now = sim::world().now_100ns();
    uint64_t due = now;
    if (due_time.QuadPart < 0)
        due = now + static_cast<uint64_t>(-due_time.QuadPart);
    else if (static_cast<uint64_t>(due_time.QuadPart) > system_time())
        due = static_cast<uint64_t>(due_time.QuadPart) - kBootSystemTime;
    timer.DueTime.QuadPart = due;
    uint64_t const sequence = ++m_timer_sequence;
    timer.TimerListEntry.Flink = reinterpret_cast<LIST_ENTRY*>(sequence);
    timer.TimerListEntry.Blink = nullptr;
    timer.Header.Inserted = 1;
    m_timers.insert({ due, sequence, &timer });
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
    auto it = m_timers.find({ timer.DueTime.QuadPart, reinterpret_cast<uint64_t>(timer.TimerListEntry.Flink), nullptr });
    if (it == m_timers.end() || it->timer != &timer)
        return false; // the driver overwrote a pending timer: its old entry fires into whatever is there now
    m_timers.erase(it);
    return true;
}

void Kernel::expire_timers()
{
    while (!m_timers.empty()) {
        TimerKey const key = *m_timers.begin();
        if (key.due_100ns > sim::world().now_100ns())
            break;
        m_timers.erase(m_timers.begin());
        KTIMER& timer = *key.timer;
        if (!timer.Header.Inserted || reinterpret_cast<uint64_t>(timer.TimerListEntry.Flink) != key.sequence)
            continue; // overwritten while pending, see cancel_timer
        timer.Header.Inserted = 0;
        timer.Header.SignalState = 1;
        log(sim::Event::TimerFired, static_cast<uint32_t>(key.sequence), 0);
        signalled(timer.Header, 0);
        KDPC* dpc = timer.Dpc;
        if (timer.Period) {
            uint64_t const due = key.due_100ns + uint64_t { timer.Period } * 10'000;
            uint64_t const sequence = ++m_timer_sequence;
            timer.DueTime.QuadPart = due;
            timer.TimerListEntry.Flink = reinterpret_cast<LIST_ENTRY*>(sequence);
            timer.Header.Inserted = 1;
            m_timers.insert({ due, sequence, &timer });
        }
        if (dpc)
            insert_dpc(*dpc, reinterpret_cast<void*>(system_time() & 0xFFFFFFFF),
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
