// SPDX-License-Identifier: MIT
// The way up: IoCompleteRequest walks the completion routines, then the I/O manager ends the request.
//
//   IofCompleteRequest            any context, up to DISPATCH_LEVEL
//     the walk                    each location from the completer's up: its completion routine, or pending handed on
//     end of the walk             an associated IRP tells its master; close and paging requests are signalled; MDLs
//                                 are unlocked
//     the issuing thread          at once when this is it and it may run APCs; else a special kernel APC:
//       finish                    buffered data is copied back, the status block written, the waiter told, the IRP
//                                 freed
//
// Reads, writes, creates, queries (IRP_DEFER_IO_COMPLETION) that were not pended are finished by the issuer itself,
// when the dispatch routine has returned.
#pragma once

#include "io/irp.h"

namespace ringside::io {

void IofCompleteRequest(IRP* irp, CCHAR priority_boost);
// Behind the light gate.
NTAPI void complete_request_bare(IRP* irp, CCHAR priority_boost);
NTAPI void complete_request_observed(IRP* irp, CCHAR priority_boost);

// What the issuing thread does for its completed IRP; at PASSIVE_LEVEL or APC_LEVEL in that thread. Frees the IRP.
void finish(IrpRecord& record);
// The issuer of a deferred request, after its dispatch routine returned something else than STATUS_PENDING.
void finish_deferred(IRP* irp, uint32_t number);

// A synchronous operation, as IoIsOperationSynchronous defines it.
bool is_synchronous(IRP* irp, FILE_OBJECT* file);

} // namespace ringside::io
