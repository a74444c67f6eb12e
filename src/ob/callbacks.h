// SPDX-License-Identifier: MIT
// Callback objects, for the rooms that own one (po: \Callback\PowerState) and for the leak check.
#pragma once

#include <cstddef>

namespace ringside::ob {

// Calls the routines registered with the object, in order of registration, at the caller's IRQL.
void notify_callback(void* body, void* argument1, void* argument2);
size_t registered_callbacks();

} // namespace ringside::ob
