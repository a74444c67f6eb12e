// SPDX-License-Identifier: MIT
// Spin locks in a driver's memory: zero is free, else the holding processor's number plus one. There is no record
// beside them: the driver's bytes are the state.
#pragma once

#include "nt/nt.h"

namespace ringside::ke {

// At DISPATCH_LEVEL or above. Waiting for a lock that this processor holds is bug check 0xF (a hang on Windows).
void acquire_spin_lock(nt::KSPIN_LOCK& lock);
// Releasing a lock that nobody holds is bug check 0x10.
void release_spin_lock(nt::KSPIN_LOCK& lock);

} // namespace ringside::ke
