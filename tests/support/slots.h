// SPDX-License-Identifier: MIT
// A test's arguments as the slots of a call through a service's entry.
#pragma once

#include "base/contract.h"

#include <type_traits>

namespace ringside::test {

constexpr size_t kSlots = 16; // more than any service takes

template <typename T>
uint64_t slot(T value)
{
    if constexpr (std::is_null_pointer_v<T>)
        return 0;
    else if constexpr (std::is_same_v<T, bool>)
        return value ? 1 : 0;
    else
        return contract::to_slot(value);
}

} // namespace ringside::test
