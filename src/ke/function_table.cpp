// SPDX-License-Identifier: MIT
#include "ke/function_table.h"

#include <algorithm>

namespace ringside::ke {

size_t FunctionTable::add(ImageRange range)
{
    m_ranges.push_back(std::move(range));
    return m_ranges.size() - 1;
}

ImageRange const* FunctionTable::find(uintptr_t address) const
{
    for (auto const& range : m_ranges)
        if (!range.unloaded && range.contains(address))
            return &range;
    return nullptr;
}

ImageRange const* FunctionTable::find_unloaded(uintptr_t address) const
{
    for (auto const& range : m_ranges)
        if (range.unloaded && range.contains(address))
            return &range;
    return nullptr;
}

nt::RUNTIME_FUNCTION const* FunctionTable::lookup(ImageRange const& image, uintptr_t address)
{
    auto rva = static_cast<uint32_t>(address - image.base);
    auto it = std::upper_bound(image.functions.begin(), image.functions.end(), rva,
                               [](uint32_t value, nt::RUNTIME_FUNCTION const& f) { return value < f.BeginAddress; });
    if (it == image.functions.begin())
        return nullptr;
    --it;
    return rva < it->EndAddress ? &*it : nullptr;
}

} // namespace ringside::ke
