// SPDX-License-Identifier: MIT
// Small questions a driver asks about the thread or the request it works for.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

void IoGetStackLimits(ULONG_PTR* low, ULONG_PTR* high);
ULONG_PTR IoGetRemainingStackSize();
void* IoGetInitialStack();
BOOLEAN IoWithinStackLimits(ULONG_PTR start, SIZE_T bytes);

IRP* IoGetTopLevelIrp();
void IoSetTopLevelIrp(IRP* irp);

BOOLEAN IoIs32bitProcess(IRP* irp);
BOOLEAN IoIsOperationSynchronous(IRP* irp);
EPROCESS* IoGetRequestorProcess(IRP* irp);
ULONG IoGetRequestorProcessId(IRP* irp);
NTSTATUS IoGetRequestorSessionId(IRP* irp, ULONG* session);
NTSTATUS IoValidateDeviceIoControlAccess(IRP* irp, ULONG required);
IO_PRIORITY_HINT IoGetIoPriorityHint(IRP* irp);
NTSTATUS IoSetIoPriorityHint(IRP* irp, IO_PRIORITY_HINT hint);

BOOLEAN IoIsWdmVersionAvailable(UCHAR major, UCHAR minor);
CONFIGURATION_INFORMATION* IoGetConfigurationInformation();
GENERIC_MAPPING* IoGetFileObjectGenericMapping();
void IoAcquireVpbSpinLock(KIRQL* irql);
void IoReleaseVpbSpinLock(KIRQL irql);
DEVICE_OBJECT* IoGetBaseFileSystemDeviceObject(FILE_OBJECT* file);
void* IoGetTransactionParameterBlock(FILE_OBJECT* file);

} // namespace ringside::io
