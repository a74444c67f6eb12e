// SPDX-License-Identifier: MIT
// What the verifier hears of the I/O manager. A null member costs one test; all are null in bare and observed runs.
// A listener may end the machine and changes nothing else, so that verified runs are the same runs.
#pragma once

#include "nt/nt.h"

#include <cstdint>

namespace ringside::ke {
struct DoorPassage;
}

namespace ringside::io {

struct IrpRecord;
struct DispatchFrame;
struct DriverRecord;
struct RemoveLockHolder;

struct Listener {
    // IofCallDriver, before the location moves.
    void (*irp_sending)(IRP* irp, IrpRecord* record, DEVICE_OBJECT* to) = nullptr;
    // IoReuseIrp was called; nothing has changed yet.
    void (*irp_reusing)(IRP* irp, IrpRecord* record) = nullptr;
    // IoInitializeIrp was called; nothing has changed yet. `record` is null for memory that is no IRP of ours.
    void (*irp_initializing)(IRP* irp, IrpRecord* record) = nullptr;
    // IoBuildDeviceIoControlRequest (`control`) or IoBuildAsynchronousFsdRequest cannot use its buffer. `what`: the control
    // code, the major function.
    void (*buffer_refused)(DEVICE_OBJECT* device, bool control, ULONG what, NTSTATUS status) = nullptr;
    // The thread that issued it ended, and waits no more for an IRP that it cancelled `milliseconds` ago.
    void (*irp_given_up)(IrpRecord& record, ULONG milliseconds) = nullptr;
    // IofCompleteRequest was called; nothing has changed yet.
    void (*irp_completing)(IRP* irp, IrpRecord* record) = nullptr;
    // A completion routine returned. `record` is null when the IRP is gone. `notes`: its passage's.
    void (*completion_returned)(IRP* irp, IrpRecord* record, PIO_COMPLETION_ROUTINE routine, NTSTATUS status,
                                bool was_pending, int location, uint8_t notes) = nullptr;
    // IoFreeIrp was called; nothing has changed yet. The I/O manager's own freeing is not told.
    void (*irp_freed)(IRP* irp, IrpRecord* record) = nullptr;
    void (*dispatch_returned)(DispatchFrame const& frame, NTSTATUS status, ke::DoorPassage const& passage) = nullptr;
    // StartIo returned. `record` is null when the IRP is gone.
    void (*start_io_returned)(DEVICE_OBJECT* device, IRP* irp, IrpRecord* record, uint8_t notes) = nullptr;
    // IoInitializeRemoveLock was called; nothing has changed yet. Minutes and acquisitions: 0 is no limit.
    void (*remove_lock_initializing)(IO_REMOVE_LOCK* lock, ULONG locked_minutes_max, ULONG high_watermark) = nullptr;
    // IoAcquireRemoveLock succeeded.
    void (*remove_lock_acquired)(IO_REMOVE_LOCK* lock, RemoveLockHolder const& holder) = nullptr;
    // IoReleaseRemoveLock was called, or IoReleaseRemoveLockAndWait (`waits`); nothing has changed yet.
    void (*remove_lock_releasing)(IO_REMOVE_LOCK* lock, void* tag, bool waits) = nullptr;
    // Asks for the acquisitions that are not given back, oldest first.
    void (*remove_lock_holders)(IO_REMOVE_LOCK* lock, void (*visit)(void* context, RemoveLockHolder const& holder),
                                void* context) = nullptr;
    // The machine is at its end, all has come to rest, and the driver is about to be unloaded: what a thread in it waits for
    // now will not come.
    void (*driver_ending)(DriverRecord& driver) = nullptr;
    // After DriverUnload returned: what the driver leaves behind is still countable.
    void (*driver_unloaded)(DriverRecord& driver) = nullptr;
};
extern Listener g_listener;

} // namespace ringside::io
