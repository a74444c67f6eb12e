// SPDX-License-Identifier: MIT
// Locks on page frames: how many MDLs hold each frame. A frame whose owner lets go of it while it is locked (a client
// frees a buffer that a driver still transfers into) stays out of circulation until the last lock goes, as on Windows.
#pragma once

#include "hal/physical.h"

#include <cstdlib>
#include <memory>
#include <span>

namespace ringside::mm {

class FrameLocks {
public:
    explicit FrameLocks(hal::PhysicalMemory& physical);

    bool exists(hal::Pfn pfn) const { return pfn < m_frames; }
    uint32_t count(hal::Pfn pfn) const { return m_state[pfn] & kCount; }
    // Locks of all frames together.
    size_t total() const { return m_total; }

    void lock(hal::Pfn pfn);
    // False when the frame is not locked.
    bool unlock(hal::Pfn pfn);

    // The owner lets go: back to physical memory at once, or when the last lock goes.
    void release(hal::Pfn first, size_t count);

private:
    static constexpr uint16_t kOrphan = 0x8000; // to be given back with the last lock
    static constexpr uint16_t kCount = 0x7FFF;
    struct Free {
        void operator()(uint16_t* array) const { std::free(array); }
    };
    hal::PhysicalMemory& m_physical;
    size_t m_frames;
    size_t m_total = 0;
    std::unique_ptr<uint16_t[], Free> m_state; // from calloc: untouched pages cost nothing
};

// Calls visit(first, count) for each run of consecutive frames.
template <typename Visit>
void for_each_run(std::span<hal::Pfn const> frames, Visit visit)
{
    for (size_t i = 0; i < frames.size();) {
        size_t count = 1;
        while (i + count < frames.size() && frames[i + count] == frames[i] + count)
            ++count;
        visit(i, frames[i], count);
        i += count;
    }
}

} // namespace ringside::mm
