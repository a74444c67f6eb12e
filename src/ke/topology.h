// SPDX-License-Identifier: MIT
// Processor groups: the machine's processors, by index, cut into groups as even as can be, the larger ones first. Each
// group is one NUMA node and one package. Masks without a group in their name are over indices.
// @cite(wdk-docs): page=kernel/processor-groups
#pragma once

#include "ke/kernel.h"

namespace ringside::ke {

// Groups exist since Windows 7; before, processors beyond the first group's do not exist to drivers.
inline unsigned group_count() { return kernel().options().groups; }
inline unsigned group_size(unsigned group)
{
    unsigned const processors = kernel().options().processors, groups = group_count();
    return processors / groups + (group < processors % groups);
}
inline unsigned group_first(unsigned group)
{
    unsigned const processors = kernel().options().processors, groups = group_count();
    unsigned const larger = processors % groups;
    return group * (processors / groups) + (group < larger ? group : larger);
}
inline unsigned group_of(unsigned index)
{
    unsigned group = 0;
    while (group + 1 < group_count() && index >= group_first(group + 1))
        ++group;
    return group;
}
inline nt::KAFFINITY low_bits(unsigned count)
{
    return count >= 64 ? ~nt::KAFFINITY { 0 } : (nt::KAFFINITY { 1 } << count) - 1;
}
// Relative to the group; 0 for a group that is none.
inline nt::KAFFINITY group_affinity(unsigned group) { return group < group_count() ? low_bits(group_size(group)) : 0; }
inline uint64_t group_mask(unsigned group) { return group_affinity(group) << group_first(group); }

inline nt::GROUP_AFFINITY to_group_affinity(uint64_t mask)
{
    unsigned const group = mask ? group_of(static_cast<unsigned>(__builtin_ctzll(mask))) : 0;
    return { mask >> group_first(group) & group_affinity(group), static_cast<nt::USHORT>(group), {} };
}
// 0 for one that is not valid: no such group, no processor in it, or bits that stand for none.
inline uint64_t from_group_affinity(nt::GROUP_AFFINITY const& affinity)
{
    nt::KAFFINITY const all = group_affinity(affinity.Group);
    return affinity.Mask & ~all ? 0 : affinity.Mask << group_first(affinity.Group < group_count() ? affinity.Group : 0);
}
inline nt::PROCESSOR_NUMBER processor_number(unsigned index)
{
    unsigned const group = group_of(index);
    return { static_cast<nt::USHORT>(group), static_cast<nt::UCHAR>(index - group_first(group)), 0 };
}
inline constexpr unsigned kNoProcessor = ~0u;
inline unsigned processor_index(nt::PROCESSOR_NUMBER const& number)
{
    if (number.Group >= group_count() || number.Number >= group_size(number.Group) || number.Reserved)
        return kNoProcessor;
    return group_first(number.Group) + number.Number;
}

} // namespace ringside::ke
