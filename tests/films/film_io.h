// SPDX-License-Identifier: MIT
// What the films about IRPs share: one device, a sender's IRP that comes back to it, and counts of what happened.
#pragma once

#include "film.h"

#include "io/irp.h"

namespace ringside::test {

class IoFilm;
inline IoFilm* g_io = nullptr;

class IoFilm {
public:
    explicit IoFilm(Film& of) : film(&of)
    {
        g_io = this;
        m_driver = of.driver();
        of.ok("IoCreateDevice", m_driver, 0u, nullptr, ULONG { FILE_DEVICE_UNKNOWN }, 0u, BOOLEAN { FALSE }, &device);
        device->Flags &= ~ULONG { DO_DEVICE_INITIALIZING };
    }
    ~IoFilm()
    {
        film->call("IoDeleteDevice", device);
        film->unload(m_driver);
        g_io = nullptr;
    }
    IoFilm(IoFilm const&) = delete;
    IoFilm& operator=(IoFilm const&) = delete;

    void dispatch(UCHAR major, PDRIVER_DISPATCH routine) { m_driver->MajorFunction[major] = routine; }

    // A read that comes back to `sent_back`, which counts it and keeps it.
    IRP* make_read()
    {
        auto* irp = reinterpret_cast<IRP*>(film->call("IoAllocateIrp", CCHAR { 1 }, BOOLEAN { FALSE }));
        IO_STACK_LOCATION* next = io::next_location(irp);
        next->MajorFunction = IRP_MJ_READ;
        next->CompletionRoutine = &sent_back;
        next->Context = this;
        next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
        return irp;
    }
    NTSTATUS send(IRP* irp) { return film->status("IofCallDriver", device, irp); }
    IRP* send_read()
    {
        IRP* irp = make_read();
        send(irp);
        return irp;
    }
    void complete(IRP* irp, NTSTATUS status)
    {
        irp->IoStatus = { { status }, 0 };
        film->call("IofCompleteRequest", irp, CCHAR { IO_NO_INCREMENT });
    }
    // Of one that came back: what it came back with. It is freed.
    NTSTATUS take_back(IRP* irp)
    {
        EXPECT_EQ(completions, 1);
        NTSTATUS const status = irp->IoStatus.Status;
        film->call("IoFreeIrp", irp);
        return status;
    }

    Film* film;
    DEVICE_OBJECT* device = nullptr;
    IRP* held = nullptr;
    LONG served = 0, cancelled = 0, completions = 0;

private:
    static NTAPI NTSTATUS sent_back(DEVICE_OBJECT*, IRP*, void* context)
    {
        ++static_cast<IoFilm*>(context)->completions;
        return STATUS_MORE_PROCESSING_REQUIRED;
    }

    DRIVER_OBJECT* m_driver = nullptr;
};

} // namespace ringside::test
