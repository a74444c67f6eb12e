// SPDX-License-Identifier: MIT
// A driver and its devices for samples of room io. Its dispatch routines complete what they get with success, or with
// what `answer` says; `seen` counts them.
#pragma once

#include "contract.h"

#include "io/build.h"
#include "io/cancel.h"
#include "io/complete.h"
#include "io/csq.h"
#include "io/device.h"
#include "io/dispatch.h"
#include "io/driver.h"
#include "io/file.h"
#include "io/irp.h"
#include "io/open.h"
#include "ke/dispatcher_objects.h"

namespace ringside::test {

using namespace ringside::nt;

struct Stage {
    explicit Stage(At& at);

    DRIVER_OBJECT* driver = nullptr;
    DEVICE_OBJECT* device = nullptr; // \Device\Sample, with 64 bytes of extension
    // Another device of the driver, without a name.
    DEVICE_OBJECT* another(ULONG extension_bytes = 64);
    // An IRP of the driver's own for the device, on its way: the device is at its first location.
    IRP* irp(UCHAR major = IRP_MJ_READ);
    // A file object that was opened on the device.
    FILE_OBJECT* file();

    // What the dispatch routine does next and has done.
    static inline NTSTATUS answer = STATUS_SUCCESS; // STATUS_PENDING: it keeps the IRP
    static inline unsigned seen = 0;
    static inline IRP* kept = nullptr;

private:
    At& m_at;
};

// A completion routine that takes the IRP back.
NTAPI inline NTSTATUS take_back(DEVICE_OBJECT*, IRP*, void* count)
{
    if (count)
        ++*static_cast<unsigned*>(count);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace ringside::test
