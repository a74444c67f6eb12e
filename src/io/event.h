// SPDX-License-Identifier: MIT
// Events that the I/O manager itself initializes, sets and waits for.
#pragma once

#include "ke/kernel.h"

namespace ringside::io {

inline void initialize_event(KEVENT& event, EVENT_TYPE type, bool signalled)
{
    event.Header.Lock = 0;
    event.Header.Type = type == NotificationEvent ? EventNotificationObject : EventSynchronizationObject;
    event.Header.Size = sizeof(KEVENT) / sizeof(ULONG);
    event.Header.SignalState = signalled;
    event.Header.WaitListHead.Flink = event.Header.WaitListHead.Blink = &event.Header.WaitListHead;
}

// Up to DISPATCH_LEVEL.
inline void set_event(KEVENT& event, int32_t increment = 0)
{
    LONG const before = event.Header.SignalState;
    event.Header.SignalState = 1;
    if (before || event.Header.WaitListHead.Flink == &event.Header.WaitListHead)
        return;
    ke::Kernel& k = ke::kernel();
    uint8_t const old = ke::Kernel::irql();
    if (old >= DISPATCH_LEVEL) {
        k.signalled(event.Header, increment);
        return;
    }
    k.raise_irql(DISPATCH_LEVEL);
    k.signalled(event.Header, increment);
    k.lower_irql(old);
}

// PASSIVE_LEVEL or APC_LEVEL; without a time-out.
inline NTSTATUS wait_for(KEVENT& event, KWAIT_REASON reason = Executive, KPROCESSOR_MODE mode = KernelMode,
                         bool alertable = false)
{
    if (event.Header.SignalState > 0 && event.Header.Type == EventNotificationObject)
        return STATUS_SUCCESS;
    void* object = &event;
    return ke::kernel().wait(1, &object, WaitAny, reason, mode, alertable, nullptr, nullptr);
}

// An InterlockedXxx of ours on a driver's word: one host thread runs today, several will.
template <typename T>
inline T exchange(T volatile& word, T value)
{
    return __atomic_exchange_n(&word, value, __ATOMIC_SEQ_CST);
}

inline void link_tail(LIST_ENTRY& head, LIST_ENTRY& entry)
{
    entry.Flink = &head;
    entry.Blink = head.Blink;
    head.Blink->Flink = &entry;
    head.Blink = &entry;
}

inline void unlink(LIST_ENTRY& entry)
{
    entry.Blink->Flink = entry.Flink;
    entry.Flink->Blink = entry.Blink;
    entry.Flink = entry.Blink = &entry;
}

} // namespace ringside::io
