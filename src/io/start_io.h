// SPDX-License-Identifier: MIT
// StartIo: a device queue in the device object, through which one IRP at a time comes to the driver's StartIo routine.
// @cite(wdk-docs): page=kernel/introduction-to-startio
#pragma once

#include "nt/nt.h"

namespace ringside::io {

void IoStartPacket(DEVICE_OBJECT* device, IRP* irp, ULONG* key, PDRIVER_CANCEL cancel);
void IoStartNextPacket(DEVICE_OBJECT* device, BOOLEAN cancelable);
void IoStartNextPacketByKey(DEVICE_OBJECT* device, BOOLEAN cancelable, ULONG key);
void IoSetStartIoAttributes(DEVICE_OBJECT* device, BOOLEAN deferred, BOOLEAN non_cancelable);

} // namespace ringside::io
