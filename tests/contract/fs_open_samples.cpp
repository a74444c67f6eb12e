// SPDX-License-Identifier: MIT
// Opening, reading and writing files; services that take a path.
#include "fs_stage.h"

#include "nt/fsrtl.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kSync = FILE_SYNCHRONOUS_IO_NONALERT;
constexpr ACCESS_MASK kRead = GENERIC_READ | SYNCHRONIZE;

void create(At& at)
{
    Drive drive(at);
    auto& handle = at.object<HANDLE>();
    auto& block = drive.block();
    auto call = [&](NTSTATUS status, std::u16string_view path, ULONG disposition, ULONG options) {
        handle = nullptr;
        at.status(status, &handle, ACCESS_MASK { GENERIC_WRITE | SYNCHRONIZE }, &drive.named(path), &block, nullptr,
                  ULONG { FILE_ATTRIBUTE_NORMAL }, ULONG { FILE_SHARE_READ }, disposition, options, nullptr, 0u);
    };
    call(STATUS_SUCCESS, u"\\??\\C:\\new", FILE_CREATE, kSync);
    EXPECT_EQ(block.Information, FILE_CREATED);
    ASSERT_TRUE(handle);
    drive.close(handle);
    call(STATUS_SUCCESS, u"\\??\\C:\\hello.txt", FILE_OVERWRITE_IF, kSync);
    EXPECT_EQ(block.Information, FILE_OVERWRITTEN);
    drive.close(handle);
    call(STATUS_OBJECT_NAME_COLLISION, u"\\??\\C:\\new", FILE_CREATE, kSync);
    call(STATUS_OBJECT_NAME_NOT_FOUND, u"\\??\\C:\\none", FILE_OPEN, kSync);
    call(STATUS_OBJECT_PATH_NOT_FOUND, u"\\??\\C:\\none\\none", FILE_OPEN, kSync);
    call(STATUS_FILE_IS_A_DIRECTORY, u"\\??\\C:\\Folder", FILE_OPEN, kSync | FILE_NON_DIRECTORY_FILE);
    call(STATUS_NOT_A_DIRECTORY, u"\\??\\C:\\new", FILE_OPEN, kSync | FILE_DIRECTORY_FILE);
    call(STATUS_INVALID_PARAMETER, u"\\??\\C:\\new", 6, kSync);
}

void open(At& at)
{
    Drive drive(at);
    auto& handle = at.object<HANDLE>();
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, &handle, ACCESS_MASK { kRead }, &drive.named(u"\\??\\C:\\hello.txt"), &block,
              ULONG { FILE_SHARE_READ }, kSync);
    EXPECT_EQ(block.Information, FILE_OPENED);
    at.status(STATUS_SHARING_VIOLATION, &at.object<HANDLE>(), ACCESS_MASK { GENERIC_WRITE | SYNCHRONIZE },
              &drive.named(u"\\??\\C:\\hello.txt"), &block, ULONG { FILE_SHARE_READ }, kSync);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &at.object<HANDLE>(), ACCESS_MASK { kRead },
              &drive.named(u"\\??\\C:\\none"), &block, ULONG { FILE_SHARE_READ }, kSync);
    drive.close(handle);
}

// The long forms; `tail` is what follows the type.
template <typename... T>
void create_long(At& at, T... tail)
{
    Drive drive(at);
    auto& handle = at.object<HANDLE>();
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, &handle, ACCESS_MASK { kRead }, &drive.named(u"\\??\\C:\\hello.txt"), &block, nullptr,
              ULONG { 0 }, ULONG { FILE_SHARE_READ }, ULONG { FILE_OPEN }, kSync, nullptr, 0u, CreateFileTypeNone,
              nullptr, 0u, tail...);
    EXPECT_EQ(block.Information, FILE_OPENED);
    ASSERT_TRUE(handle);
    drive.close(handle);
    at.status(STATUS_INVALID_PARAMETER, &handle, ACCESS_MASK { kRead }, &drive.named(u"\\??\\C:\\hello.txt"), &block,
              nullptr, ULONG { 0 }, ULONG { FILE_SHARE_READ }, ULONG { FILE_OPEN }, kSync, nullptr, 0u,
              CreateFileTypeNamedPipe, nullptr, 0u, tail...);
}

void read(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto* buffer = static_cast<char*>(at.bytes(16));
    auto& block = drive.block();
    auto& offset = at.object<LARGE_INTEGER>();
    offset.QuadPart = 1;
    at.status(STATUS_SUCCESS, file, nullptr, nullptr, nullptr, &block, buffer, 16u, &offset, nullptr);
    EXPECT_EQ(block.Information, 4u);
    EXPECT_STREQ(buffer, "ello");
    at.status(STATUS_END_OF_FILE, file, nullptr, nullptr, nullptr, &block, buffer, 16u, nullptr, nullptr);
    offset.QuadPart = -5;
    at.status(STATUS_INVALID_PARAMETER, file, nullptr, nullptr, nullptr, &block, buffer, 16u, &offset, nullptr);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, nullptr, nullptr, nullptr, &block, buffer, 16u, &offset, nullptr);
    drive.close(file);
}

void write(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto* buffer = static_cast<char*>(at.bytes(16));
    std::memcpy(buffer, "J+", 2);
    auto& block = drive.block();
    auto& offset = at.object<LARGE_INTEGER>();
    at.status(STATUS_SUCCESS, file, nullptr, nullptr, nullptr, &block, buffer, 1u, &offset, nullptr);
    EXPECT_EQ(block.Information, 1u);
    offset.QuadPart = -1;
    at.status(STATUS_SUCCESS, file, nullptr, nullptr, nullptr, &block, buffer + 1, 1u, &offset, nullptr);
    offset.QuadPart = 0;
    at.also("ZwReadFile", file, nullptr, nullptr, nullptr, &block, buffer, 16u, &offset, nullptr);
    EXPECT_STREQ(buffer, "Jello+");
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, nullptr, nullptr, nullptr, &block, buffer, 1u, &offset, nullptr);
    drive.close(file);
}

void remove(At& at)
{
    Drive drive(at);
    at.status(STATUS_SUCCESS, &drive.named(u"\\??\\C:\\hello.txt"));
    EXPECT_FALSE(drive.exists(u"\\??\\C:\\hello.txt"));
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &drive.named(u"\\??\\C:\\hello.txt"));
}

void by_name(At& at)
{
    Drive drive(at);
    auto& stat = *static_cast<FILE_STAT_INFORMATION*>(at.bytes(256));
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, &drive.named(u"\\??\\C:\\hello.txt"), &block, &stat, ULONG { sizeof stat },
              FileStatInformation);
    EXPECT_EQ(stat.EndOfFile.QuadPart, 5);
    at.status(STATUS_INVALID_PARAMETER, &drive.named(u"\\??\\C:\\hello.txt"), &block, &stat, ULONG { sizeof stat },
              FileBasicInformation);
    at.status(STATUS_INFO_LENGTH_MISMATCH, &drive.named(u"\\??\\C:\\hello.txt"), &block, &stat, 8u,
              FileStatInformation);
    at.status(STATUS_NOT_SUPPORTED, &drive.named(u"\\??\\C:\\hello.txt"), &block, &stat, 200u, FileStatLxInformation);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &drive.named(u"\\??\\C:\\none"), &block, &stat, ULONG { sizeof stat },
              FileStatInformation);
}

void dos_name(At& at, bool of_volume)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    DEVICE_OBJECT* device = drive.object(file)->DeviceObject;
    auto& name = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, of_volume ? device : drive.object(file)->Vpb->DeviceObject, &name);
    ASSERT_EQ(name.Length, 4);
    EXPECT_EQ(std::u16string(name.Buffer), u"C:");
    ex::free(name.Buffer, 0);
    at.status(STATUS_INVALID_PARAMETER, at.bytes(sizeof(DEVICE_OBJECT)), &name);
    drive.close(file);
}

} // namespace

SAMPLE(ZwCreateFile) { create(at); }
SAMPLE(NtCreateFile) { create(at); }
SAMPLE(ZwOpenFile) { open(at); }
SAMPLE(NtOpenFile) { open(at); }
SAMPLE(IoCreateFile) { create_long(at); }
SAMPLE(IoCreateFileSpecifyDeviceObjectHint) { create_long(at, static_cast<void*>(nullptr)); }
SAMPLE_AS(IoCreateFileSpecifyDeviceObjectHint, wrong_device)
{
    Drive drive(at);
    auto& handle = at.object<HANDLE>();
    auto call = [&](NTSTATUS status, void* hint) {
        at.status(status, &handle, ACCESS_MASK { kRead }, &drive.named(u"\\??\\C:\\hello.txt"), &drive.block(), nullptr,
                  ULONG { 0 }, ULONG { FILE_SHARE_READ }, ULONG { FILE_OPEN }, kSync, nullptr, 0u, CreateFileTypeNone,
                  nullptr, 0u, hint);
    };
    call(STATUS_INVALID_DEVICE_OBJECT_PARAMETER, at.bytes(sizeof(DEVICE_OBJECT)));
    call(STATUS_SUCCESS, at.rooms().files.device());
    ASSERT_TRUE(handle);
    EXPECT_TRUE(drive.object(handle)->FileObjectExtension);
    drive.close(handle);
}
SAMPLE(IoCreateFileEx) { create_long(at, static_cast<IO_DRIVER_CREATE_CONTEXT*>(nullptr)); }
SAMPLE_AS(IoCreateFileEx, context)
{
    Drive drive(at);
    auto& handle = at.object<HANDLE>();
    auto& context = at.object<IO_DRIVER_CREATE_CONTEXT>();
    auto call = [&](NTSTATUS status) {
        at.status(status, &handle, ACCESS_MASK { kRead }, &drive.named(u"\\??\\C:\\hello.txt"), &drive.block(), nullptr,
                  ULONG { 0 }, ULONG { FILE_SHARE_READ }, ULONG { FILE_OPEN }, kSync, nullptr, 0u, CreateFileTypeNone,
                  nullptr, 0u, &context);
    };
    call(STATUS_INVALID_PARAMETER);
    context.Size = sizeof context;
    context.TxnParameters = at.bytes(16);
    call(STATUS_NOT_SUPPORTED);
    context.TxnParameters = nullptr;
    context.DeviceObjectHint = at.rooms().files.device();
    call(STATUS_SUCCESS);
    drive.close(handle);
}
SAMPLE(ZwReadFile) { read(at); }
SAMPLE(NtReadFile) { read(at); }
SAMPLE(ZwWriteFile) { write(at); }
SAMPLE(NtWriteFile) { write(at); }
SAMPLE(ZwDeleteFile) { remove(at); }
SAMPLE(NtDeleteFile) { remove(at); }
SAMPLE(ZwQueryInformationByName) { by_name(at); }
SAMPLE(NtQueryInformationByName) { by_name(at); }

SAMPLE(ZwQueryFullAttributesFile)
{
    Drive drive(at);
    auto& network = at.object<FILE_NETWORK_OPEN_INFORMATION>();
    at.status(STATUS_SUCCESS, &drive.named(u"\\??\\C:\\hello.txt"), &network);
    EXPECT_EQ(network.EndOfFile.QuadPart, 5);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &drive.named(u"\\??\\C:\\none"), &network);
}

SAMPLE(IoQueryFileDosDeviceName)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\Folder\\inner");
    auto& name = at.object<OBJECT_NAME_INFORMATION*>();
    at.status(STATUS_SUCCESS, drive.object(file), &name);
    ASSERT_TRUE(name);
    EXPECT_EQ(std::u16string(name->Name.Buffer), u"C:\\Folder\\inner");
    ex::free(name, 0);
    drive.close(file);
}
SAMPLE(IoVolumeDeviceToDosName) { dos_name(at, true); }
SAMPLE(RtlVolumeDeviceToDosName) { dos_name(at, false); }
