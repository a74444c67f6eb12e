// SPDX-License-Identifier: MIT
// Keys and values by path.
#include "cm/ddi.h"

#include "cm/objects.h"
#include "cm/relative_key.h"
#include "cm/value_data.h"

namespace ringside::cm {

using namespace nt;

namespace {

// In the order of RTL_REGISTRY_ABSOLUTE, _SERVICES, ... A system process' user is the default one, and so is a client's
// here: there are no others.
constexpr std::u16string_view kPlaces[RTL_REGISTRY_MAXIMUM] = {
    u"",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    u"\\Registry\\Machine\\Hardware\\DeviceMap",
    u"\\Registry\\User\\.Default",
};

} // namespace

Result<Walked> relative_key(ULONG relative_to, PCWSTR path, Missing missing)
{
    if (relative_to & RTL_REGISTRY_HANDLE) {
        KeyOfHandle const key(const_cast<HANDLE>(static_cast<void const*>(path)), 0);
        if (key.status())
            return Failure { key.status() };
        return Walked { &key.key(), false };
    }
    ULONG const place = relative_to & ~RTL_REGISTRY_OPTIONAL;
    if (place >= RTL_REGISTRY_MAXIMUM)
        return Failure { STATUS_INVALID_PARAMETER };
    ob::Attributes attributes;
    attributes.named = true;
    attributes.flags = OBJ_CASE_INSENSITIVE;
    if (path)
        attributes.path = ob::read_zero_terminated(path);
    if (place != RTL_REGISTRY_ABSOLUTE)
        attributes.path = std::u16string(kPlaces[place]) + u"\\" + attributes.path;
    return walk_attributes(attributes, missing, false, false);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtlwriteregistryvalue
NTSTATUS RtlWriteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name, ULONG type, PVOID data, ULONG length)
{
    DriverData const bytes(data, length);
    if (!bytes.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    auto walked = relative_key(relative_to, path, Missing::CreateLast);
    if (!walked.ok())
        return walked.status();
    KeyRef const key(*walked->key);
    registry().set_value(*key, name ? ob::read_zero_terminated(name) : std::u16string(), type, bytes.span());
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtldeleteregistryvalue
NTSTATUS RtlDeleteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name)
{
    auto walked = relative_key(relative_to, path, Missing::Fail);
    if (!walked.ok())
        return walked.status();
    KeyRef const key(*walked->key);
    std::u16string const text = name ? ob::read_zero_terminated(name) : std::u16string();
    return registry().delete_value(*key, text) ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

// With RTL_REGISTRY_HANDLE it closes the handle, as documented.
// @cite(wdk-ddi): page=wdm/nf-wdm-rtlcheckregistrykey
NTSTATUS RtlCheckRegistryKey(ULONG relative_to, PWSTR path)
{
    NTSTATUS const status = relative_key(relative_to, path, Missing::Fail).status();
    if (relative_to & RTL_REGISTRY_HANDLE)
        static_cast<void>(ob::close_handle(ob::current_process(), path, KernelMode));
    return status;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtlcreateregistrykey
NTSTATUS RtlCreateRegistryKey(ULONG relative_to, PWSTR path)
{
    return relative_key(relative_to, path, Missing::CreateLast).status();
}

} // namespace ringside::cm
