// SPDX-License-Identifier: MIT
// Pending timers: a hierarchical timing wheel. What inserting, cancelling and firing costs depends on the digits of a
// due time, never on how many timers are pending.
//
// Times are written with digits of six bits. A level has a slot for each value of one digit; a timer is kept at the
// highest digit in which its due time differs from the wheel's own time, in the slot of that digit:
//
//   level 2   . . . # . . . .     one slot: 4096 units      when the wheel's time enters a slot above level 0,
//   level 1   . # . . . # . .     one slot: 64 units        its timers go down to the levels where they now belong
//   level 0   . . # # . . . .     one slot: one due time
//
// Invariants
//   T1  the wheel's time never runs past a due time that is still pending, nor past virtual time
//   T2  a slot's list is in order of age; so timers leave in order of due time and then of age, never of address
//   T3  an entry says what was set; the KTIMER it points to is the driver's and may be anything by now
#pragma once

#include "nt/nt.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ringside::ke {

class TimerQueue {
public:
    static constexpr uint32_t kNone = ~uint32_t { 0 };
    static constexpr uint64_t kNever = ~uint64_t { 0 };

    struct Entry {
        uint64_t due_100ns;
        uint64_t sequence; // by age; 0: the entry is free
        nt::KTIMER* timer;
        uint32_t next;     // in its slot, or in the list of free entries
        uint32_t previous;
        uint32_t slot;
        uint32_t reserved;
    };

    TimerQueue();

    // `due_100ns` is not before the wheel's time (T1): expiry at now_100ns is the earliest.
    uint32_t insert(uint64_t due_100ns, nt::KTIMER* timer);
    void remove(uint32_t index);
    // The entry of that number if it is pending and for this timer.
    Entry const* find(uint64_t index, nt::KTIMER const* timer) const
    {
        return index < m_entries.size() && m_entries[index].sequence && m_entries[index].timer == timer
            ? &m_entries[index]
            : nullptr;
    }

    // Takes out the first timer whose time is due by `now_100ns`; false: there is none.
    bool take_due(uint64_t now_100ns, Entry& taken);
    // No timer is due before this: exact within 64 units of the wheel's time, else rounded down to a slot's beginning.
    uint64_t not_before() const;
    // The exact time of the first timer, or kNever when it lies behind `limit_100ns`. Virtual time must then go to the
    // earlier of the two: the wheel's time may have run ahead to there.
    uint64_t first_due(uint64_t limit_100ns);

    size_t size() const { return m_count; }
    uint64_t newest() const { return m_sequence; } // the age of the last one inserted
    template <typename Visit>
    void for_each(Visit visit) const // in no order that matters: by entry
    {
        for (Entry const& entry : m_entries)
            if (entry.sequence)
                visit(entry);
    }

private:
    static constexpr unsigned kDigitBits = 6;
    static constexpr unsigned kSlots = 1u << kDigitBits;
    static constexpr unsigned kLevels = 11; // of 64 bits

    struct Slot {
        uint32_t first = kNone;
        uint32_t last = kNone;
    };

    void link(uint32_t index);
    // Level and slot of the earliest timers, and when that slot begins; false: nothing is pending.
    bool earliest(unsigned& level, unsigned& digit, uint64_t& begins) const;
    // The wheel's time enters that slot: its timers go down.
    void cascade(unsigned level, unsigned digit, uint64_t begins);

    std::vector<Entry> m_entries;
    uint32_t m_free = kNone;
    size_t m_count = 0;
    uint64_t m_sequence = 0;
    uint64_t m_time = 0;
    std::array<uint64_t, kLevels> m_occupied {}; // a bit for each slot
    uint32_t m_levels = 0; // a bit for each level that has an occupied slot
    std::array<Slot, kLevels * kSlots> m_slots {};
};

} // namespace ringside::ke
