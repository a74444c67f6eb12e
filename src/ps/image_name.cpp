// SPDX-License-Identifier: MIT
// What a process was made from, by name.
#include "ex/pool.h"
#include "ob/capture.h"
#include "ob/namespace.h"
#include "ps/ddi.h"
#include "ps/process.h"

#include <cstring>

namespace ringside::ps {

using namespace nt;

namespace {

constexpr uint32_t kNameTag = 'nPeS'; // "SePn"
constexpr size_t kDriveLength = 6;    // of "\??\C:"

} // namespace

std::u16string device_path_of_image(ProcessRecord const& record)
{
    std::u16string const& path = record.image_path;
    if (path.size() <= kDriveLength || path[kDriveLength] != u'\\')
        return path;
    auto volume = ob::symbolic_link_target(std::u16string_view(path).substr(0, kDriveLength));
    return volume.ok() ? *volume + path.substr(kDriveLength) : path;
}

// A block with the string's header and its characters, for the caller to free.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-selocateprocessimagename
NTSTATUS SeLocateProcessImageName(PEPROCESS process, UNICODE_STRING** name)
{
    ob::put(name, nullptr);
    ke::Process const& found = required_process(process);
    if (&found == &manager().system())
        return STATUS_NOT_FOUND;
    std::u16string const path = device_path_of_image(*manager().record_of(found));
    size_t const bytes = path.size() * sizeof(char16_t);
    auto* block = static_cast<UNICODE_STRING*>(ex::allocate(
        NonPagedPoolNx, sizeof(UNICODE_STRING) + bytes + sizeof(char16_t), kNameTag, ex::Owner::Driver, true));
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    *block = { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)),
               reinterpret_cast<PWSTR>(block + 1) };
    std::memcpy(block + 1, path.c_str(), bytes + sizeof(char16_t));
    ob::put(name, block);
    return STATUS_SUCCESS;
}

} // namespace ringside::ps
