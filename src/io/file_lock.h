// SPDX-License-Identifier: MIT
// The lock of a synchronous file object: its requests run one after another. FILE_OBJECT.Busy says that it is held,
// Waiters how many wait, Lock is the event that wakes one of them.
#pragma once

#include "io/event.h"

namespace ringside::io {

inline void acquire_file_lock(FILE_OBJECT& file)
{
    while (exchange(file.Busy, ULONG { 1 })) {
        __atomic_add_fetch(&file.Waiters, 1, __ATOMIC_SEQ_CST);
        wait_for(file.Lock);
        __atomic_sub_fetch(&file.Waiters, 1, __ATOMIC_SEQ_CST);
    }
}

inline void release_file_lock(FILE_OBJECT& file)
{
    exchange(file.Busy, ULONG { 0 });
    if (file.Waiters)
        set_event(file.Lock);
}

} // namespace ringside::io
