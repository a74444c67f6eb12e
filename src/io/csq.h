// SPDX-License-Identifier: MIT
// Cancel-safe queues: the driver supplies the queue and its lock, the library the race with IoCancelIrp.
// An IRP in such a queue keeps, in Tail.Overlay.DriverContext[3], its IO_CSQ_IRP_CONTEXT or else the queue itself; both
// begin with a type word that tells them apart.
// @cite(wdk-docs): page=kernel/cancel-safe-irp-queues
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoCsqInitialize(IO_CSQ* queue, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                         PIO_CSQ_PEEK_NEXT_IRP peek_next, PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                         PIO_CSQ_COMPLETE_CANCELED_IRP complete_canceled);
NTSTATUS IoCsqInitializeEx(IO_CSQ* queue, void* insert_ex, PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek_next,
                           PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                           PIO_CSQ_COMPLETE_CANCELED_IRP complete_canceled);
void IoCsqInsertIrp(IO_CSQ* queue, IRP* irp, IO_CSQ_IRP_CONTEXT* context);
NTSTATUS IoCsqInsertIrpEx(IO_CSQ* queue, IRP* irp, IO_CSQ_IRP_CONTEXT* context, void* insert_context);
IRP* IoCsqRemoveIrp(IO_CSQ* queue, IO_CSQ_IRP_CONTEXT* context);
IRP* IoCsqRemoveNextIrp(IO_CSQ* queue, void* peek_context);

} // namespace ringside::io
