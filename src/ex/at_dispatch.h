// SPDX-License-Identifier: MIT
// A stretch during which this processor switches no thread: what it wakes runs once the stretch is over, so that lists
// and counts are seen whole.
#pragma once

#include "ke/kernel.h"

#include <algorithm>

namespace ringside::ex {

class AtDispatch {
public:
    AtDispatch() : m_old(ke::Kernel::irql()) { ke::kernel().raise_irql(std::max<uint8_t>(m_old, nt::DISPATCH_LEVEL)); }
    ~AtDispatch() { ke::kernel().lower_irql(m_old); }
    AtDispatch(AtDispatch const&) = delete;
    AtDispatch& operator=(AtDispatch const&) = delete;

private:
    uint8_t m_old;
};

} // namespace ringside::ex
