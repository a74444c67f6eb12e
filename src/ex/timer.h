// SPDX-License-Identifier: MIT
// EX_TIMER: timers that the system allocates. What a driver holds is a waitable KTIMER in kernel memory; the callback,
// the period and how far deletion has come stand in the record.
#pragma once

#include "nt/nt.h"

#include <deque>
#include <vector>

namespace ringside::ex {

struct GuestTimer { // what a PEX_TIMER points at
    nt::KTIMER timer;
    nt::KDPC dpc;
    uint64_t index; // of the record, checked against it
};

struct TimerRecord {
    GuestTimer* guest = nullptr; // null: the record is free
    uint32_t number = 0;         // of birth
    uint64_t caller = 0;         // return address in the driver
    nt::PEXT_CALLBACK callback = nullptr;
    void* context = nullptr;
    nt::ULONG attributes = 0;
    int64_t period_100ns = 0;
    int64_t next_due = 0; // system time
    uint32_t running = 0; // callbacks in progress
    bool deleting = false;
    nt::KEVENT* deleted = nullptr; // on the stack of who waits in ExDeleteTimer
    nt::PEXT_DELETE_CALLBACK delete_callback = nullptr;
    void* delete_context = nullptr;
};

class Timers {
public:
    TimerRecord* make(nt::PEXT_CALLBACK callback, void* context, nt::ULONG attributes);
    // Bug check for a pointer that is no timer.
    TimerRecord& require(nt::EX_TIMER* timer);
    TimerRecord* of_dpc(GuestTimer* guest);
    void finish(TimerRecord& record); // the end of a deletion
    size_t live() const { return m_live; }
    std::deque<TimerRecord> const& records() const { return m_records; }

private:
    std::deque<TimerRecord> m_records;
    std::vector<size_t> m_free;
    size_t m_live = 0;
    uint32_t m_born = 0;
};

nt::EX_TIMER* ExAllocateTimer(nt::PEXT_CALLBACK callback, nt::PVOID context, nt::ULONG attributes);
nt::BOOLEAN ExSetTimer(nt::EX_TIMER* timer, nt::LONGLONG due_time, nt::LONGLONG period,
                       nt::EXT_SET_PARAMETERS* parameters);
nt::BOOLEAN ExCancelTimer(nt::EX_TIMER* timer, nt::PVOID parameters);
nt::BOOLEAN ExDeleteTimer(nt::EX_TIMER* timer, nt::BOOLEAN cancel, nt::BOOLEAN wait,
                          nt::EXT_DELETE_PARAMETERS* parameters);

} // namespace ringside::ex
