// SPDX-License-Identifier: MIT
#include "io/thread_ddi.h"

#include "ex/pool.h"
#include "io/complete.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "ke/spin_lock.h"
#include "ke/stack.h"
#include "mm/address_space.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

// Bits 17 to 19 of IRP.Flags: the hint plus one, zero for none.
constexpr unsigned kPriorityShift = 17;
constexpr ULONG kPriorityMask = 7u << kPriorityShift;

ke::Thread* thread_of(IRP* irp)
{
    IrpRecord* record = record_of(irp);
    if (record && record->thread)
        return issuer_of(*record);
    return irp->Tail.Overlay.Thread
        ? ke::kernel().thread_of(reinterpret_cast<PKTHREAD>(irp->Tail.Overlay.Thread))
        : nullptr;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetstacklimits
void IoGetStackLimits(ULONG_PTR* low, ULONG_PTR* high)
{
    ke::StackView const view = ke::stack_view();
    *low = view.low;
    *high = view.high;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetremainingstacksize
ULONG_PTR IoGetRemainingStackSize() { return ke::stack_view().remaining; }

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetinitialstack
void* IoGetInitialStack()
{
    auto const& stack = ke::kernel().current().stack;
    return reinterpret_cast<void*>(stack.low + stack.bytes);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iowithinstacklimits
BOOLEAN IoWithinStackLimits(ULONG_PTR start, SIZE_T bytes)
{
    auto const& stack = ke::kernel().current().stack;
    return start >= stack.low && start + bytes >= start && start + bytes <= stack.low + stack.bytes;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iogettoplevelirp
IRP* IoGetTopLevelIrp() { return manager().top_level(ke::kernel().current()); }

// @cite(wdk-ddi): page=wdm/nf-wdm-iosettoplevelirp
void IoSetTopLevelIrp(IRP* irp) { manager().set_top_level(ke::kernel().current(), irp); }

// @cite(wdk-ddi): page=wdm/nf-wdm-iois32bitprocess
BOOLEAN IoIs32bitProcess(IRP* irp)
{
    if (!irp)
        return mm::is_32bit(ob::current_process());
    // What a driver makes is 64 bits wide, whosever thread it is.
    ke::Thread const* const thread = irp->RequestorMode == UserMode ? thread_of(irp) : nullptr;
    return thread && mm::is_32bit(*thread->process);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ioisoperationsynchronous
BOOLEAN IoIsOperationSynchronous(IRP* irp)
{
    IO_STACK_LOCATION const& location = *current_location(irp);
    if ((irp->Flags & IRP_PAGING_IO) && !(irp->Flags & IRP_SYNCHRONOUS_PAGING_IO))
        return FALSE;
    bool const control = location.MajorFunction == IRP_MJ_DEVICE_CONTROL
        || location.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL
        || location.MajorFunction == IRP_MJ_FILE_SYSTEM_CONTROL;
    if (control && METHOD_FROM_CTL_CODE(location.Parameters.DeviceIoControl.IoControlCode) == METHOD_BUFFERED)
        return TRUE;
    return is_synchronous(irp, location.FileObject);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetrequestorprocess
EPROCESS* IoGetRequestorProcess(IRP* irp)
{
    ke::Thread* thread = thread_of(irp);
    return thread ? reinterpret_cast<EPROCESS*>(thread->process->guest) : nullptr;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetrequestorprocessid
ULONG IoGetRequestorProcessId(IRP* irp)
{
    ke::Thread* thread = thread_of(irp);
    return thread ? static_cast<ULONG>(thread->process->id) : 0;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetrequestorsessionid
NTSTATUS IoGetRequestorSessionId(IRP* irp, ULONG* session)
{
    ke::Thread* thread = thread_of(irp);
    if (!thread) {
        *session = ~ULONG { 0 };
        return STATUS_UNSUCCESSFUL;
    }
    *session = 0; // services and the System process live in session 0, and so do all clients here
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdmsec/nf-wdmsec-wdmlibiovalidatedeviceiocontrolaccess
NTSTATUS IoValidateDeviceIoControlAccess(IRP* irp, ULONG required)
{
    IO_STACK_LOCATION const& location = *current_location(irp);
    bool const control = location.MajorFunction == IRP_MJ_DEVICE_CONTROL
        || location.MajorFunction == IRP_MJ_FILE_SYSTEM_CONTROL;
    if (!control || (required & ~(FILE_READ_ACCESS | FILE_WRITE_ACCESS)))
        return STATUS_INVALID_PARAMETER;
    if (irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    ULONG granted = location.Flags & SL_READ_ACCESS_GRANTED ? FILE_READ_ACCESS : 0;
    granted |= location.Flags & SL_WRITE_ACCESS_GRANTED ? FILE_WRITE_ACCESS : 0;
    return (granted & required) == required ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetiopriorityhint
IO_PRIORITY_HINT IoGetIoPriorityHint(IRP* irp)
{
    ULONG const stored = (irp->Flags & kPriorityMask) >> kPriorityShift;
    return stored ? static_cast<IO_PRIORITY_HINT>(stored - 1) : IoPriorityNormal;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iosetiopriorityhint
NTSTATUS IoSetIoPriorityHint(IRP* irp, IO_PRIORITY_HINT hint)
{
    if (hint < IoPriorityVeryLow || hint >= MaxIoPriorityTypes)
        return STATUS_INVALID_PARAMETER;
    irp->Flags = (irp->Flags & ~kPriorityMask) | (static_cast<ULONG>(hint) + 1) << kPriorityShift;
    return STATUS_SUCCESS;
}

// WDM's version: 1.x up to Windows Server 2003 (1.30h), then that of Windows, and 6.0 from Vista on for good.
// @cite(wdk-ddi): page=wdm/nf-wdm-ioiswdmversionavailable
BOOLEAN IoIsWdmVersionAvailable(UCHAR major, UCHAR minor)
{
    bool const vista = ke::kernel().options().windows >= Windows::vista;
    UCHAR const ours_major = vista ? 6 : 1;
    UCHAR const ours_minor = vista ? 0 : 0x30;
    return major < ours_major || (major == ours_major && minor <= ours_minor);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetconfigurationinformation
CONFIGURATION_INFORMATION* IoGetConfigurationInformation() { return manager().configuration(); }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetfileobjectgenericmapping
GENERIC_MAPPING* IoGetFileObjectGenericMapping() { return manager().file_mapping(); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ioacquirevpbspinlock
void IoAcquireVpbSpinLock(KIRQL* irql)
{
    KIRQL const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
    ke::acquire_spin_lock(manager().vpb_lock);
    *irql = old;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ioreleasevpbspinlock
void IoReleaseVpbSpinLock(KIRQL irql)
{
    ke::release_spin_lock(manager().vpb_lock);
    ke::kernel().lower_irql(irql);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetbasefilesystemdeviceobject
DEVICE_OBJECT* IoGetBaseFileSystemDeviceObject(FILE_OBJECT* file)
{
    return file->Vpb && file->Vpb->DeviceObject ? file->Vpb->DeviceObject : file->DeviceObject;
}

// There are no transactions.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogettransactionparameterblock
void* IoGetTransactionParameterBlock(FILE_OBJECT*) { return nullptr; }

} // namespace ringside::io
