// SPDX-License-Identifier: MIT
// Fast I/O: what a driver's FAST_IO_DISPATCH does in place of an IRP. Each routine is called on the caller's thread, for
// the top device of the stack; one that returns FALSE, or is not there, leaves the work to an IRP.
//
//   FastIoRead, FastIoWrite            synchronous file objects with a cache map (PrivateCacheMap)
//   FastIoQueryBasicInfo, StandardInfo,
//   NetworkOpenInfo                    queries of that class
//   FastIoLock, FastIoUnlockSingle     locks; their first one sets FILE_OBJECT.LockOperation
//   FastIoUnlockAll                    at the last handle of a file object that had locks
//   FastIoDeviceControl                control codes
//
// @cite(wdk-ddi): page=wdm/ns-wdm-_fast_io_dispatch
#pragma once

#include "io/file.h"
#include "io/request.h"

namespace ringside::io {

// Whether the driver's fast path did the work; `status` is its outcome then. PASSIVE_LEVEL.
bool try_fast(DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request, IO_STATUS_BLOCK& status);
// The last handle goes: all locks of the current process are given back, by fast I/O or IRP_MN_UNLOCK_ALL.
void unlock_all(FILE_OBJECT* file);

} // namespace ringside::io
