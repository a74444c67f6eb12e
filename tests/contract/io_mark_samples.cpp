// SPDX-License-Identifier: MIT
// Controllers, activity IDs, and what drivers mark on file objects, threads and IRPs.
#include "io_stage.h"

#include "io/activity.h"
#include "io/controller.h"
#include "io/mark_ddi.h"
#include "ke/guarded.h"
#include "ob/object.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

struct Control {
    IO_ALLOCATION_ACTION answer = KeepObject;
    unsigned calls = 0;
    DEVICE_OBJECT* device = nullptr;
    IRP* irp = nullptr;
};

// Guarded: a trial gives it garbage.
NTAPI IO_ALLOCATION_ACTION control(DEVICE_OBJECT* device, IRP* irp, PVOID, PVOID context)
{
    auto seen = ke::read_guarded<Control>(context).value_or(Control {});
    ++seen.calls;
    seen.device = device;
    seen.irp = irp;
    ke::write_guarded(context, seen);
    return seen.answer;
}

struct Threaded {
    DRIVER_OBJECT* driver;
    uint32_t references; // of the driver, while the thread runs
};

void NTAPI looks_at_driver(PVOID context)
{
    auto& seen = *static_cast<Threaded*>(context);
    seen.references = ob::references(seen.driver);
}

constexpr GUID kFirst { 1, 2, 3, { 4 } };
constexpr GUID kSecond { 5, 6, 7, { 8 } };

bool same(GUID const& a, GUID const& b) { return std::memcmp(&a, &b, sizeof(GUID)) == 0; }

} // namespace

SAMPLE(IoCreateController)
{
    auto* controller = reinterpret_cast<CONTROLLER_OBJECT*>(at.call(100u));
    ASSERT_TRUE(controller);
    EXPECT_EQ(controller->Type, IO_TYPE_CONTROLLER);
    ASSERT_TRUE(controller->ControllerExtension);
    EXPECT_EQ(static_cast<uint8_t*>(controller->ControllerExtension)[99], 0);
    EXPECT_FALSE(controller->DeviceWaitQueue.Busy);
    io::IoDeleteController(controller);
}

SAMPLE(IoDeleteController)
{
    CONTROLLER_OBJECT* controller = io::IoCreateController(16);
    at.call(controller);
    EXPECT_FALSE(ex::is_block(controller));
}

// The routine of a free controller runs at once, with the IRP that is the device's current one; while the first device
// keeps the controller the second waits.
SAMPLE(IoAllocateController)
{
    Stage stage(at);
    DEVICE_OBJECT* second = stage.another();
    CONTROLLER_OBJECT* controller = io::IoCreateController(16);
    auto& first_seen = at.object<Control>();
    auto& second_seen = at.object<Control>();
    IRP* irp = stage.irp();
    stage.device->CurrentIrp = irp;
    at.call(controller, stage.device, &control, &first_seen);
    EXPECT_EQ(first_seen.calls, 1u);
    EXPECT_EQ(first_seen.device, stage.device);
    EXPECT_EQ(first_seen.irp, irp);
    at.call(controller, second, &control, &second_seen);
    EXPECT_EQ(second_seen.calls, 0u);
    EXPECT_TRUE(controller->DeviceWaitQueue.Busy);
}

// A routine that answers DeallocateObject gives the controller back by that.
SAMPLE_AS(IoAllocateController, deallocate)
{
    Stage stage(at);
    CONTROLLER_OBJECT* controller = io::IoCreateController(16);
    auto& seen = at.object<Control>();
    seen.answer = DeallocateObject;
    at.call(controller, stage.device, &control, &seen);
    EXPECT_EQ(seen.calls, 1u);
    EXPECT_FALSE(controller->DeviceWaitQueue.Busy);
}

// Freed, the controller goes to the device that waits, and then is free.
SAMPLE(IoFreeController)
{
    Stage stage(at);
    DEVICE_OBJECT* second = stage.another();
    CONTROLLER_OBJECT* controller = io::IoCreateController(16);
    auto& first_seen = at.object<Control>();
    auto& second_seen = at.object<Control>();
    at.also("KeRaiseIrqlToDpcLevel");
    at.also("IoAllocateController", controller, stage.device, &control, &first_seen);
    at.also("IoAllocateController", controller, second, &control, &second_seen);
    at.also("KeLowerIrql", 0);
    at.call(controller);
    EXPECT_EQ(second_seen.calls, 1u);
    EXPECT_EQ(second_seen.device, second);
    at.call(controller);
    EXPECT_FALSE(controller->DeviceWaitQueue.Busy);
}

SAMPLE(IoGetActivityIdIrp)
{
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    auto& found = at.object<GUID>();
    at.status(STATUS_NOT_FOUND, irp, &found);
    io::IoSetActivityIdIrp(irp, &kFirst);
    at.status(STATUS_SUCCESS, irp, &found);
    EXPECT_TRUE(same(found, kFirst));
    io::IoFreeIrp(irp);
}

SAMPLE(IoSetActivityIdIrp)
{
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    auto& given = at.object<GUID>();
    given = kSecond;
    at.status(STATUS_SUCCESS, irp, &given);
    GUID found {};
    EXPECT_EQ(io::IoGetActivityIdIrp(irp, &found), STATUS_SUCCESS);
    EXPECT_TRUE(same(found, kSecond));
    // A driver's own IRP is on no thread's list: the thread's ID is not its.
    at.status(STATUS_NOT_SUPPORTED, irp, nullptr);
    io::IoFreeIrp(irp);
}

SAMPLE(IoGetActivityIdThread)
{
    auto& given = at.object<GUID>();
    io::IoSetActivityIdThread(&given);
    at.returns(&given);
    io::IoClearActivityIdThread(nullptr);
}

SAMPLE(IoSetActivityIdThread)
{
    auto& first = at.object<GUID>();
    auto& second = at.object<GUID>();
    at.returns(static_cast<GUID*>(nullptr), &first);
    at.returns(&first, &second);
    EXPECT_EQ(io::IoGetActivityIdThread(), &second);
    io::IoClearActivityIdThread(nullptr);
}

SAMPLE(IoClearActivityIdThread)
{
    auto& first = at.object<GUID>();
    io::IoSetActivityIdThread(&first);
    at.call(nullptr);
    EXPECT_EQ(io::IoGetActivityIdThread(), nullptr);
}

SAMPLE(IoPropagateActivityIdToThread)
{
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    auto& before = at.object<GUID>();
    auto& propagated = at.object<GUID>();
    auto& original = at.object<GUID const*>();
    io::IoSetActivityIdThread(&before);
    at.status(STATUS_NOT_FOUND, irp, &propagated, &original);
    io::IoSetActivityIdIrp(irp, &kFirst);
    at.status(STATUS_SUCCESS, irp, &propagated, &original);
    EXPECT_TRUE(same(propagated, kFirst));
    EXPECT_EQ(original, &before);
    EXPECT_EQ(io::IoGetActivityIdThread(), &propagated);
    io::IoClearActivityIdThread(nullptr);
    io::IoFreeIrp(irp);
}

// While the thread runs, its driver is referenced; when the thread has ended, it no longer is.
SAMPLE(IoCreateSystemThread)
{
    Stage stage(at);
    auto& handle = at.object<HANDLE>();
    auto& seen = at.object<Threaded>();
    seen.driver = stage.driver;
    uint32_t const before = ob::references(stage.driver);
    at.status(STATUS_SUCCESS, stage.driver, &handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, looks_at_driver,
              &seen);
    at.also("ZwWaitForSingleObject", handle, FALSE, nullptr);
    EXPECT_EQ(seen.references, before + 1);
    EXPECT_EQ(ob::references(stage.driver), before);
    at.status(STATUS_INVALID_HANDLE, stage.driver, &handle, THREAD_ALL_ACCESS, nullptr,
              reinterpret_cast<HANDLE>(0x4444), nullptr, looks_at_driver, &seen);
    EXPECT_EQ(ob::references(stage.driver), before);
    auto& neither = at.object<uint64_t>();
    at.status(STATUS_INVALID_PARAMETER, &neither, &handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr,
              looks_at_driver, &seen);
}

SAMPLE(IoSetFileOrigin)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.status(STATUS_SUCCESS, file, TRUE);
    EXPECT_TRUE(file->Flags & FO_REMOTE_ORIGIN);
    at.status(STATUS_INVALID_PARAMETER_MIX, file, TRUE);
    at.status(STATUS_SUCCESS, file, FALSE);
    EXPECT_FALSE(file->Flags & FO_REMOTE_ORIGIN);
    at.status(STATUS_INVALID_PARAMETER_MIX, file, FALSE);
    ob::dereference(file);
}

SAMPLE(IoIsFileOriginRemote)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(BOOLEAN { FALSE }, file);
    io::IoSetFileOrigin(file, TRUE);
    at.returns(BOOLEAN { TRUE }, file);
    ob::dereference(file);
}

SAMPLE(IoSetFileObjectIgnoreSharing)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.status(STATUS_SUCCESS, file);
    EXPECT_TRUE(io::IoIsFileObjectIgnoringSharing(file));
    ob::dereference(file);
}

SAMPLE(IoIsFileObjectIgnoringSharing)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(BOOLEAN { FALSE }, file);
    io::IoSetFileObjectIgnoreSharing(file);
    at.returns(BOOLEAN { TRUE }, file);
    ob::dereference(file);
}

SAMPLE_OF_NOTHING(IoGetInitiatorProcess, "nobody opens a file for another process")
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(static_cast<void*>(nullptr), file);
    ob::dereference(file);
}

// Too late: the file object has a handle.
SAMPLE(IoCancelFileOpen)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.bug_checks(INVALID_CANCEL_OF_FILE_OPEN, stage.device, file);
}

SAMPLE(IoSetThreadHardErrorMode)
{
    at.returns(BOOLEAN { TRUE }, FALSE);
    at.returns(BOOLEAN { FALSE }, TRUE);
    at.returns(BOOLEAN { TRUE }, TRUE);
}

SAMPLE(IoSetHardErrorOrVerifyDevice)
{
    Stage stage(at);
    auto* thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    IRP* irp = stage.irp();
    irp->Tail.Overlay.Thread = thread;
    at.call(irp, stage.device);
    EXPECT_EQ(io::IoGetDeviceToVerify(thread), stage.device);
}

SAMPLE(IoGetDeviceToVerify)
{
    Stage stage(at);
    auto* thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    at.returns(static_cast<DEVICE_OBJECT*>(nullptr), thread);
    io::IoSetDeviceToVerify(thread, stage.device);
    at.returns(stage.device, thread);
}

SAMPLE(IoSetDeviceToVerify)
{
    Stage stage(at);
    auto* thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    at.call(thread, stage.device);
    EXPECT_EQ(io::IoGetDeviceToVerify(thread), stage.device);
    at.call(thread, nullptr);
    EXPECT_EQ(io::IoGetDeviceToVerify(thread), nullptr);
}

// An error replaces success, a worse one an error; STATUS_VERIFY_REQUIRED always replaces, STATUS_FT_READ_FROM_COPY
// never.
SAMPLE(IoSetMasterIrpStatus)
{
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    NTSTATUS& merged = irp->IoStatus.Status;
    merged = STATUS_SUCCESS;
    at.call(irp, STATUS_DEVICE_BUSY);
    EXPECT_EQ(merged, STATUS_DEVICE_BUSY);
    at.call(irp, STATUS_SUCCESS);
    EXPECT_EQ(merged, STATUS_DEVICE_BUSY);
    at.call(irp, STATUS_ACCESS_DENIED);
    EXPECT_EQ(merged, STATUS_ACCESS_DENIED);
    at.call(irp, STATUS_DEVICE_BUSY);
    EXPECT_EQ(merged, STATUS_ACCESS_DENIED);
    at.call(irp, STATUS_VERIFY_REQUIRED);
    EXPECT_EQ(merged, STATUS_VERIFY_REQUIRED);
    merged = STATUS_SUCCESS;
    at.call(irp, io::STATUS_FT_READ_FROM_COPY);
    EXPECT_EQ(merged, STATUS_SUCCESS);
    io::IoFreeIrp(irp);
}

SAMPLE(IoIsValidIrpStatus)
{
    at.returns(BOOLEAN { TRUE }, STATUS_SUCCESS);
    at.returns(BOOLEAN { TRUE }, STATUS_ACCESS_DENIED);
    at.returns(BOOLEAN { FALSE }, static_cast<NTSTATUS>(0xCDCDCDCD & ~0x20000000u)); // uninitialized: no such facility
    at.returns(BOOLEAN { FALSE }, static_cast<NTSTATUS>(0xD0000022)); // a reserved bit
    at.returns(BOOLEAN { TRUE }, static_cast<NTSTATUS>(0xEFFF1234)); // a customer's own
}
