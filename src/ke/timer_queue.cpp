// SPDX-License-Identifier: MIT
#include "ke/timer_queue.h"

#include "base/check.h"

#include <algorithm>
#include <bit>

namespace ringside::ke {

TimerQueue::TimerQueue() { m_entries.reserve(256); }

uint32_t TimerQueue::insert(uint64_t due_100ns, nt::KTIMER* timer)
{
    uint32_t index = m_free;
    if (index == kNone) {
        index = static_cast<uint32_t>(m_entries.size());
        m_entries.emplace_back();
    } else
        m_free = m_entries[index].next;
    Entry& entry = m_entries[index];
    entry.due_100ns = std::max(due_100ns, m_time);
    entry.sequence = ++m_sequence;
    entry.timer = timer;
    link(index);
    ++m_count;
    return index;
}

void TimerQueue::link(uint32_t index)
{
    Entry& entry = m_entries[index];
    uint64_t const differs = entry.due_100ns ^ m_time;
    unsigned const level = differs ? static_cast<unsigned>(std::bit_width(differs) - 1) / kDigitBits : 0;
    auto const digit = static_cast<unsigned>(entry.due_100ns >> (level * kDigitBits)) % kSlots;
    entry.slot = level * kSlots + digit;
    Slot& slot = m_slots[entry.slot];
    entry.next = kNone;
    entry.previous = slot.last;
    if (slot.last == kNone)
        slot.first = index;
    else
        m_entries[slot.last].next = index;
    slot.last = index;
    m_occupied[level] |= uint64_t { 1 } << digit;
    m_levels |= 1u << level;
}

void TimerQueue::remove(uint32_t index)
{
    Entry& entry = m_entries[index];
    CHECK(entry.sequence, "a timer's entry was taken out twice");
    Slot& slot = m_slots[entry.slot];
    if (entry.previous == kNone)
        slot.first = entry.next;
    else
        m_entries[entry.previous].next = entry.next;
    if (entry.next == kNone)
        slot.last = entry.previous;
    else
        m_entries[entry.next].previous = entry.previous;
    if (slot.first == kNone) {
        unsigned const level = entry.slot / kSlots;
        m_occupied[level] &= ~(uint64_t { 1 } << (entry.slot % kSlots));
        if (!m_occupied[level])
            m_levels &= ~(1u << level);
    }
    entry.sequence = 0;
    entry.timer = nullptr;
    entry.next = m_free;
    m_free = index;
    --m_count;
}

// Every timer of a lower level is due before every one of a higher level, which differs from the wheel's time in a
// higher digit; within a level the lowest digit is first.
bool TimerQueue::earliest(unsigned& level, unsigned& digit, uint64_t& begins) const
{
    if (!m_levels)
        return false;
    level = static_cast<unsigned>(std::countr_zero(m_levels));
    digit = static_cast<unsigned>(std::countr_zero(m_occupied[level]));
    unsigned const shift = level * kDigitBits;
    uint64_t const above = shift + kDigitBits < 64 ? m_time >> (shift + kDigitBits) << (shift + kDigitBits) : 0;
    begins = above | uint64_t { digit } << shift;
    return true;
}

void TimerQueue::cascade(unsigned level, unsigned digit, uint64_t begins)
{
    m_time = begins;
    Slot& slot = m_slots[level * kSlots + digit];
    uint32_t index = slot.first;
    slot = {};
    m_occupied[level] &= ~(uint64_t { 1 } << digit);
    if (!m_occupied[level])
        m_levels &= ~(1u << level);
    while (index != kNone) {
        uint32_t const next = m_entries[index].next;
        link(index);
        index = next;
    }
}

bool TimerQueue::take_due(uint64_t now_100ns, Entry& taken)
{
    unsigned level, digit;
    uint64_t begins;
    while (earliest(level, digit, begins) && begins <= now_100ns) {
        if (level) {
            cascade(level, digit, begins);
            continue;
        }
        m_time = begins;
        uint32_t const index = m_slots[digit].first;
        taken = m_entries[index];
        remove(index);
        return true;
    }
    m_time = std::max(m_time, now_100ns);
    return false;
}

uint64_t TimerQueue::not_before() const
{
    unsigned level, digit;
    uint64_t begins;
    return earliest(level, digit, begins) ? begins : kNever;
}

uint64_t TimerQueue::first_due(uint64_t limit_100ns)
{
    unsigned level, digit;
    uint64_t begins;
    while (earliest(level, digit, begins) && begins <= limit_100ns) {
        if (!level)
            return begins;
        cascade(level, digit, begins);
    }
    return kNever;
}

} // namespace ringside::ke
