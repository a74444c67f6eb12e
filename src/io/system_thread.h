// SPDX-License-Identifier: MIT
// A thread that holds its driver: while it lives, the driver or device object it was made for stays, and with it the code.
// @cite(wdk-ddi): page=wdm/nf-wdm-iocreatesystemthread
#pragma once

#include "nt/nt.h"

namespace ringside::io {

// PASSIVE_LEVEL. As PsCreateSystemThread; `object` is a driver or a device object. The thread ends when its routine returns.
// STATUS_INVALID_PARAMETER: `object` is neither; STATUS_INSUFFICIENT_RESOURCES; those of PsCreateSystemThread.
NTSTATUS IoCreateSystemThread(void* object, HANDLE* handle, ULONG desired, OBJECT_ATTRIBUTES* attributes,
                              HANDLE process, CLIENT_ID* client_id, PKSTART_ROUTINE routine, void* context);

} // namespace ringside::io
