// SPDX-License-Identifier: MIT
// IRPs that a driver has built for it, and the helpers for sending one and waiting.
#pragma once

#include "io/irp.h"

namespace ringside::io {

IRP* IoBuildDeviceIoControlRequest(ULONG code, DEVICE_OBJECT* device, void* input, ULONG input_bytes, void* output,
                                   ULONG output_bytes, BOOLEAN internal, KEVENT* event, IO_STATUS_BLOCK* status);
IRP* IoBuildSynchronousFsdRequest(ULONG major, DEVICE_OBJECT* device, void* buffer, ULONG bytes, LARGE_INTEGER* offset,
                                  KEVENT* event, IO_STATUS_BLOCK* status);
IRP* IoBuildAsynchronousFsdRequest(ULONG major, DEVICE_OBJECT* device, void* buffer, ULONG bytes, LARGE_INTEGER* offset,
                                   IO_STATUS_BLOCK* status);
IRP* IoMakeAssociatedIrp(IRP* master, CCHAR stack_size);
BOOLEAN IoForwardIrpSynchronously(DEVICE_OBJECT* device, IRP* irp);
NTSTATUS IoSetCompletionRoutineEx(DEVICE_OBJECT* device, IRP* irp, PIO_COMPLETION_ROUTINE routine, void* context,
                                  BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel);

// Whether it is what IoSetCompletionRoutineEx puts into a location.
bool is_extended(PIO_COMPLETION_ROUTINE routine);

// For the rooms above: a threaded IRP for the stack's top, with no parameters yet; null when pool is empty. The status
// block and event must outlive it.
IRP* make_synchronous_irp(DEVICE_OBJECT* top, KEVENT* event, IO_STATUS_BLOCK* status);
// Sends one made so, waits for it, and returns its final status: how the system asks a stack (PnP, power, WMI).
// The IRP's IoStatus.Status is the caller's to preset. PASSIVE_LEVEL.
NTSTATUS send_and_wait(DEVICE_OBJECT* top, IRP* irp, KEVENT& event, IO_STATUS_BLOCK& status);

} // namespace ringside::io
