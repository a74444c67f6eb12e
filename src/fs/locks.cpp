// SPDX-License-Identifier: MIT
#include "fs/locks.h"

#include <algorithm>

namespace ringside::fs {

bool ByteRange::overlaps(ByteRange const& other) const
{
    if (!bytes || !other.bytes)
        return false;
    // Ends are inclusive: a range may reach to the last byte of all.
    uint64_t const last = first + (bytes - 1), other_last = other.first + (other.bytes - 1);
    return first <= other_last && other.first <= last;
}

bool Locks::can_lock(ByteRange range, bool exclusive) const
{
    return std::none_of(m_held.begin(), m_held.end(),
                        [&](Held const& held) { return held.range.overlaps(range) && (held.exclusive || exclusive); });
}

bool Locks::lock(LockOwner const& owner, ByteRange range, bool exclusive)
{
    if (!can_lock(range, exclusive))
        return false;
    m_held.push_back({ owner, range, exclusive });
    return true;
}

bool Locks::unlock(LockOwner const& owner, ByteRange range)
{
    auto const found = std::find_if(m_held.begin(), m_held.end(),
                                    [&](Held const& held) { return held.owner == owner && held.range == range; });
    if (found == m_held.end())
        return false;
    m_held.erase(found);
    return true;
}

void Locks::unlock_all(FILE_OBJECT* file, uint64_t const* process, ULONG const* key)
{
    std::erase_if(m_held, [&](Held const& held) {
        return held.owner.file == file && (!process || held.owner.process == *process)
            && (!key || held.owner.key == *key);
    });
}

bool Locks::may_read(LockOwner const& owner, ByteRange range) const
{
    return std::none_of(m_held.begin(), m_held.end(), [&](Held const& held) {
        return held.exclusive && held.owner != owner && held.range.overlaps(range);
    });
}

bool Locks::may_write(LockOwner const& owner, ByteRange range) const
{
    return std::none_of(m_held.begin(), m_held.end(), [&](Held const& held) {
        return held.range.overlaps(range) && !(held.exclusive && held.owner == owner);
    });
}

} // namespace ringside::fs
