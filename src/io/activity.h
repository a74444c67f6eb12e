// SPDX-License-Identifier: MIT
// Activity IDs: the GUID by which a trace tells what belongs together. A thread points at one, an IRP holds one.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoGetActivityIdIrp(IRP* irp, GUID* activity);
// A null `activity`: the current thread's, when it issued the IRP.
NTSTATUS IoSetActivityIdIrp(IRP* irp, GUID const* activity);
// The thread keeps the pointers that these are given; the driver owns what they point at.
GUID const* IoGetActivityIdThread();
GUID const* IoSetActivityIdThread(GUID const* activity);
void IoClearActivityIdThread(GUID const* original);
NTSTATUS IoPropagateActivityIdToThread(IRP* irp, GUID* propagated, GUID const** original);
// An event in the trace that says that the second one's work belongs to the first one's. Any IRQL.
void IoTransferActivityId(GUID const* activity, GUID const* related);

} // namespace ringside::io
