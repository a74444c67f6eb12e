// SPDX-License-Identifier: MIT
// Services on open files and folders: information, listing, locks, volumes, extended attributes.
#include "fs_stage.h"

#include "nt/directory_information.h"
#include "nt/fsrtl.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kAsynchronous = 0;

void query_information(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& standard = at.object<FILE_STANDARD_INFORMATION>();
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, file, &block, &standard, ULONG { sizeof standard }, FileStandardInformation);
    EXPECT_EQ(standard.EndOfFile.QuadPart, 5);
    EXPECT_EQ(block.Information, sizeof standard);
    at.status(STATUS_INFO_LENGTH_MISMATCH, file, &block, &standard, 4u, FileStandardInformation);
    at.status(STATUS_INVALID_INFO_CLASS, file, &block, &standard, ULONG { sizeof standard }, FileRenameInformation);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, &block, &standard, ULONG { sizeof standard }, FileStandardInformation);
    drive.close(file);
}

void set_information(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& end = at.object<FILE_END_OF_FILE_INFORMATION>();
    end.EndOfFile.QuadPart = 2;
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, file, &block, &end, ULONG { sizeof end }, FileEndOfFileInformation);
    auto& standard = at.object<FILE_STANDARD_INFORMATION>();
    at.also("ZwQueryInformationFile", file, &block, &standard, ULONG { sizeof standard }, FileStandardInformation);
    EXPECT_EQ(standard.EndOfFile.QuadPart, 2);
    auto& rename = *static_cast<FILE_RENAME_INFORMATION*>(at.bytes(128));
    std::u16string_view const path = u"\\??\\C:\\Folder\\moved";
    rename.FileNameLength = static_cast<ULONG>(path.size() * 2);
    std::memcpy(rename.FileName, path.data(), path.size() * 2);
    at.status(STATUS_SUCCESS, file, &block, &rename, 128u, FileRenameInformation);
    EXPECT_TRUE(drive.exists(u"\\??\\C:\\Folder\\moved"));
    at.status(STATUS_INFO_LENGTH_MISMATCH, file, &block, &end, 4u, FileEndOfFileInformation);
    at.status(STATUS_INVALID_INFO_CLASS, file, &block, &end, ULONG { sizeof end }, FileStandardInformation);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, &block, &end, ULONG { sizeof end }, FileEndOfFileInformation);
    drive.close(file);
}

void query_volume(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& size = at.object<FILE_FS_SIZE_INFORMATION>();
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, file, &block, &size, ULONG { sizeof size }, FileFsSizeInformation);
    EXPECT_EQ(size.BytesPerSector, 512u);
    auto& device = at.object<FILE_FS_DEVICE_INFORMATION>();
    at.status(STATUS_SUCCESS, file, &block, &device, ULONG { sizeof device }, FileFsDeviceInformation);
    EXPECT_EQ(device.DeviceType, FILE_DEVICE_DISK);
    at.status(STATUS_INFO_LENGTH_MISMATCH, file, &block, &size, 4u, FileFsSizeInformation);
    at.status(STATUS_INVALID_INFO_CLASS, file, &block, &size, ULONG { sizeof size }, FileFsLabelInformation);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, &block, &size, ULONG { sizeof size }, FileFsSizeInformation);
    drive.close(file);
}

void set_volume(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\");
    auto& label = *static_cast<FILE_FS_LABEL_INFORMATION*>(at.bytes(64));
    label.VolumeLabelLength = 4;
    std::memcpy(label.VolumeLabel, u"AB", 4);
    auto& block = drive.block();
    at.status(STATUS_SUCCESS, file, &block, &label, 64u, FileFsLabelInformation);
    EXPECT_EQ(at.rooms().files.label(), u"AB");
    label.VolumeLabelLength = 100;
    at.status(STATUS_INVALID_PARAMETER, file, &block, &label, 64u, FileFsLabelInformation);
    at.status(STATUS_INVALID_INFO_CLASS, file, &block, &label, 64u, FileFsSizeInformation);
    drive.close(file);
}

// `flags`: SL_... of the Ex form; the plain one has two booleans, and the name between them.
template <typename Call>
void query_directory(At& at, Call call)
{
    Drive drive(at);
    HANDLE folder = drive.open(u"\\??\\C:\\", FILE_LIST_DIRECTORY | SYNCHRONIZE);
    auto* buffer = static_cast<FILE_NAMES_INFORMATION*>(at.bytes(256));
    auto& block = drive.block();
    call(STATUS_SUCCESS, folder, &block, buffer, 256u, FileNamesInformation, &at.string(u"*.TXT"));
    EXPECT_EQ(std::u16string(buffer->FileName, buffer->FileNameLength / 2), u"hello.txt");
    EXPECT_EQ(block.Information, offsetof(FILE_NAMES_INFORMATION, FileName) + 18);
    call(STATUS_NO_MORE_FILES, folder, &block, buffer, 256u, FileNamesInformation,
         static_cast<UNICODE_STRING*>(nullptr));
    call(STATUS_INFO_LENGTH_MISMATCH, folder, &block, buffer, 8u, FileNamesInformation,
         static_cast<UNICODE_STRING*>(nullptr));
    call(STATUS_INVALID_INFO_CLASS, folder, &block, buffer, 256u, FileBasicInformation,
         static_cast<UNICODE_STRING*>(nullptr));
    drive.close(folder);
    HANDLE empty = drive.open(u"\\??\\C:\\Folder", FILE_LIST_DIRECTORY | SYNCHRONIZE);
    call(STATUS_NO_SUCH_FILE, empty, &block, buffer, 256u, FileNamesInformation, &at.string(u"none"));
    drive.close(empty);
}

void query_directory_plain(At& at)
{
    query_directory(at,
                    [&](NTSTATUS status, HANDLE folder, IO_STATUS_BLOCK* block, void* buffer, ULONG bytes,
                        FILE_INFORMATION_CLASS information, UNICODE_STRING* name) {
                        at.status(status, folder, nullptr, nullptr, nullptr, block, buffer, bytes, information,
                                  BOOLEAN { TRUE }, name, BOOLEAN { FALSE });
                    });
}

void query_directory_ex(At& at)
{
    query_directory(at,
                    [&](NTSTATUS status, HANDLE folder, IO_STATUS_BLOCK* block, void* buffer, ULONG bytes,
                        FILE_INFORMATION_CLASS information, UNICODE_STRING* name) {
                        at.status(status, folder, nullptr, nullptr, nullptr, block, buffer, bytes, information,
                                  ULONG { SL_RETURN_SINGLE_ENTRY }, name);
                    });
}

void flush_ex(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& block = drive.block();
    block.Information = 77;
    at.status(STATUS_SUCCESS, file, 2u, nullptr, 0u, &block);
    EXPECT_EQ(block.Information, 0u);
    at.status(STATUS_INVALID_PARAMETER, file, 8u, nullptr, 0u, &block);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, 0u, nullptr, 0u, &block);
    drive.close(file);
}

void lock(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt", GENERIC_READ | SYNCHRONIZE, kAsynchronous);
    HANDLE other = drive.open(u"\\??\\C:\\hello.txt", GENERIC_READ | SYNCHRONIZE, kAsynchronous);
    auto& offset = at.object<LARGE_INTEGER>();
    auto& length = at.object<LARGE_INTEGER>();
    length.QuadPart = 5;
    auto& block = drive.block();
    auto call = [&](NTSTATUS status, HANDLE handle, bool at_once) {
        at.status(status, handle, nullptr, nullptr, nullptr, &block, &offset, &length, 1u, BOOLEAN { at_once },
                  BOOLEAN { TRUE });
    };
    call(STATUS_SUCCESS, file, true);
    call(STATUS_LOCK_NOT_GRANTED, other, true);
    call(STATUS_PENDING, other, false);
    at.also("ZwUnlockFile", file, &drive.block(), &offset, &length, 1u);
    at.also("ZwWaitForSingleObject", other, FALSE, nullptr);
    EXPECT_EQ(block.Status, STATUS_SUCCESS);
    drive.close(file);
    drive.close(other);
}

void unlock(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& offset = at.object<LARGE_INTEGER>();
    auto& length = at.object<LARGE_INTEGER>();
    length.QuadPart = 5;
    auto& block = drive.block();
    at.also("ZwLockFile", file, nullptr, nullptr, nullptr, &block, &offset, &length, 1u, TRUE, TRUE);
    at.status(STATUS_SUCCESS, file, &block, &offset, &length, 1u);
    at.status(STATUS_RANGE_NOT_LOCKED, file, &block, &offset, &length, 1u);
    drive.close(file);
}

void query_ea(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto* buffer = at.bytes(64);
    auto& block = drive.block();
    at.status(STATUS_EAS_NOT_SUPPORTED, file, &block, buffer, 64u, BOOLEAN { FALSE }, nullptr, 0u, nullptr,
              BOOLEAN { TRUE });
    auto* list = static_cast<FILE_GET_EA_INFORMATION*>(at.bytes(16));
    list->EaNameLength = 200;
    at.status(STATUS_EA_LIST_INCONSISTENT, file, &block, buffer, 64u, BOOLEAN { FALSE }, list, 16u, nullptr,
              BOOLEAN { TRUE });
    drive.close(file);
}

// Drive C: keeps no quotas.
void query_quota(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto* buffer = at.bytes(64);
    auto& block = drive.block();
    at.status(STATUS_INVALID_DEVICE_REQUEST, file, &block, buffer, 64u, BOOLEAN { FALSE }, nullptr, 0u, nullptr,
              BOOLEAN { TRUE });
    auto* list = static_cast<FILE_GET_QUOTA_INFORMATION*>(at.bytes(24));
    list->SidLength = 200;
    at.status(STATUS_QUOTA_LIST_INCONSISTENT, file, &block, buffer, 64u, BOOLEAN { FALSE }, list, 24u, nullptr,
              BOOLEAN { TRUE });
    list->SidLength = 12;
    list->Sid = { SID_REVISION, 1, { { 0, 0, 0, 0, 0, 1 } }, { 0 } };
    at.status(STATUS_INVALID_DEVICE_REQUEST, file, &block, buffer, 64u, BOOLEAN { FALSE }, list, 20u, &list->Sid,
              BOOLEAN { TRUE });
    drive.close(file);
}

void set_quota(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt", FILE_WRITE_DATA | SYNCHRONIZE);
    auto* entry = static_cast<uint8_t*>(at.bytes(64));
    auto& block = drive.block();
    at.status(STATUS_QUOTA_LIST_INCONSISTENT, file, &block, entry, 52u);
    entry[4] = 12;
    auto& sid = *reinterpret_cast<SID*>(entry + 0x28);
    sid = { SID_REVISION, 1, { { 0, 0, 0, 0, 0, 1 } }, { 0 } };
    at.status(STATUS_INVALID_DEVICE_REQUEST, file, &block, entry, 52u);
    drive.close(file);
}

void set_ea(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto* ea = static_cast<FILE_FULL_EA_INFORMATION*>(at.bytes(32));
    ea->EaNameLength = 1;
    ea->EaValueLength = 1;
    ea->EaName[0] = 'N';
    auto& block = drive.block();
    at.status(STATUS_EAS_NOT_SUPPORTED, file, &block, ea, 32u);
    ea->EaValueLength = 100;
    at.status(STATUS_EA_LIST_INCONSISTENT, file, &block, ea, 32u);
    drive.close(file);
}

} // namespace

SAMPLE(ZwQueryInformationFile) { query_information(at); }
SAMPLE(NtQueryInformationFile) { query_information(at); }
SAMPLE(ZwSetInformationFile) { set_information(at); }
SAMPLE(NtSetInformationFile) { set_information(at); }
SAMPLE(ZwQueryVolumeInformationFile) { query_volume(at); }
SAMPLE(NtQueryVolumeInformationFile) { query_volume(at); }
SAMPLE(ZwSetVolumeInformationFile) { set_volume(at); }
SAMPLE(NtSetVolumeInformationFile) { set_volume(at); }
SAMPLE(ZwQueryDirectoryFile) { query_directory_plain(at); }
SAMPLE(NtQueryDirectoryFile) { query_directory_plain(at); }
SAMPLE(ZwQueryDirectoryFileEx) { query_directory_ex(at); }
SAMPLE(NtQueryDirectoryFileEx) { query_directory_ex(at); }
SAMPLE(ZwFlushBuffersFileEx) { flush_ex(at); }
SAMPLE(NtFlushBuffersFileEx) { flush_ex(at); }
SAMPLE(ZwLockFile) { lock(at); }
SAMPLE(NtLockFile) { lock(at); }
SAMPLE(ZwUnlockFile) { unlock(at); }
SAMPLE(NtUnlockFile) { unlock(at); }
SAMPLE(ZwQueryEaFile) { query_ea(at); }
SAMPLE(NtQueryEaFile) { query_ea(at); }
SAMPLE(ZwQueryQuotaInformationFile) { query_quota(at); }
SAMPLE(NtQueryQuotaInformationFile) { query_quota(at); }
SAMPLE(ZwSetQuotaInformationFile) { set_quota(at); }
SAMPLE(NtSetQuotaInformationFile) { set_quota(at); }
SAMPLE(ZwSetEaFile) { set_ea(at); }
SAMPLE(NtSetEaFile) { set_ea(at); }

SAMPLE(ZwFlushBuffersFile)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& block = drive.block();
    block.Information = 77;
    at.status(STATUS_SUCCESS, file, &block);
    EXPECT_EQ(block.Information, 0u);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, &block);
    drive.close(file);
}

SAMPLE(IoQueryFileInformation)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& standard = at.object<FILE_STANDARD_INFORMATION>();
    auto& returned = at.object<ULONG>();
    at.status(STATUS_SUCCESS, drive.object(file), FileStandardInformation, ULONG { sizeof standard }, &standard,
              &returned);
    EXPECT_EQ(standard.EndOfFile.QuadPart, 5);
    EXPECT_EQ(returned, sizeof standard);
    at.status(STATUS_INFO_LENGTH_MISMATCH, drive.object(file), FileStandardInformation, 4u, &standard, &returned);
    drive.close(file);
}

SAMPLE(IoQueryVolumeInformation)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& size = at.object<FILE_FS_SIZE_INFORMATION>();
    auto& returned = at.object<ULONG>();
    at.status(STATUS_SUCCESS, drive.object(file), FileFsSizeInformation, ULONG { sizeof size }, &size, &returned);
    EXPECT_EQ(size.BytesPerSector, 512u);
    at.status(STATUS_INVALID_PARAMETER, drive.object(file), FileFsControlInformation, ULONG { sizeof size }, &size,
              &returned);
    drive.close(file);
}

namespace {

void fs_control(At& at)
{
    Drive drive(at);
    HANDLE file = drive.open(u"\\??\\C:\\hello.txt");
    auto& block = drive.block();
    // FSCTL_GET_COMPRESSION: not on this file system.
    at.status(STATUS_INVALID_DEVICE_REQUEST, file, nullptr, nullptr, nullptr, &block, 0x9003Cu, nullptr, 0u,
              at.bytes(16), 2u);
    at.status(STATUS_INVALID_HANDLE, HANDLE {}, nullptr, nullptr, nullptr, &block, 0x9003Cu, nullptr, 0u, at.bytes(16),
              2u);
    drive.close(file);
}

} // namespace

SAMPLE(ZwFsControlFile) { fs_control(at); }
SAMPLE(NtFsControlFile) { fs_control(at); }

SAMPLE(IoCheckEaBufferValidity)
{
    auto* ea = static_cast<FILE_FULL_EA_INFORMATION*>(at.bytes(64));
    ea->EaNameLength = 1;
    ea->EaValueLength = 1;
    ea->EaName[0] = 'N';
    ea->NextEntryOffset = 12;
    auto* second = reinterpret_cast<FILE_FULL_EA_INFORMATION*>(reinterpret_cast<uint8_t*>(ea) + 12);
    second->EaNameLength = 1;
    second->EaName[0] = 'M';
    auto& where = at.object<ULONG>();
    at.status(STATUS_SUCCESS, ea, 64u, &where);
    second->EaValueLength = 100;
    at.status(STATUS_EA_LIST_INCONSISTENT, ea, 64u, &where);
    EXPECT_EQ(where, 12u);
    ea->NextEntryOffset = 5;
    at.status(STATUS_EA_LIST_INCONSISTENT, ea, 64u, &where);
    EXPECT_EQ(where, 0u);
}
