// SPDX-License-Identifier: MIT
// A set of things found by their names without case: a directory's objects, a registry key's values. A look-up costs the
// same among a million as among ten: one place in a table of hashes, then the thing itself. What a hash table has no
// order for is kept elsewhere: nobody walks this one.
//
// Linear probing over places of which at most half are taken; a removal closes the gap it makes, so that there are no
// marks of what once was.
#pragma once

#include "base/check.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ringside::ob {

// Equal for names that differ only in case.
uint64_t hash_without_case(std::u16string_view name);

// NameOf(entry) gives an entry's name, which stays as it is while the entry is here.
template <typename Entry, auto NameOf>
class NameTable {
public:
    size_t size() const { return m_size; }

    // Several entries may have one name.
    void insert(Entry& entry)
    {
        if (2 * (m_size + 1) > m_places.size())
            grow();
        put(entry);
        ++m_size;
    }
    // False for an entry that is not here.
    bool erase(Entry const& entry)
    {
        if (m_places.empty())
            return false;
        size_t gap = first_place(hash_of(entry));
        while (entry_of(m_places[gap]) != &entry) {
            if (!m_places[gap])
                return false;
            gap = next(gap);
        }
        // What stands behind the gap moves into it, unless it would then stand before its first place.
        for (size_t at = next(gap); m_places[at]; at = next(at))
            if (distance(first_place(hash_of(*entry_of(m_places[at]))), at) >= distance(gap, at)) {
                m_places[gap] = m_places[at];
                gap = at;
            }
        m_places[gap] = 0;
        --m_size;
        return true;
    }
    void clear()
    {
        m_places.clear();
        m_size = 0;
    }
    // visit(entry) for each whose name may be this one, in no order: the visitor compares.
    template <typename Visit>
    void for_each_like(std::u16string_view name, Visit visit) const
    {
        if (m_places.empty())
            return;
        uint64_t const hash = hash_without_case(name);
        for (size_t at = first_place(hash); m_places[at]; at = next(at))
            if ((m_places[at] ^ hash) >> kPointerBits == 0)
                visit(*entry_of(m_places[at]));
    }

private:
    // The entry's address, and above it the highest bits of its hash: half the memory of a place for each is half the
    // cache misses.
    using Place = uint64_t;
    static constexpr unsigned kPointerBits = 48;

    static Entry* entry_of(Place place)
    {
        return reinterpret_cast<Entry*>(place & ((uint64_t { 1 } << kPointerBits) - 1));
    }
    static uint64_t hash_of(Entry const& entry) { return hash_without_case(NameOf(entry)); }
    size_t mask() const { return m_places.size() - 1; }
    size_t first_place(uint64_t hash) const { return hash & mask(); }
    size_t next(size_t at) const { return (at + 1) & mask(); }
    size_t distance(size_t from, size_t to) const { return (to - from) & mask(); }

    void put(Entry& entry)
    {
        auto const pointer = reinterpret_cast<uint64_t>(&entry);
        CHECK(!(pointer >> kPointerBits), "the host gave out an address of more than 48 bits");
        uint64_t const hash = hash_of(entry);
        size_t at = first_place(hash);
        while (m_places[at])
            at = next(at);
        m_places[at] = pointer | hash >> kPointerBits << kPointerBits;
    }
    void grow()
    {
        std::vector<Place> before(m_places.empty() ? 8 : 2 * m_places.size());
        before.swap(m_places);
        for (Place const place : before)
            if (place)
                put(*entry_of(place));
    }

    std::vector<Place> m_places; // a power of two of them, or none; 0: free
    size_t m_size = 0;
};

} // namespace ringside::ob
