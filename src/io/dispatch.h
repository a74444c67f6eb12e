// SPDX-License-Identifier: MIT
// The way down: IoCallDriver and the location it hands on. In bare mode a call is the location's decrement and the
// driver's dispatch routine, nothing else.
#pragma once

#include "io/irp.h"

namespace ringside::io {

// What a Dispatch or Completion passage says: major | minor << 8 | number of the driver called << 16.
constexpr uint64_t passage_detail(UCHAR major, UCHAR minor, uint32_t driver)
{
    return major | uint64_t { minor } << 8 | uint64_t { driver } << 16;
}

NTSTATUS IofCallDriver(DEVICE_OBJECT* device, IRP* irp);
// Behind the light gate.
NTAPI NTSTATUS call_driver_bare(DEVICE_OBJECT* device, IRP* irp);
NTAPI NTSTATUS call_driver_observed(DEVICE_OBJECT* device, IRP* irp);

} // namespace ringside::io
