// SPDX-License-Identifier: MIT
// Who hears of the system's shutdown: IRP_MJ_SHUTDOWN to each registered device's stack.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoRegisterShutdownNotification(DEVICE_OBJECT* device);
NTSTATUS IoRegisterLastChanceShutdownNotification(DEVICE_OBJECT* device);
void IoUnregisterShutdownNotification(DEVICE_OBJECT* device);

// Takes the device out of both lists (it is being deleted).
void forget_shutdown(DEVICE_OBJECT* device);
// Sends the IRPs, last registered first, and waits for each. On a system thread at PASSIVE_LEVEL.
void notify_shutdown(bool last_chance);

} // namespace ringside::io
