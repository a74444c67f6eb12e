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
//   FastIoQueryOpen                    attributes by name, in place of an open, a query and a close
//   FastIoDetachDevice                 of a driver whose device stands on one that is being deleted
//
// @cite(wdk-ddi): page=wdm/ns-wdm-_fast_io_dispatch
#pragma once

#include "io/file.h"
#include "io/request.h"

namespace ringside::io {

// Whether the driver's fast path did the work; `status` is its outcome then. PASSIVE_LEVEL.
bool try_fast(DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request, IO_STATUS_BLOCK& status);
// FastIoQueryOpen gets a create's IRP, current location and all, which it does not complete: its status is the outcome.
bool has_query_open(DEVICE_OBJECT* top);
bool query_open(IRP* irp, FILE_NETWORK_OPEN_INFORMATION* answer, DEVICE_OBJECT* top);
// Asks the driver of `source`, which stands on `target`, to detach it. False: it has no routine for that.
bool ask_to_detach(DEVICE_OBJECT* source, DEVICE_OBJECT* target);
// The last handle goes: all locks of the current process are given back, by fast I/O or IRP_MN_UNLOCK_ALL.
void unlock_all(FILE_OBJECT* file);

} // namespace ringside::io
