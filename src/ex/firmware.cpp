// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exgetfirmwareenvironmentvariable
// @cite(wdk-ddi): page=wdm/nf-wdm-exsetfirmwareenvironmentvariable
#include "ex/firmware.h"

#include "ex/executive.h"
#include "rtl/strings.h"

#include <bit>
#include <cstring>

namespace ringside::ex {

using namespace nt;

namespace {

constexpr ULONG kNonVolatile = 1;
constexpr ULONG kBootServices = 2;
constexpr ULONG kRuntime = 4;
constexpr ULONG kAppend = 0x40;
constexpr ULONG kKnownAttributes = 0x7F;
constexpr size_t kValueBytesMax = 64 * 1024;
constexpr ULONG kFirmwareTypeUefi = 2;

// The UEFI specification's own namespace, EFI_GLOBAL_VARIABLE.
constexpr GUID kGlobal { 0x8BE4DF61, 0x93CA, 0x11D2, { 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C } };

auto key(GUID const& vendor, std::u16string_view name)
{
    return std::pair { std::bit_cast<std::array<uint8_t, 16>>(vendor), std::u16string(name) };
}

bool valid_name(UNICODE_STRING const* name) { return name && name->Length && name->Length % 2 == 0 && name->Buffer; }

} // namespace

Firmware::Firmware()
{
    for (auto name : { u"SecureBoot", u"SetupMode" })
        variables[key(kGlobal, name)] = { kBootServices | kRuntime, { 0 } };
}

NTSTATUS ExGetFirmwareEnvironmentVariable(UNICODE_STRING const* name, GUID const* vendor, PVOID value, ULONG* length,
                                          ULONG* attributes)
{
    if (!valid_name(name) || !vendor || !length)
        return STATUS_INVALID_PARAMETER;
    auto const& variables = executive().firmware.variables;
    auto const found = variables.find(key(*vendor, rtl::view(*name)));
    if (found == variables.end())
        return STATUS_VARIABLE_NOT_FOUND;
    auto const& variable = found->second;
    auto const bytes = static_cast<ULONG>(variable.value.size());
    bool const fits = *length >= bytes;
    *length = bytes;
    if (!fits)
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes && !value)
        return STATUS_INVALID_PARAMETER;
    std::memcpy(value, variable.value.data(), bytes);
    if (attributes)
        *attributes = variable.attributes;
    return STATUS_SUCCESS;
}

// An empty value deletes; the specification's own read-only variables are write protected.
NTSTATUS ExSetFirmwareEnvironmentVariable(UNICODE_STRING const* name, GUID const* vendor, PVOID value, ULONG length,
                                          ULONG attributes)
{
    if (!valid_name(name) || !vendor || (length && !value) || attributes & ~kKnownAttributes
        || !(attributes & kNonVolatile))
        return STATUS_INVALID_PARAMETER;
    if (length > kValueBytesMax)
        return STATUS_INSUFFICIENT_RESOURCES;
    auto& variables = executive().firmware.variables;
    auto const id = key(*vendor, rtl::view(*name));
    auto const found = variables.find(id);
    if (found != variables.end() && !(found->second.attributes & kNonVolatile))
        return STATUS_UNSUCCESSFUL; // the firmware says write protected
    bool const append = attributes & kAppend;
    if (!length && !append) {
        if (found == variables.end())
            return STATUS_VARIABLE_NOT_FOUND;
        variables.erase(found);
        return STATUS_SUCCESS;
    }
    attributes &= ~kAppend;
    if (found != variables.end() && found->second.attributes != attributes)
        return STATUS_INVALID_PARAMETER;
    auto const* bytes = static_cast<uint8_t const*>(value);
    auto& variable = variables[id];
    variable.attributes = attributes;
    if (!append)
        variable.value.clear();
    variable.value.insert(variable.value.end(), bytes, bytes + length);
    return STATUS_SUCCESS;
}

ULONG ExGetFirmwareType() { return kFirmwareTypeUefi; }
BOOLEAN ExIsSoftBoot() { return FALSE; }

} // namespace ringside::ex
