// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-ioconnectinterrupt
// @cite(wdk-ddi): page=iointex/nf-iointex-wdmlibioconnectinterruptex
// @cite(wdk-ddi): page=wdm/ns-wdm-_io_connect_interrupt_parameters
#include "io/interrupt.h"

#include "ex/pool.h"
#include "io/ddi.h"
#include "io/manager.h"
#include "ke/bugcheck.h"
#include "ke/interrupt.h"
#include "ke/kernel.h"

namespace ringside::io {

namespace {

constexpr ULONG kTag = 0x746E4F49; // 'IOnt'

Result<ke::Interrupt*> connect(ke::InterruptOptions const& options)
{
    void* guest = ex::allocate(NonPagedPoolNx, ke::kGuestInterruptBytes, kTag, ex::Owner::Kernel, true);
    if (!guest)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    auto connected = ke::kernel().interrupt_objects().connect(guest, options);
    if (!connected.ok())
        ex::free(guest, kTag);
    return connected;
}

ke::Interrupt& named(KINTERRUPT* pointer)
{
    ke::Interrupt* interrupt = ke::kernel().interrupt_objects().of(pointer);
    if (!interrupt)
        ke::bug_check(REFERENCE_BY_POINTER, 0, reinterpret_cast<uint64_t>(pointer), 0, 0,
                      "an interrupt object's pointer that names none");
    return *interrupt;
}

NTSTATUS fully_specified(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS const& p, USHORT group)
{
    if (!p.PhysicalDeviceObject || !manager().devices().find_safely(p.PhysicalDeviceObject))
        return STATUS_INVALID_PARAMETER;
    if (!p.ProcessorEnableMask || group)
        return STATUS_INVALID_PARAMETER_10;
    // A message is an edge; the system tells them apart by the resource, which there is none of yet.
    return IoConnectInterrupt(p.InterruptObject, p.ServiceRoutine, p.ServiceContext, p.SpinLock, p.Vector, p.Irql,
                              p.SynchronizeIrql, p.InterruptMode, p.ShareVector, p.ProcessorEnableMask, p.FloatingSave);
}

} // namespace

NTSTATUS IoConnectInterrupt(KINTERRUPT** interrupt, PKSERVICE_ROUTINE routine, PVOID context, KSPIN_LOCK* lock,
                            ULONG vector, KIRQL irql, KIRQL synchronize_irql, KINTERRUPT_MODE mode, BOOLEAN share,
                            KAFFINITY processors, BOOLEAN)
{
    if (!routine)
        return STATUS_INVALID_PARAMETER;
    auto connected = connect({ .routine = routine,
                               .context = context,
                               .lock = lock,
                               .vector = vector,
                               .irql = irql,
                               .synchronize_irql = synchronize_irql,
                               .trigger = mode == LevelSensitive ? hal::Trigger::Level : hal::Trigger::Edge,
                               .share = share != 0,
                               .processors = processors });
    if (!connected.ok())
        return connected.status();
    // The line may be held already: the ISR may have run before the driver learns its object.
    *interrupt = (*connected)->pointer();
    return STATUS_SUCCESS;
}

void IoDisconnectInterrupt(KINTERRUPT* pointer)
{
    ke::Interrupt& interrupt = named(pointer);
    void* const guest = interrupt.guest;
    ke::kernel().interrupt_objects().disconnect(interrupt);
    ex::free(guest, kTag);
}

NTSTATUS IoConnectInterruptEx(IO_CONNECT_INTERRUPT_PARAMETERS* parameters)
{
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
        return fully_specified(parameters->FullySpecified, 0);
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return fully_specified(parameters->FullySpecified, parameters->FullySpecified.Group);
    case CONNECT_LINE_BASED:
    case CONNECT_MESSAGE_BASED:
        // All three begin with the device. It has no interrupts: nobody assigns resources.
        return parameters->LineBased.PhysicalDeviceObject
                && manager().devices().find_safely(parameters->LineBased.PhysicalDeviceObject)
            ? STATUS_NOT_FOUND
            : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_PARAMETER_1;
    }
}

void IoDisconnectInterruptEx(IO_DISCONNECT_INTERRUPT_PARAMETERS* parameters)
{
    IoDisconnectInterrupt(parameters->ConnectionContext.InterruptObject);
}

// @cite(wdk-ddi): page=iointex/nf-iointex-wdmlibiogetaffinityinterrupt
NTSTATUS IoGetAffinityInterrupt(KINTERRUPT* pointer, GROUP_AFFINITY* affinity)
{
    ke::Interrupt const* interrupt = pointer ? ke::kernel().interrupt_objects().of(pointer) : nullptr;
    if (!interrupt)
        return STATUS_INVALID_PARAMETER;
    *affinity = { .Mask = interrupt->options.processors };
    return STATUS_SUCCESS;
}

void IoReportInterruptActive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS* parameters)
{
    ke::kernel().interrupt_objects().set_active(named(parameters->ConnectionContext.InterruptObject), true);
}

void IoReportInterruptInactive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS* parameters)
{
    ke::kernel().interrupt_objects().set_active(named(parameters->ConnectionContext.InterruptObject), false);
}

std::span<Ddi const> interrupt_rows()
{
    static Ddi const rows[] = {
        { .name = "IoConnectInterrupt", .irql = { 0, 0 }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioconnectinterrupt",
          .rules = "IrqlIoPassive2,PowerIrpDDis", .body = body<&IoConnectInterrupt>() },
        { .name = "IoDisconnectInterrupt", .irql = { 0, 0 }, .page = "wdm/nf-wdm-iodisconnectinterrupt",
          .rules = "IrqlIoPassive4,PowerIrpDDis", .body = body<&IoDisconnectInterrupt>() },
        { .name = "IoConnectInterruptEx", .irql = { 0, 0 }, .since = Windows::vista, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-ioconnectinterruptex",
          .partial = "no device is assigned interrupts: line-based and message-based are STATUS_NOT_FOUND",
          .body = body<&IoConnectInterruptEx>() },
        { .name = "IoDisconnectInterruptEx", .irql = { 0, 0 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-iodisconnectinterruptex", .body = body<&IoDisconnectInterruptEx>() },
        { .name = "IoGetAffinityInterrupt", .irql = { 0, 15 }, .since = Windows::win7,
          .page = "wdm/nf-wdm-iogetaffinityinterrupt", .body = body<&IoGetAffinityInterrupt>() },
        { .name = "IoReportInterruptActive", .irql = { 0, 2 }, .since = Windows::win8,
          .page = "wdm/nf-wdm-ioreportinterruptactive", .body = body<&IoReportInterruptActive>() },
        { .name = "IoReportInterruptInactive", .irql = { 0, 2 }, .since = Windows::win8,
          .page = "wdm/nf-wdm-ioreportinterruptinactive", .body = body<&IoReportInterruptInactive>() },
    };
    return rows;
}

} // namespace ringside::io
