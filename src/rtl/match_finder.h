// SPDX-License-Identifier: MIT
// What the three compressors share: where the bytes at a position stood before. The newest earlier place with the same
// three bytes is looked at, no other; the table is small enough for a kernel stack.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringside::rtl {

class MatchFinder {
public:
    struct Match {
        size_t length = 0; // 0: none
        size_t distance = 0;
    };

    explicit MatchFinder(uint8_t const* data)
        : m_data(data)
    {
        forget();
    }

    void forget() { std::memset(m_newest, 0, sizeof m_newest); }
    // The match at `at`, of at least three bytes and at most `longest`, that lies in [lowest, at). Remembers `at`.
    Match find(size_t at, size_t lowest, size_t end, size_t longest, size_t farthest)
    {
        if (end - at < kShortest)
            return {};
        uint32_t& newest = m_newest[hash(at)];
        size_t const before = newest;
        newest = static_cast<uint32_t>(at + 1);
        if (!before || before - 1 < lowest || at - (before - 1) > farthest)
            return {};
        uint8_t const* const a = m_data + at;
        uint8_t const* const b = m_data + before - 1;
        size_t const limit = std::min(longest, end - at);
        size_t length = 0;
        while (length < limit && a[length] == b[length])
            ++length;
        if (length < kShortest)
            return {};
        return { length, at - (before - 1) };
    }
    void remember(size_t at, size_t end)
    {
        if (end - at >= kShortest)
            m_newest[hash(at)] = static_cast<uint32_t>(at + 1);
    }

private:
    static constexpr size_t kShortest = 3;
    size_t hash(size_t at) const
    {
        uint32_t const bytes = m_data[at] | m_data[at + 1] << 8 | m_data[at + 2] << 16;
        return bytes * 2654435761u >> (32 - 12);
    }

    uint8_t const* m_data;
    uint32_t m_newest[1 << 12]; // position + 1, 0: none
};

} // namespace ringside::rtl
