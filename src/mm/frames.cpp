// SPDX-License-Identifier: MIT
#include "mm/frames.h"

#include "base/check.h"

namespace ringside::mm {

FrameLocks::FrameLocks(hal::PhysicalMemory& physical)
    : m_physical(physical)
    , m_frames(physical.bytes() >> hal::kPageShift)
    , m_state(static_cast<uint16_t*>(std::calloc(m_frames, sizeof(uint16_t))))
{
    CHECK(m_state, "the host is out of memory");
}

void FrameLocks::lock(hal::Pfn pfn)
{
    CHECK(exists(pfn) && count(pfn) < kCount, "a frame cannot be locked once more");
    ++m_state[pfn];
    ++m_total;
}

bool FrameLocks::unlock(hal::Pfn pfn)
{
    if (!exists(pfn) || !count(pfn))
        return false;
    --m_total;
    if (--m_state[pfn] == kOrphan) {
        m_state[pfn] = 0;
        m_physical.free(pfn, 1);
    }
    return true;
}

void FrameLocks::release(hal::Pfn first, size_t count)
{
    for (size_t i = 0; i < count;) {
        if (this->count(first + i)) {
            m_state[first + i] |= kOrphan;
            ++i;
            continue;
        }
        size_t run = 1;
        while (i + run < count && !this->count(first + i + run))
            ++run;
        m_physical.free(first + i, run);
        i += run;
    }
}

} // namespace ringside::mm
