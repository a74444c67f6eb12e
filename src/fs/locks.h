// SPDX-License-Identifier: MIT
// Byte-range locks of one file: who may read and write where. A lock belongs to a file object, a process and a key.
// @cite(wdk-docs): page=ifs/irp-mj-lock-control
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <vector>

namespace ringside::fs {

using namespace nt;

struct LockOwner {
    FILE_OBJECT* file = nullptr; // compared, never followed
    uint64_t process = 0;
    ULONG key = 0;
    bool operator==(LockOwner const&) const = default;
};

struct ByteRange {
    uint64_t first = 0;
    uint64_t bytes = 0; // 0: overlaps nothing

    bool overlaps(ByteRange const& other) const;
    bool operator==(ByteRange const&) const = default;
};

class Locks {
public:
    // A waiting request: its IRP, which is pending. Ours while it stands here.
    struct Waiting {
        IRP* irp;
        LockOwner owner;
        ByteRange range;
        bool exclusive;
    };

    bool empty() const { return m_held.empty() && m_waiting.empty(); }
    bool can_lock(ByteRange range, bool exclusive) const;
    // False when another lock is in the way.
    bool lock(LockOwner const& owner, ByteRange range, bool exclusive);
    bool unlock(LockOwner const& owner, ByteRange range);
    // Null: of any process, with any key.
    void unlock_all(FILE_OBJECT* file, uint64_t const* process, ULONG const* key);
    // Reads need no foreign exclusive lock, writes no foreign lock and no shared one of their own.
    bool may_read(LockOwner const& owner, ByteRange range) const;
    bool may_write(LockOwner const& owner, ByteRange range) const;

    std::vector<Waiting>& waiting() { return m_waiting; } // in order of arrival

private:
    struct Held {
        LockOwner owner;
        ByteRange range;
        bool exclusive;
    };
    std::vector<Held> m_held;
    std::vector<Waiting> m_waiting;
};

} // namespace ringside::fs
