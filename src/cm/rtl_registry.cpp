// SPDX-License-Identifier: MIT
// Keys and values by path.
#include "cm/ddi.h"

#include "cm/relative_key.h"
#include "cm/value_data.h"
#include "ob/capture.h"

namespace ringside::cm {

using namespace nt;

namespace {

// A zero-terminated name as the services want it. STATUS_NAME_TOO_LONG.
class CountedName {
public:
    explicit CountedName(PCWSTR name)
    {
        size_t length = 0;
        while (name && ob::get(name + length))
            ++length;
        if (length > kValueNameMax)
            m_status = STATUS_NAME_TOO_LONG;
        auto const bytes = static_cast<USHORT>(length * sizeof(char16_t));
        m_name = { bytes, bytes, const_cast<PWSTR>(name) };
    }
    NTSTATUS status() const { return m_status; }
    UNICODE_STRING* name() { return &m_name; }

private:
    NTSTATUS m_status = STATUS_SUCCESS;
    UNICODE_STRING m_name {};
};

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-rtlwriteregistryvalue
NTSTATUS RtlWriteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name, ULONG type, PVOID data, ULONG length)
{
    CountedName counted(name);
    if (counted.status())
        return counted.status();
    RelativeKey const key(relative_to, path, true);
    return key.status() ? key.status() : ZwSetValueKey(key.handle(), counted.name(), 0, type, data, length);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtldeleteregistryvalue
NTSTATUS RtlDeleteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name)
{
    CountedName counted(name);
    if (counted.status())
        return counted.status();
    RelativeKey const key(relative_to, path, false);
    return key.status() ? key.status() : ZwDeleteValueKey(key.handle(), counted.name());
}

// With RTL_REGISTRY_HANDLE it closes the handle, as documented.
// @cite(wdk-ddi): page=wdm/nf-wdm-rtlcheckregistrykey
NTSTATUS RtlCheckRegistryKey(ULONG relative_to, PWSTR path)
{
    RelativeKey const key(relative_to, path, false);
    if (!(relative_to & RTL_REGISTRY_HANDLE))
        return key.status();
    auto found = ob::reference_by_handle(key.handle(), 0, &ob::key_type, KernelMode);
    if (found.ok())
        ob::dereference(found->body);
    static_cast<void>(ob::close_handle(ob::current_process(), key.handle(), KernelMode));
    return found.status();
}

// @cite(wdk-ddi): page=wdm/nf-wdm-rtlcreateregistrykey
NTSTATUS RtlCreateRegistryKey(ULONG relative_to, PWSTR path)
{
    RelativeKey const key(relative_to, path, true);
    return key.status();
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlqueryregistryvaluewithfallback
NTSTATUS RtlQueryRegistryValueWithFallback(HANDLE primary, HANDLE fallback, UNICODE_STRING* name, ULONG length,
                                           ULONG* type, PVOID data, ULONG* result_length)
{
    constexpr size_t kHead = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
    if (length > 0x7FFF'FFFF)
        return STATUS_INVALID_PARAMETER;
    PoolBytes const block(kHead + length);
    if (!block.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    ULONG needed = 0;
    for (HANDLE key : { primary, fallback }) {
        if (!key)
            continue;
        status = ZwQueryValueKey(key, name, KeyValuePartialInformation, block.data(), static_cast<ULONG>(block.size()),
                                 &needed);
        if (status != STATUS_OBJECT_NAME_NOT_FOUND)
            break;
    }
    if (status && status != STATUS_BUFFER_OVERFLOW)
        return status;
    auto const* found = reinterpret_cast<KEY_VALUE_PARTIAL_INFORMATION const*>(block.data());
    if (type)
        ob::put(type, found->Type);
    if (result_length)
        ob::put(result_length, found->DataLength);
    if (!status && found->DataLength)
        ke::copy_or_raise(data, block.data() + kHead, found->DataLength);
    return status;
}

} // namespace ringside::cm
