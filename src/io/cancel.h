// SPDX-License-Identifier: MIT
// Cancelling: the system-wide cancel spin lock, and IoCancelIrp, which takes the IRP's cancel routine and calls it with
// the lock held. The routine releases the lock.
// @cite(wdk-docs): page=kernel/canceling-irps
#pragma once

#include "io/irp.h"

namespace ringside::io {

// The IRP is the caller's to keep until this returns.
BOOLEAN IoCancelIrp(IRP* irp);
// The same for the IRP that stands there when the lock is taken, for callers who do not keep it; null: none.
BOOLEAN cancel_if_there(IRP* const& place);
void IoAcquireCancelSpinLock(KIRQL* irql);
void IoReleaseCancelSpinLock(KIRQL irql);

// What drivers have inline.
PDRIVER_CANCEL set_cancel_routine(IRP* irp, PDRIVER_CANCEL routine);

// Cancels what the thread issued: for one file object, or all. Does not wait. How many were not cancelled before.
uint32_t cancel_thread_irps(ke::Thread& thread, FILE_OBJECT* file);
// Those that the thread waits for itself (CancelSynchronousIo).
uint32_t cancel_synchronous_irps(ke::Thread& thread);
// The thread is about to end, on itself at PASSIVE_LEVEL: cancels its IRPs and waits for them, at most five minutes as
// Windows does; IRPs that stay pending are disowned. Their number.
uint32_t end_thread_io(ke::Thread& thread);

} // namespace ringside::io
