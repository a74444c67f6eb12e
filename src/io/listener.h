// SPDX-License-Identifier: MIT
// What the verifier hears of the I/O manager. A null member costs one test; all are null in bare and observed runs.
// A listener may end the machine and changes nothing else, so that verified runs are the same runs.
#pragma once

#include "nt/nt.h"

#include <cstdint>

namespace ringside::io {

struct IrpRecord;
struct DispatchFrame;
struct DriverRecord;

struct Listener {
    // IofCallDriver, before the location moves.
    void (*irp_sending)(IRP* irp, IrpRecord* record, DEVICE_OBJECT* to) = nullptr;
    // IoReuseIrp was called; nothing has changed yet.
    void (*irp_reusing)(IRP* irp, IrpRecord* record) = nullptr;
    // IoInitializeIrp was called; nothing has changed yet. `record` is null for memory that is no IRP of ours.
    void (*irp_initializing)(IRP* irp, IrpRecord* record) = nullptr;
    // IofCompleteRequest was called; nothing has changed yet.
    void (*irp_completing)(IRP* irp, IrpRecord* record) = nullptr;
    // A completion routine returned. `record` is null when the IRP is gone.
    void (*completion_returned)(IRP* irp, IrpRecord* record, PIO_COMPLETION_ROUTINE routine, NTSTATUS status,
                                bool was_pending, int location) = nullptr;
    // IoFreeIrp was called; nothing has changed yet. The I/O manager's own freeing is not told.
    void (*irp_freed)(IRP* irp, IrpRecord* record) = nullptr;
    void (*dispatch_returned)(DispatchFrame const& frame, NTSTATUS status) = nullptr;
    // After DriverUnload returned: what the driver leaves behind is still countable.
    void (*driver_unloaded)(DriverRecord& driver) = nullptr;
};
extern Listener g_listener;

} // namespace ringside::io
