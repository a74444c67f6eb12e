// SPDX-License-Identifier: MIT
// The disk that the system was started from. A machine is started from none, and has booted before it loads the first
// driver: what drivers may ask while it boots they ask too late.
#include "cm/ddi.h"
#include "io/disk/disk.h"
#include "io/disk/partition_ddi.h"
#include "io/manager.h"
#include "ob/namespace.h"
#include "ob/object.h"

#include <algorithm>
#include <string_view>

namespace ringside::io {

namespace {

constexpr std::u16string_view kDosDevices = u"\\DosDevices\\";
constexpr char16_t const* kSetupKey = u"\\Registry\\Machine\\System\\Setup";
constexpr char16_t const* kSystemPartition = u"SystemPartition";
constexpr size_t kNameCharactersMax = 0x7FFF; // of a UNICODE_STRING

// "C:" or a whole path, in pool.
Result<std::u16string_view> path_of(UNICODE_STRING const& name, disk::Buffer& memory)
{
    std::u16string_view const given { name.Buffer, name.Length / sizeof(char16_t) };
    if (given.empty())
        return Failure { STATUS_OBJECT_NAME_INVALID };
    std::u16string_view const before = given.front() == u'\\' ? std::u16string_view {} : kDosDevices;
    TRY(memory.allocate((before.size() + given.size()) * sizeof(char16_t)));
    auto* path = memory.as<char16_t>();
    std::copy(given.begin(), given.end(), std::copy(before.begin(), before.end(), path));
    return std::u16string_view { path, before.size() + given.size() };
}

// The name of the device that a path leads to, zero-terminated, in pool: how many bytes.
Result<ULONG> device_name(std::u16string_view path, disk::Buffer& memory)
{
    ob::Lookup const found = TRY(ob::look_up(path, true));
    auto const* record = manager().devices().find(static_cast<DEVICE_OBJECT*>(found.body));
    std::u16string_view const name = record ? std::u16string_view { record->name } : std::u16string_view {};
    Result<void> room;
    bool const whole = found.remaining.empty() && !name.empty() && name.size() < kNameCharactersMax;
    if (whole && (room = memory.allocate((name.size() + 1) * sizeof(char16_t))).ok())
        std::copy(name.begin(), name.end(), memory.as<char16_t>());
    ob::dereference(found.body);
    if (!whole)
        return Failure { STATUS_OBJECT_TYPE_MISMATCH };
    TRY(room);
    return static_cast<ULONG>((name.size() + 1) * sizeof(char16_t));
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetbootdiskinformation
NTSTATUS IoGetBootDiskInformation(BOOTDISK_INFORMATION*, ULONG bytes)
{
    return bytes < sizeof(BOOTDISK_INFORMATION) ? STATUS_INVALID_PARAMETER : STATUS_TOO_LATE;
}

// The registry is where the system keeps which one it is.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetsystempartition
NTSTATUS IoSetSystemPartition(UNICODE_STRING* volume_name)
{
    disk::Buffer path, device;
    auto const wanted = path_of(*volume_name, path);
    if (!wanted.ok())
        return wanted.status();
    auto const bytes = device_name(wanted.value(), device);
    if (!bytes.ok())
        return bytes.status();
    return cm::RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, kSetupKey, kSystemPartition, REG_SZ, device.data(),
                                     bytes.value());
}

} // namespace ringside::io
