// SPDX-License-Identifier: MIT
// An IRP's life: made, sent, completed, cancelled, freed.
#include "io_stage.h"

#include "ob/object.h"
#include "ps/ddi.h"
#include "ps/process.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(IoAllocateIrp)
{
    auto* irp = reinterpret_cast<IRP*>(at.call(CCHAR { 3 }, FALSE));
    ASSERT_TRUE(irp);
    EXPECT_EQ(irp->StackCount, 3);
    EXPECT_EQ(irp->CurrentLocation, 4);
    EXPECT_EQ(irp->Size, io::size_of_irp(3));
    EXPECT_EQ(irp->Type, IO_TYPE_IRP);
    io::IoFreeIrp(irp);
}

SAMPLE(IoAllocateIrpEx)
{
    Stage stage(at);
    auto* irp = reinterpret_cast<IRP*>(at.call(stage.device, CCHAR { 2 }, FALSE));
    ASSERT_TRUE(irp);
    EXPECT_EQ(irp->StackCount, 2);
    io::IoFreeIrp(irp);
}

SAMPLE(IoInitializeIrp)
{
    auto* irp = static_cast<IRP*>(at.bytes(io::size_of_irp(2)));
    at.call(irp, io::size_of_irp(2), CCHAR { 2 });
    EXPECT_EQ(irp->Type, IO_TYPE_IRP);
    EXPECT_EQ(irp->Size, io::size_of_irp(2));
    EXPECT_EQ(irp->StackCount, 2);
    EXPECT_EQ(irp->CurrentLocation, 3);
}

SAMPLE(IoReuseIrp)
{
    IRP* irp = io::IoAllocateIrp(2, FALSE);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->Cancel = TRUE;
    at.call(irp, STATUS_NOT_SUPPORTED);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    EXPECT_FALSE(irp->Cancel);
    EXPECT_EQ(irp->CurrentLocation, 3);
    io::IoFreeIrp(irp);
}

SAMPLE(IoFreeIrp)
{
    size_t const before = at.rooms().io.irps().live();
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    at.call(irp);
    EXPECT_EQ(at.rooms().io.irps().live(), before);
}

SAMPLE(IofCallDriver)
{
    Stage stage(at);
    unsigned completed = 0;
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    io::next_location(irp)->MajorFunction = IRP_MJ_WRITE;
    io::set_completion_routine(irp, &take_back, &completed, true, true, true);
    Stage::answer = STATUS_DEVICE_NOT_READY;
    at.status(STATUS_DEVICE_NOT_READY, stage.device, irp);
    EXPECT_EQ(Stage::seen, 1u);
    EXPECT_EQ(completed, 1u);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_DEVICE_NOT_READY);
    io::IoFreeIrp(irp);
    if (at.at_passive()) {
        IRP* none_left = io::IoAllocateIrp(1, FALSE);
        none_left->CurrentLocation = 1;
        at.bug_checks(NO_MORE_IRP_STACK_LOCATIONS, stage.device, none_left);
    }
}

SAMPLE(IofCompleteRequest)
{
    Stage stage(at);
    unsigned completed = 0;
    Stage::answer = STATUS_PENDING;
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    io::next_location(irp)->MajorFunction = IRP_MJ_WRITE;
    io::set_completion_routine(irp, &take_back, &completed, true, true, true);
    EXPECT_EQ(io::IofCallDriver(stage.device, irp), STATUS_PENDING);
    irp->IoStatus.Status = STATUS_SUCCESS;
    at.call(irp, CCHAR { IO_NO_INCREMENT });
    EXPECT_EQ(completed, 1u);
    io::IoFreeIrp(irp);
}

SAMPLE(IopInvalidDeviceRequest)
{
    Stage stage(at);
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    io::next_location(irp)->MajorFunction = IRP_MJ_WRITE;
    io::set_completion_routine(irp, &take_back, nullptr, true, true, true);
    --irp->CurrentLocation;
    --irp->Tail.Overlay.CurrentStackLocation;
    at.status(STATUS_INVALID_DEVICE_REQUEST, stage.device, irp);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_INVALID_DEVICE_REQUEST);
    io::IoFreeIrp(irp);
}

SAMPLE(IoBuildDeviceIoControlRequest)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    auto& status = at.object<IO_STATUS_BLOCK>();
    void* buffer = at.bytes(64);
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    constexpr ULONG kCode = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS);
    auto* irp = reinterpret_cast<IRP*>(at.call(kCode, stage.device, buffer, 16u, buffer, 64u, FALSE, &event, &status));
    ASSERT_TRUE(irp);
    EXPECT_EQ(io::next_location(irp)->MajorFunction, IRP_MJ_DEVICE_CONTROL);
    EXPECT_EQ(io::next_location(irp)->Parameters.DeviceIoControl.IoControlCode, kCode);
    EXPECT_EQ(io::next_location(irp)->Parameters.DeviceIoControl.InputBufferLength, 16u);
    EXPECT_EQ(io::next_location(irp)->Parameters.DeviceIoControl.OutputBufferLength, 64u);
    EXPECT_EQ(io::IofCallDriver(stage.device, irp), STATUS_SUCCESS);
    EXPECT_EQ(event.Header.SignalState, 1);
}

SAMPLE(IoBuildSynchronousFsdRequest)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    auto& status = at.object<IO_STATUS_BLOCK>();
    auto& offset = at.object<LARGE_INTEGER>();
    offset.QuadPart = 512;
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    auto* irp = reinterpret_cast<IRP*>(at.call(IRP_MJ_READ, stage.device, at.bytes(64), 64u, &offset, &event, &status));
    ASSERT_TRUE(irp);
    EXPECT_EQ(io::next_location(irp)->MajorFunction, IRP_MJ_READ);
    EXPECT_EQ(io::next_location(irp)->Parameters.Read.Length, 64u);
    EXPECT_EQ(io::next_location(irp)->Parameters.Read.ByteOffset.QuadPart, 512);
    EXPECT_EQ(io::IofCallDriver(stage.device, irp), STATUS_SUCCESS);
    EXPECT_EQ(event.Header.SignalState, 1);
}

SAMPLE(IoBuildAsynchronousFsdRequest)
{
    Stage stage(at);
    auto& offset = at.object<LARGE_INTEGER>();
    auto* irp = reinterpret_cast<IRP*>(at.call(IRP_MJ_WRITE, stage.device, at.bytes(64), 64u, &offset, nullptr));
    ASSERT_TRUE(irp);
    EXPECT_EQ(io::next_location(irp)->MajorFunction, IRP_MJ_WRITE);
    EXPECT_EQ(io::next_location(irp)->Parameters.Write.Length, 64u);
    io::IoFreeIrp(irp);
}

SAMPLE(IoMakeAssociatedIrp)
{
    Stage stage(at);
    IRP* master = stage.irp();
    auto* irp = reinterpret_cast<IRP*>(at.call(master, CCHAR { 1 }));
    ASSERT_TRUE(irp);
    EXPECT_EQ(irp->AssociatedIrp.MasterIrp, master);
    EXPECT_TRUE(irp->Flags & IRP_ASSOCIATED_IRP);
    EXPECT_EQ(irp->StackCount, 1);
    io::IoFreeIrp(irp);
    io::IoFreeIrp(master);
}

SAMPLE(IoForwardIrpSynchronously)
{
    Stage stage(at);
    IRP* irp = stage.irp();
    Stage::answer = STATUS_NO_SUCH_DEVICE;
    at.returns(BOOLEAN { TRUE }, stage.device, irp);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_NO_SUCH_DEVICE);
    EXPECT_EQ(Stage::seen, 1u);
    io::IoFreeIrp(irp);
    // No location is left below the current one.
    IRP* last = io::IoAllocateIrp(1, FALSE);
    --last->CurrentLocation;
    --last->Tail.Overlay.CurrentStackLocation;
    at.returns(BOOLEAN { FALSE }, stage.device, last);
    EXPECT_EQ(Stage::seen, 1u);
    io::IoFreeIrp(last);
}

SAMPLE(IoSetCompletionRoutineEx)
{
    Stage stage(at);
    unsigned completed = 0;
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    io::next_location(irp)->MajorFunction = IRP_MJ_READ;
    at.status(STATUS_SUCCESS, stage.device, irp, &take_back, &completed, TRUE, TRUE, TRUE);
    EXPECT_EQ(io::IofCallDriver(stage.device, irp), STATUS_SUCCESS);
    EXPECT_EQ(completed, 1u);
    io::IoFreeIrp(irp);
}

namespace {

NTAPI void cancel_routine(DEVICE_OBJECT*, IRP* irp)
{
    io::IoReleaseCancelSpinLock(irp->CancelIrql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
}

} // namespace

SAMPLE(IoCancelIrp)
{
    Stage stage(at);
    unsigned completed = 0;
    Stage::answer = STATUS_PENDING;
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    io::next_location(irp)->MajorFunction = IRP_MJ_READ;
    io::set_completion_routine(irp, &take_back, &completed, true, true, true);
    EXPECT_EQ(io::IofCallDriver(stage.device, irp), STATUS_PENDING);
    at.returns(BOOLEAN { FALSE }, irp); // nobody said how to cancel it
    EXPECT_TRUE(irp->Cancel);
    irp->Cancel = FALSE;
    irp->CancelRoutine = &cancel_routine;
    at.returns(BOOLEAN { TRUE }, irp);
    EXPECT_TRUE(irp->Cancel);
    EXPECT_EQ(completed, 1u);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_CANCELLED);
    io::IoFreeIrp(irp);
}

SAMPLE(IoAcquireCancelSpinLock)
{
    auto& irql = at.object<KIRQL>();
    irql = 0xFF;
    at.call(&irql);
    EXPECT_EQ(irql, at.irql());
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
}

SAMPLE(IoReleaseCancelSpinLock)
{
    auto& irql = at.object<KIRQL>();
    at.also("IoAcquireCancelSpinLock", &irql);
    at.call(irql);
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
    at.also("IoAcquireCancelSpinLock", &irql); // it is free again
    at.call(irql);
}

SAMPLE(IoAcquireVpbSpinLock)
{
    auto& irql = at.object<KIRQL>();
    irql = 0xFF;
    at.call(&irql);
    EXPECT_EQ(irql, at.irql());
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
}

SAMPLE(IoReleaseVpbSpinLock)
{
    auto& irql = at.object<KIRQL>();
    at.also("IoAcquireVpbSpinLock", &irql);
    at.call(irql);
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
    at.also("IoAcquireVpbSpinLock", &irql);
    at.call(irql);
}

SAMPLE(IoIsOperationSynchronous)
{
    Stage stage(at);
    IRP* irp = stage.irp(IRP_MJ_DEVICE_CONTROL);
    io::current_location(irp)->Parameters.DeviceIoControl.IoControlCode
        = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS);
    at.returns(BOOLEAN { TRUE }, irp); // buffered controls are, whatever the file
    IRP* paging = stage.irp();
    paging->Flags |= IRP_PAGING_IO;
    at.returns(BOOLEAN { FALSE }, paging);
    io::IoFreeIrp(irp);
    io::IoFreeIrp(paging);
}

SAMPLE(IoGetRequestorProcess)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    auto& status = at.object<IO_STATUS_BLOCK>();
    auto& offset = at.object<LARGE_INTEGER>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    IRP* irp = io::IoBuildSynchronousFsdRequest(IRP_MJ_READ, stage.device, at.bytes(8), 8, &offset, &event, &status);
    at.returns(reinterpret_cast<EPROCESS*>(at.rooms().kernel.current().process->guest), irp);
    at.returns(static_cast<EPROCESS*>(nullptr), stage.irp()); // on no thread's list
    io::IofCallDriver(stage.device, irp);
}

SAMPLE(IoGetRequestorProcessId)
{
    Stage stage(at);
    auto& event = at.object<KEVENT>();
    auto& status = at.object<IO_STATUS_BLOCK>();
    auto& offset = at.object<LARGE_INTEGER>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    IRP* irp = io::IoBuildSynchronousFsdRequest(IRP_MJ_READ, stage.device, at.bytes(8), 8, &offset, &event, &status);
    at.returns(static_cast<ULONG>(at.rooms().kernel.current().process->id), irp);
    at.returns(ULONG { 0 }, stage.irp());
    io::IofCallDriver(stage.device, irp);
}

SAMPLE(IoGetRequestorSessionId)
{
    Stage stage(at);
    auto& session = at.object<ULONG>();
    at.status(STATUS_UNSUCCESSFUL, stage.irp(), &session);
    EXPECT_EQ(session, ~ULONG { 0 });
    auto& event = at.object<KEVENT>();
    auto& status = at.object<IO_STATUS_BLOCK>();
    auto& offset = at.object<LARGE_INTEGER>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    IRP* irp = io::IoBuildSynchronousFsdRequest(IRP_MJ_READ, stage.device, at.bytes(8), 8, &offset, &event, &status);
    at.status(STATUS_SUCCESS, irp, &session);
    EXPECT_EQ(session, 0u);
    io::IofCallDriver(stage.device, irp);
}

SAMPLE(IoIs32bitProcess)
{
    Stage stage(at);
    ke::Process& narrow = *ps::manager().create_client(u"narrow.exe", se::Account::User, mm::Width::Bits32).take();
    at.returns(BOOLEAN { FALSE }, nullptr);
    at.returns(BOOLEAN { FALSE }, stage.irp(IRP_MJ_DEVICE_CONTROL));
    ps::KeAttachProcess(reinterpret_cast<PKPROCESS>(narrow.guest));
    at.returns(BOOLEAN { TRUE }, nullptr);
    ps::KeDetachProcess();
}

SAMPLE(IoValidateDeviceIoControlAccess)
{
    Stage stage(at);
    IRP* irp = stage.irp(IRP_MJ_DEVICE_CONTROL);
    irp->RequestorMode = UserMode;
    at.status(STATUS_ACCESS_DENIED, irp, FILE_READ_ACCESS);
    io::current_location(irp)->Flags |= SL_READ_ACCESS_GRANTED;
    at.status(STATUS_SUCCESS, irp, FILE_READ_ACCESS);
    at.status(STATUS_ACCESS_DENIED, irp, FILE_READ_ACCESS | FILE_WRITE_ACCESS);
    at.status(STATUS_INVALID_PARAMETER, irp, 8);
    irp->RequestorMode = KernelMode;
    at.status(STATUS_SUCCESS, irp, FILE_WRITE_ACCESS);
    io::IoFreeIrp(irp);
}

SAMPLE(IoGetIoPriorityHint)
{
    Stage stage(at);
    IRP* irp = stage.irp();
    at.returns(IoPriorityNormal, irp);
    at.also("IoSetIoPriorityHint", irp, IoPriorityLow);
    at.returns(IoPriorityLow, irp);
    io::IoFreeIrp(irp);
}

SAMPLE(IoSetIoPriorityHint)
{
    Stage stage(at);
    IRP* irp = stage.irp();
    at.status(STATUS_SUCCESS, irp, IoPriorityVeryLow);
    EXPECT_EQ(static_cast<IO_PRIORITY_HINT>(at.also("IoGetIoPriorityHint", irp)), IoPriorityVeryLow);
    at.status(STATUS_INVALID_PARAMETER, irp, MaxIoPriorityTypes);
    io::IoFreeIrp(irp);
}

SAMPLE(IoGetTopLevelIrp)
{
    Stage stage(at);
    at.returns(static_cast<IRP*>(nullptr));
    IRP* irp = stage.irp();
    at.also("IoSetTopLevelIrp", irp);
    at.returns(irp);
    at.also("IoSetTopLevelIrp", nullptr);
}

SAMPLE(IoSetTopLevelIrp)
{
    Stage stage(at);
    IRP* irp = stage.irp();
    at.call(irp);
    EXPECT_EQ(reinterpret_cast<IRP*>(at.also("IoGetTopLevelIrp")), irp);
    at.call(nullptr);
    EXPECT_EQ(at.also("IoGetTopLevelIrp"), 0u);
}
