// SPDX-License-Identifier: MIT
// Controller objects: one piece of hardware behind several device objects of one driver, which one device at a time has.
//
//          IoAllocateController         the control routine keeps it, or        IoFreeController
//   free ----------------------> allocated ------------------------------> free, or the next device's at once
//                                    |  a second device waits in DeviceWaitQueue, by its Queue.Wcb
//
// @cite(wdk-docs): page=kernel/introduction-to-controller-objects
#pragma once

#include "nt/nt.h"

namespace ringside::io {

// PASSIVE_LEVEL. The extension stands in the same block of non-paged pool, zeroed. Null: no pool.
CONTROLLER_OBJECT* IoCreateController(ULONG extension_bytes);
void IoDeleteController(CONTROLLER_OBJECT* controller);
// DISPATCH_LEVEL, both. The control routine runs at once when the controller is free, else when it becomes so; it gets
// the IRP that was the device's current one at the time of this call.
void IoAllocateController(CONTROLLER_OBJECT* controller, DEVICE_OBJECT* device, PDRIVER_CONTROL routine, void* context);
void IoFreeController(CONTROLLER_OBJECT* controller);

} // namespace ringside::io
