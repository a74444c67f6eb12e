// SPDX-License-Identifier: MIT
// What is done to a key's values through its handle.
#include "cm/ddi.h"

#include "cm/callbacks.h"
#include "cm/information.h"
#include "cm/objects.h"

#include <optional>

namespace ringside::cm {

using namespace nt;

namespace {

// A value's name, in pool. No name means the key's default value.
class ValueName {
public:
    explicit ValueName(UNICODE_STRING* name)
    {
        UNICODE_STRING const given = name ? ob::get(name) : UNICODE_STRING {};
        if (given.Length % sizeof(char16_t)) {
            m_status = STATUS_OBJECT_NAME_INVALID;
            return;
        }
        if (given.Length / sizeof(char16_t) > kValueNameMax) {
            m_status = STATUS_INVALID_PARAMETER;
            return;
        }
        m_text.emplace(given.Buffer, given.Length);
        if (!m_text->ok())
            m_status = STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status() const { return m_status; }
    std::u16string_view text() const { return m_text->text(); }

private:
    NTSTATUS m_status = STATUS_SUCCESS;
    std::optional<DriverData> m_text;
};

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-zwenumeratevaluekey
NTSTATUS ZwEnumerateValueKey(HANDLE handle, ULONG index, KEY_VALUE_INFORMATION_CLASS what, PVOID buffer, ULONG length,
                             ULONG* result_length)
{
    KeyOfHandle const key(handle, KEY_QUERY_VALUE);
    if (key.status())
        return key.status();
    REG_ENUMERATE_VALUE_KEY_INFORMATION info { key.body(), index, what, buffer, length, result_length };
    return notified(kEnumerateValue, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        if (index >= key.key().values.size())
            return STATUS_NO_MORE_ENTRIES;
        return query_value(key.key().values.at(index), what, buffer, length, result_length);
    });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwqueryvaluekey
NTSTATUS ZwQueryValueKey(HANDLE handle, UNICODE_STRING* name, KEY_VALUE_INFORMATION_CLASS what, PVOID buffer,
                         ULONG length, ULONG* result_length)
{
    KeyOfHandle const key(handle, KEY_QUERY_VALUE);
    if (key.status())
        return key.status();
    ValueName const wanted(name);
    if (wanted.status())
        return wanted.status();
    REG_QUERY_VALUE_KEY_INFORMATION info { key.body(), name, what, buffer, length, result_length };
    return notified(kQueryValue, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        Value const* const value = key.key().value(wanted.text());
        return value ? query_value(*value, what, buffer, length, result_length) : STATUS_OBJECT_NAME_NOT_FOUND;
    });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwsetvaluekey
NTSTATUS ZwSetValueKey(HANDLE handle, UNICODE_STRING* name, ULONG title, ULONG type, PVOID data, ULONG size)
{
    KeyOfHandle const key(handle, KEY_SET_VALUE);
    if (key.status())
        return key.status();
    ValueName const wanted(name);
    if (wanted.status())
        return wanted.status();
    DriverData const bytes(data, size);
    if (!bytes.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    REG_SET_VALUE_KEY_INFORMATION info { key.body(), name, title, type, data, size };
    return notified(kSetValue, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        return registry().set_value(key.key(), wanted.text(), type, bytes.span()).status();
    });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwdeletevaluekey
NTSTATUS ZwDeleteValueKey(HANDLE handle, UNICODE_STRING* name)
{
    KeyOfHandle const key(handle, KEY_SET_VALUE);
    if (key.status())
        return key.status();
    ValueName const wanted(name);
    if (wanted.status())
        return wanted.status();
    REG_DELETE_VALUE_KEY_INFORMATION info { key.body(), name };
    return notified(kDeleteValue, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        return registry().delete_value(key.key(), wanted.text()) ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    });
}

namespace {

constexpr ULONG kEntriesMax = 0x10000;

// The data of all values one behind the other, each at a multiple of four.
NTSTATUS query_multiple(Key const& key, KEY_VALUE_ENTRY* entries, ULONG count, PVOID buffer, ULONG* length,
                        ULONG* required)
{
    ULONG const room = ob::get(length);
    uint64_t needed = 0;
    ULONG used = 0;
    for (ULONG i = 0; i < count; ++i) {
        KEY_VALUE_ENTRY entry = ob::get(entries + i);
        ValueName const wanted(entry.ValueName);
        if (wanted.status())
            return wanted.status();
        Value const* const value = key.value(wanted.text());
        if (!value)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        needed = (needed + 3) & ~uint64_t { 3 };
        auto const bytes = static_cast<ULONG>(value->data.size());
        if (needed + bytes <= room) {
            entry.Type = value->type;
            entry.DataLength = bytes;
            entry.DataOffset = static_cast<ULONG>(needed);
            if (bytes)
                ke::copy_or_raise(static_cast<uint8_t*>(buffer) + needed, value->data.data(), bytes);
            ob::put(entries + i, entry);
            used = static_cast<ULONG>(needed) + bytes;
        }
        needed += bytes;
    }
    ob::put(length, used);
    if (required)
        ob::put(required, static_cast<ULONG>(std::min<uint64_t>(needed, ~ULONG { 0 })));
    return needed > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

} // namespace

// @cite(msdocs): page=windows/win32/api/winternl/nf-winternl-ntquerymultiplevaluekey
NTSTATUS ZwQueryMultipleValueKey(HANDLE handle, KEY_VALUE_ENTRY* entries, ULONG count, PVOID buffer, ULONG* length,
                                 ULONG* required)
{
    if (count > kEntriesMax)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeyOfHandle const key(handle, KEY_QUERY_VALUE);
    if (key.status())
        return key.status();
    REG_QUERY_MULTIPLE_VALUE_KEY_INFORMATION info { key.body(), entries, count, buffer, length, required };
    return notified(kQueryMultiple, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        return query_multiple(key.key(), entries, count, buffer, length, required);
    });
}

} // namespace ringside::cm
