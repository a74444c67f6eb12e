// SPDX-License-Identifier: MIT
// A list in order of birth whose members are over some time later: when it has doubled since the last look, those that are
// over leave it. So it is never much longer than what lives, and adding costs the same at any length.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ringside::machine {

template <typename Item>
class SweptList {
public:
    template <typename IsOver>
    void add(Item item, IsOver is_over)
    {
        if (m_items.size() >= m_sweep_at) {
            std::erase_if(m_items, is_over);
            m_sweep_at = std::max(kUnswept, m_items.size() * 2);
        }
        m_items.push_back(std::move(item));
    }
    // Takes back what was added last.
    void drop_newest() { m_items.pop_back(); }
    auto begin() const { return m_items.begin(); }
    auto end() const { return m_items.end(); }
    size_t size() const { return m_items.size(); }

private:
    static constexpr size_t kUnswept = 64;
    std::vector<Item> m_items;
    size_t m_sweep_at = kUnswept;
};

} // namespace ringside::machine
