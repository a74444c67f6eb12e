// SPDX-License-Identifier: MIT
// Doubly linked lists whose links stand inside the elements: LIST_ENTRY, as drivers use it through inline functions.
// Kernel rooms use these where a list lies in a structure that drivers see. The head is an entry of its own; an empty
// list's head points to itself. Nothing here allocates, and an entry is on one list at most.
#pragma once

#include "nt/basic.h"

namespace ringside::rtl {

inline void initialize(LIST_ENTRY& head) { head.Flink = head.Blink = &head; }

inline bool empty(LIST_ENTRY const& head) { return head.Flink == &head; }

// Whether both neighbours point back: false for an entry that is on no list, or whose list is corrupt.
inline bool linked(LIST_ENTRY const& entry) { return entry.Flink->Blink == &entry && entry.Blink->Flink == &entry; }

inline void insert_between(LIST_ENTRY& before, LIST_ENTRY& entry, LIST_ENTRY& after)
{
    entry = { &after, &before };
    before.Flink = &entry;
    after.Blink = &entry;
}
inline void insert_head(LIST_ENTRY& head, LIST_ENTRY& entry) { insert_between(head, entry, *head.Flink); }
inline void insert_tail(LIST_ENTRY& head, LIST_ENTRY& entry) { insert_between(*head.Blink, entry, head); }

// The neighbours are joined; the entry's own links keep their values, as on Windows. True: the list is empty now.
inline bool remove(LIST_ENTRY& entry)
{
    LIST_ENTRY* next = entry.Flink;
    LIST_ENTRY* previous = entry.Blink;
    previous->Flink = next;
    next->Blink = previous;
    return next == previous;
}

// The first or last entry, taken off; null from an empty list.
inline LIST_ENTRY* take_head(LIST_ENTRY& head)
{
    if (empty(head))
        return nullptr;
    LIST_ENTRY* entry = head.Flink;
    remove(*entry);
    return entry;
}
inline LIST_ENTRY* take_tail(LIST_ENTRY& head)
{
    if (empty(head))
        return nullptr;
    LIST_ENTRY* entry = head.Blink;
    remove(*entry);
    return entry;
}

// Moves every entry of `from` behind those of `to`; `from` is empty after.
inline void append_list(LIST_ENTRY& to, LIST_ENTRY& from)
{
    if (empty(from))
        return;
    LIST_ENTRY* first = from.Flink;
    LIST_ENTRY* last = from.Blink;
    first->Blink = to.Blink;
    to.Blink->Flink = first;
    last->Flink = &to;
    to.Blink = last;
    initialize(from);
}

// for (T& element : each<T, &T::links>(head)). The current element may be removed from the list, no other.
template <typename T, LIST_ENTRY T::* Member>
class each {
public:
    explicit each(LIST_ENTRY& head)
        : m_head(&head)
    {
    }

    class iterator {
    public:
        explicit iterator(LIST_ENTRY* entry)
            : m_entry(entry)
            , m_next(entry->Flink)
        {
        }
        T& operator*() const
        {
            auto offset = reinterpret_cast<uintptr_t>(&(static_cast<T*>(nullptr)->*Member));
            return *reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(m_entry) - offset);
        }
        iterator& operator++()
        {
            m_entry = m_next;
            m_next = m_entry->Flink;
            return *this;
        }
        bool operator==(iterator const& other) const { return m_entry == other.m_entry; }

    private:
        LIST_ENTRY* m_entry;
        LIST_ENTRY* m_next;
    };

    iterator begin() const { return iterator(m_head->Flink); }
    iterator end() const { return iterator(m_head); }

private:
    LIST_ENTRY* m_head;
};

} // namespace ringside::rtl
