// SPDX-License-Identifier: MIT
// Devices, stacks, drivers, files and links.
#include "io_stage.h"

#include "io/manager.h"
#include "io/share_access.h"
#include "io/shutdown.h"
#include "io/thread_ddi.h"
#include "ob/ddi.h"
#include "ob/object.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(IoCreateDevice)
{
    Stage stage(at);
    auto& made = at.object<DEVICE_OBJECT*>();
    auto& name = at.string(u"\\Device\\Another");
    at.status(STATUS_SUCCESS, stage.driver, 40u, &name, FILE_DEVICE_KEYBOARD, 0u, FALSE, &made);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->DriverObject, stage.driver);
    EXPECT_EQ(made->DeviceType, static_cast<DEVICE_TYPE>(FILE_DEVICE_KEYBOARD));
    EXPECT_TRUE(made->DeviceExtension);
    EXPECT_EQ(made->StackSize, 1);
    EXPECT_TRUE(made->Flags & DO_DEVICE_INITIALIZING);
    EXPECT_EQ(stage.driver->DeviceObject, made);
    auto& again = at.object<DEVICE_OBJECT*>();
    at.status(STATUS_OBJECT_NAME_COLLISION, stage.driver, 0u, &name, FILE_DEVICE_KEYBOARD, 0u, FALSE, &again);
}

SAMPLE(IoDeleteDevice)
{
    Stage stage(at);
    DEVICE_OBJECT* extra = stage.another();
    EXPECT_EQ(stage.driver->DeviceObject, extra);
    at.call(extra);
    EXPECT_EQ(stage.driver->DeviceObject, stage.device);
}

SAMPLE(IoAttachDevice)
{
    Stage stage(at);
    auto& lower = at.object<DEVICE_OBJECT*>();
    DEVICE_OBJECT* filter = stage.another();
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, filter, &at.string(u"\\Device\\Nobody"), &lower);
    at.status(STATUS_SUCCESS, filter, &at.string(u"\\Device\\Sample"), &lower);
    EXPECT_EQ(lower, stage.device);
    EXPECT_EQ(stage.device->AttachedDevice, filter);
    EXPECT_EQ(filter->StackSize, stage.device->StackSize + 1);
}

SAMPLE(IoAttachDeviceToDeviceStack)
{
    Stage stage(at);
    DEVICE_OBJECT* filter = stage.another();
    DEVICE_OBJECT* upper = stage.another();
    at.returns(stage.device, filter, stage.device);
    at.returns(filter, upper, stage.device); // on top of what is there
    EXPECT_EQ(upper->StackSize, 3);
    DEVICE_OBJECT* starting = stage.another();
    starting->Flags |= DO_DEVICE_INITIALIZING;
    at.returns(static_cast<DEVICE_OBJECT*>(nullptr), stage.another(), starting);
}

SAMPLE(IoAttachDeviceToDeviceStackSafe)
{
    Stage stage(at);
    auto& lower = at.object<DEVICE_OBJECT*>();
    DEVICE_OBJECT* filter = stage.another();
    at.status(STATUS_SUCCESS, filter, stage.device, &lower);
    EXPECT_EQ(lower, stage.device);
    EXPECT_EQ(stage.device->AttachedDevice, filter);
    DEVICE_OBJECT* starting = stage.another();
    starting->Flags |= DO_DEVICE_INITIALIZING;
    at.status(STATUS_NO_SUCH_DEVICE, stage.another(), starting, &lower);
}

SAMPLE(IoDetachDevice)
{
    Stage stage(at);
    DEVICE_OBJECT* filter = stage.another();
    io::IoAttachDeviceToDeviceStack(filter, stage.device);
    at.call(stage.device);
    EXPECT_EQ(stage.device->AttachedDevice, nullptr);
    EXPECT_EQ(io::IoGetAttachedDevice(stage.device), stage.device);
}

SAMPLE(IoGetAttachedDevice)
{
    Stage stage(at);
    at.returns(stage.device, stage.device);
    DEVICE_OBJECT* filter = stage.another();
    io::IoAttachDeviceToDeviceStack(filter, stage.device);
    at.returns(filter, stage.device);
}

SAMPLE(IoGetAttachedDeviceReference)
{
    Stage stage(at);
    DEVICE_OBJECT* filter = stage.another();
    io::IoAttachDeviceToDeviceStack(filter, stage.device);
    uint32_t const before = ob::ObfReferenceObject(filter);
    at.returns(filter, stage.device);
    EXPECT_EQ(static_cast<uint32_t>(ob::ObfDereferenceObject(filter)), before);
    ob::ObfDereferenceObject(filter);
}

SAMPLE(IoGetLowerDeviceObject)
{
    Stage stage(at);
    DEVICE_OBJECT* filter = stage.another();
    at.returns(static_cast<DEVICE_OBJECT*>(nullptr), stage.device);
    io::IoAttachDeviceToDeviceStack(filter, stage.device);
    at.returns(stage.device, filter);
    ob::dereference(stage.device);
}

SAMPLE(IoGetDeviceAttachmentBaseRef)
{
    Stage stage(at);
    DEVICE_OBJECT* filter = stage.another();
    io::IoAttachDeviceToDeviceStack(filter, stage.device);
    at.returns(stage.device, filter);
    ob::dereference(stage.device);
}

SAMPLE(IoEnumerateDeviceObjectList)
{
    Stage stage(at);
    DEVICE_OBJECT* extra = stage.another();
    auto* list = static_cast<DEVICE_OBJECT**>(at.bytes(2 * sizeof(DEVICE_OBJECT*)));
    auto& count = at.object<ULONG>();
    at.status(STATUS_BUFFER_TOO_SMALL, stage.driver, list, 8u, &count);
    EXPECT_EQ(count, 2u);
    ob::dereference(list[0]);
    at.status(STATUS_SUCCESS, stage.driver, list, 16u, &count);
    EXPECT_EQ(count, 2u);
    EXPECT_TRUE((list[0] == extra && list[1] == stage.device) || (list[1] == extra && list[0] == stage.device));
    ob::dereference(extra);
    ob::dereference(stage.device);
}

SAMPLE(IoGetDeviceObjectPointer)
{
    Stage stage(at);
    auto& file = at.object<FILE_OBJECT*>();
    auto& device = at.object<DEVICE_OBJECT*>();
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &at.string(u"\\Device\\Nobody"), FILE_READ_DATA, &file, &device);
    at.status(STATUS_SUCCESS, &at.string(u"\\Device\\Sample"), FILE_READ_DATA, &file, &device);
    EXPECT_EQ(device, stage.device);
    EXPECT_EQ(file->DeviceObject, stage.device);
    ob::dereference(file);
}

SAMPLE(IoGetRelatedDeviceObject)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(stage.device, file);
    DEVICE_OBJECT* filter = stage.another();
    io::IoAttachDeviceToDeviceStack(filter, stage.device);
    at.returns(filter, file);
    io::IoDetachDevice(stage.device);
    ob::dereference(file);
}

SAMPLE(IoGetBaseFileSystemDeviceObject)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(stage.device, file);
    ob::dereference(file);
}

SAMPLE_OF_NOTHING(IoGetTransactionParameterBlock, "no file object takes part in a transaction")
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(static_cast<void*>(nullptr), file);
    ob::dereference(file);
}

SAMPLE(IoCreateSymbolicLink)
{
    Stage stage(at);
    auto& link = at.string(u"\\DosDevices\\SampleLink");
    auto& target = at.string(u"\\Device\\Sample");
    at.status(STATUS_SUCCESS, &link, &target);
    at.status(STATUS_OBJECT_NAME_COLLISION, &link, &target);
    auto& file = at.object<FILE_OBJECT*>();
    auto& device = at.object<DEVICE_OBJECT*>();
    EXPECT_EQ(io::IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &device), STATUS_SUCCESS);
    EXPECT_EQ(device, stage.device);
    ob::dereference(file);
}

SAMPLE(IoCreateUnprotectedSymbolicLink)
{
    Stage stage(at);
    auto& link = at.string(u"\\DosDevices\\SampleLink");
    auto& target = at.string(u"\\Device\\Sample");
    at.status(STATUS_SUCCESS, &link, &target);
    at.status(STATUS_OBJECT_NAME_COLLISION, &link, &target);
}

SAMPLE(IoDeleteSymbolicLink)
{
    auto& link = at.string(u"\\DosDevices\\SampleLink");
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &link);
    at.also("IoCreateSymbolicLink", &link, &at.string(u"\\Device\\Null"));
    at.status(STATUS_SUCCESS, &link);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &link);
}

SAMPLE(IoAllocateDriverObjectExtension)
{
    Stage stage(at);
    auto& extension = at.object<void*>();
    void* id = reinterpret_cast<void*>(&take_back);
    at.status(STATUS_SUCCESS, stage.driver, id, 32u, &extension);
    ASSERT_TRUE(extension);
    EXPECT_EQ(io::IoGetDriverObjectExtension(stage.driver, id), extension);
    at.status(STATUS_OBJECT_NAME_COLLISION, stage.driver, id, 32u, &extension);
    EXPECT_EQ(extension, nullptr);
}

SAMPLE(IoGetDriverObjectExtension)
{
    Stage stage(at);
    void* id = reinterpret_cast<void*>(&take_back);
    void* extension = nullptr;
    at.returns(static_cast<void*>(nullptr), stage.driver, id);
    io::IoAllocateDriverObjectExtension(stage.driver, id, 32, &extension);
    at.returns(extension, stage.driver, id);
}

namespace {

NTAPI void reinitialize(DRIVER_OBJECT*, void* context, ULONG count) { *static_cast<ULONG*>(context) = count; }

} // namespace

SAMPLE(IoRegisterDriverReinitialization)
{
    Stage stage(at);
    auto& count = at.object<ULONG>();
    at.call(stage.driver, &reinitialize, &count);
    EXPECT_TRUE(stage.driver->Flags & DRVO_REINIT_REGISTERED);
    io::run_reinitializations(false);
    EXPECT_EQ(count, 1u);
}

SAMPLE(IoRegisterBootDriverReinitialization)
{
    Stage stage(at);
    auto& count = at.object<ULONG>();
    at.call(stage.driver, &reinitialize, &count);
    EXPECT_TRUE(stage.driver->Flags & DRVO_BOOTREINIT_REGISTERED);
    io::run_reinitializations(true);
    EXPECT_EQ(count, 1u);
}

SAMPLE(IoRegisterShutdownNotification)
{
    Stage stage(at);
    at.status(STATUS_SUCCESS, stage.device);
    EXPECT_TRUE(stage.device->Flags & DO_SHUTDOWN_REGISTERED);
    io::notify_shutdown(false);
    EXPECT_EQ(Stage::seen, 1u);
}

SAMPLE(IoRegisterLastChanceShutdownNotification)
{
    Stage stage(at);
    at.status(STATUS_SUCCESS, stage.device);
    io::notify_shutdown(false);
    EXPECT_EQ(Stage::seen, 0u);
    io::notify_shutdown(true);
    EXPECT_EQ(Stage::seen, 1u);
}

SAMPLE(IoUnregisterShutdownNotification)
{
    Stage stage(at);
    io::IoRegisterShutdownNotification(stage.device);
    at.call(stage.device);
    EXPECT_FALSE(stage.device->Flags & DO_SHUTDOWN_REGISTERED);
    io::notify_shutdown(false);
    EXPECT_EQ(Stage::seen, 0u);
}

SAMPLE(IoCheckShareAccess)
{
    auto& access = at.object<SHARE_ACCESS>();
    auto& first = at.object<FILE_OBJECT>();
    auto& second = at.object<FILE_OBJECT>();
    at.status(STATUS_SUCCESS, FILE_READ_DATA, FILE_SHARE_READ, &first, &access, TRUE);
    EXPECT_EQ(access.OpenCount, 1u);
    EXPECT_TRUE(first.ReadAccess);
    at.status(STATUS_SHARING_VIOLATION, FILE_WRITE_DATA, FILE_SHARE_READ, &second, &access, TRUE);
    at.status(STATUS_SUCCESS, FILE_READ_DATA, FILE_SHARE_READ, &second, &access, FALSE);
    EXPECT_EQ(access.OpenCount, 1u);
}

SAMPLE(IoCheckShareAccessEx)
{
    auto& access = at.object<SHARE_ACCESS>();
    auto& file = at.object<FILE_OBJECT>();
    auto& may_write = at.object<BOOLEAN>();
    // Who has no write permission cannot keep others from reading.
    at.status(STATUS_SUCCESS, FILE_READ_DATA, 0u, &file, &access, TRUE, &may_write);
    EXPECT_EQ(access.SharedRead, 1u);
    at.status(STATUS_SHARING_VIOLATION, FILE_WRITE_DATA, FILE_SHARE_READ, &at.object<FILE_OBJECT>(), &access, TRUE,
              nullptr);
}

SAMPLE(IoSetShareAccess)
{
    auto& access = at.object<SHARE_ACCESS>();
    auto& file = at.object<FILE_OBJECT>();
    access.OpenCount = 7;
    at.call(FILE_WRITE_DATA, FILE_SHARE_READ | FILE_SHARE_DELETE, &file, &access);
    EXPECT_EQ(access.OpenCount, 1u);
    EXPECT_EQ(access.Writers, 1u);
    EXPECT_EQ(access.SharedRead, 1u);
    EXPECT_EQ(access.SharedWrite, 0u);
    EXPECT_TRUE(file.WriteAccess);
}

SAMPLE(IoSetShareAccessEx)
{
    auto& access = at.object<SHARE_ACCESS>();
    auto& may_write = at.object<BOOLEAN>();
    at.call(FILE_READ_DATA, 0u, &at.object<FILE_OBJECT>(), &access, &may_write);
    EXPECT_EQ(access.OpenCount, 1u);
    EXPECT_EQ(access.SharedRead, 1u);
}

SAMPLE(IoUpdateShareAccess)
{
    auto& access = at.object<SHARE_ACCESS>();
    auto& file = at.object<FILE_OBJECT>();
    file.ReadAccess = file.SharedRead = TRUE;
    at.call(&file, &access);
    EXPECT_EQ(access.OpenCount, 1u);
    EXPECT_EQ(access.Readers, 1u);
    EXPECT_EQ(access.SharedRead, 1u);
}

SAMPLE(IoRemoveShareAccess)
{
    auto& access = at.object<SHARE_ACCESS>();
    auto& file = at.object<FILE_OBJECT>();
    io::IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &file, &access);
    at.call(&file, &access);
    EXPECT_EQ(access.OpenCount, 0u);
    EXPECT_EQ(access.Readers, 0u);
    EXPECT_EQ(access.SharedRead, 0u);
}

SAMPLE(IoGetConfigurationInformation)
{
    auto* counts = reinterpret_cast<CONFIGURATION_INFORMATION*>(at.call());
    ASSERT_TRUE(counts);
    ++counts->DiskCount;
    at.returns(counts); // one structure for all callers
    EXPECT_EQ(counts->DiskCount, 1u);
}

SAMPLE(IoGetFileObjectGenericMapping)
{
    auto* mapping = reinterpret_cast<GENERIC_MAPPING*>(at.call());
    ASSERT_TRUE(mapping);
    EXPECT_EQ(mapping->GenericRead, static_cast<ACCESS_MASK>(FILE_GENERIC_READ));
    EXPECT_EQ(mapping->GenericAll, static_cast<ACCESS_MASK>(FILE_ALL_ACCESS));
}

SAMPLE(IoIsWdmVersionAvailable)
{
    at.returns(BOOLEAN { TRUE }, UCHAR { 6 }, UCHAR { 0 });
    at.returns(BOOLEAN { TRUE }, UCHAR { 1 }, UCHAR { 0x30 });
    at.returns(BOOLEAN { FALSE }, UCHAR { 6 }, UCHAR { 1 });
}
