// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iovolumedevicetodosname
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ioqueryfiledosdevicename
#include "io/volume_name.h"

#include "base/result.h"
#include "ex/pool.h"
#include "io/file_calls.h"
#include "io/manager.h"
#include "ob/capture.h"
#include "ob/namespace.h"

#include <cstddef>
#include <cstring>

namespace ringside::io {

namespace {

constexpr ULONG kNameTag = 0x6D4E6F49; // 'IoNm'
constexpr ULONG kPathBytesMax = 0xFFFE;

// The named device behind a volume's device object: itself, or the one that it is mounted on.
DeviceRecord const* volume_of(DEVICE_OBJECT const* device)
{
    struct Search {
        DEVICE_OBJECT const* device;
        DeviceRecord const* found = nullptr;
    } search { device };
    manager().devices().for_each(
        [](void* context, DeviceRecord const& record) {
            auto& wanted = *static_cast<Search*>(context);
            VPB const* vpb = record.device->Vpb;
            if (record.device == wanted.device ? !record.name.empty() : vpb && vpb->DeviceObject == wanted.device)
                wanted.found = &record;
        },
        &search);
    return search.found;
}

// The drive letter; 0: it has none.
char16_t letter_of(DeviceRecord const& volume)
{
    struct Search {
        DeviceRecord const& volume;
        char16_t letter = 0;
    } search { volume };
    ob::for_each_in(
        u"\\GLOBAL??",
        [](void* context, std::u16string const& name, void* body, ob::Type& type) {
            auto& wanted = *static_cast<Search*>(context);
            if (!wanted.letter && &type == &ob::symbolic_link_type && name.size() == 2 && name[1] == u':'
                && ob::same_name(ob::target_of_link(body), wanted.volume.name, true))
                wanted.letter = name[0];
        },
        &search);
    return search.letter;
}

Result<char16_t> letter_of_device(DEVICE_OBJECT const* device)
{
    DeviceRecord const* volume = volume_of(device);
    char16_t const letter = volume ? letter_of(*volume) : u'\0';
    if (!letter)
        return Failure { STATUS_INVALID_PARAMETER };
    return letter;
}

// FILE_NAME_INFORMATION of an open file, in auxiliary pool.
Result<void*> query_name(FILE_OBJECT* file)
{
    constexpr ULONG room = offsetof(FILE_NAME_INFORMATION, FileName) + kPathBytesMax;
    void* name = ex::allocate(PagedPool, room, kAuxiliaryTag, ex::Owner::Kernel, true);
    if (!name)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    ob::reference(file);
    Reply const reply = transact_on(file, FILE_ALL_ACCESS,
                                    { .major = IRP_MJ_QUERY_INFORMATION,
                                      .code = FileNameInformation,
                                      .buffers = { nullptr, 0, name, room },
                                      .mode = KernelMode });
    if (NT_SUCCESS(reply.status))
        return name;
    ex::free(name, kAuxiliaryTag);
    return Failure { reply.status };
}

} // namespace

NTSTATUS IoVolumeDeviceToDosName(void* device, UNICODE_STRING* dos_name)
{
    auto letter = letter_of_device(static_cast<DEVICE_OBJECT*>(device));
    if (!letter.ok())
        return letter.status();
    auto* text
        = static_cast<char16_t*>(ex::allocate(PagedPool, 3 * sizeof(char16_t), kNameTag, ex::Owner::Driver, true));
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    text[0] = *letter;
    text[1] = u':';
    ob::put(dos_name, { 2 * sizeof(char16_t), 3 * sizeof(char16_t), text });
    return STATUS_SUCCESS;
}

NTSTATUS IoQueryFileDosDeviceName(FILE_OBJECT* file, OBJECT_NAME_INFORMATION** result)
{
    FileRecord const* record = manager().files().find(file);
    if (!record || !record->device)
        return STATUS_INVALID_PARAMETER;
    auto letter = letter_of_device(file->DeviceObject);
    if (!letter.ok())
        return letter.status();
    auto queried = query_name(file);
    if (!queried.ok())
        return queried.status();
    Pool const holder(*queried);
    auto const* path = static_cast<FILE_NAME_INFORMATION const*>(holder.block);
    size_t const bytes = 2 * sizeof(char16_t) + path->FileNameLength;
    if (bytes > kPathBytesMax)
        return STATUS_NAME_TOO_LONG;
    auto* made = static_cast<OBJECT_NAME_INFORMATION*>(ex::allocate(
        PagedPool, sizeof(OBJECT_NAME_INFORMATION) + bytes + sizeof(char16_t), kNameTag, ex::Owner::Driver, true));
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    auto* text = reinterpret_cast<char16_t*>(made + 1);
    text[0] = *letter;
    text[1] = u':';
    std::memcpy(text + 2, path->FileName, path->FileNameLength);
    made->Name = { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)), text };
    ob::put(result, made);
    return STATUS_SUCCESS;
}

} // namespace ringside::io
