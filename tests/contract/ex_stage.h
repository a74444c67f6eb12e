// SPDX-License-Identifier: MIT
// Other threads, for samples of the executive's services.
#pragma once

#include "contract.h"

#include "ke/dispatcher_objects.h"

namespace ringside::test {

// Every thread that can run does, as far as it can. At PASSIVE_LEVEL.
inline void pass_a_millisecond()
{
    nt::LARGE_INTEGER interval { .QuadPart = -10'000 };
    ke::KeDelayExecutionThread(nt::KernelMode, FALSE, &interval);
}

// A thread does this until it waits, or has ended.
inline void elsewhere(At& at, ke::Thread::Main main, void* context)
{
    EXPECT_TRUE(at.rooms().processes.create_system_thread(main, context).ok());
    pass_a_millisecond();
}

} // namespace ringside::test
