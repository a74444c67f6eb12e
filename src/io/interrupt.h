// SPDX-License-Identifier: MIT
// The I/O manager's face of interrupt objects (ke/interrupt.h).
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoConnectInterrupt(KINTERRUPT** interrupt, PKSERVICE_ROUTINE routine, PVOID context, KSPIN_LOCK* lock,
                            ULONG vector, KIRQL irql, KIRQL synchronize_irql, KINTERRUPT_MODE mode, BOOLEAN share,
                            KAFFINITY processors, BOOLEAN floating_save);
void IoDisconnectInterrupt(KINTERRUPT* interrupt);
NTSTATUS IoConnectInterruptEx(IO_CONNECT_INTERRUPT_PARAMETERS* parameters);
void IoDisconnectInterruptEx(IO_DISCONNECT_INTERRUPT_PARAMETERS* parameters);
// Any IRQL. STATUS_INVALID_PARAMETER: a pointer that names no interrupt object.
NTSTATUS IoGetAffinityInterrupt(KINTERRUPT* interrupt, GROUP_AFFINITY* affinity);
void IoReportInterruptActive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS* parameters);
void IoReportInterruptInactive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS* parameters);

} // namespace ringside::io
