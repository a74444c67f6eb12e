// SPDX-License-Identifier: MIT
// What is done to a key through its handle.
#include "cm/ddi.h"

#include "cm/callbacks.h"
#include "cm/information.h"
#include "cm/objects.h"

namespace ringside::cm {

using namespace nt;

// @cite(wdk-ddi): page=wdm/nf-wdm-zwdeletekey
NTSTATUS ZwDeleteKey(HANDLE handle)
{
    KeyOfHandle const key(handle, DELETE);
    if (key.status())
        return key.status();
    REG_DELETE_KEY_INFORMATION info { .Object = key.body() };
    return notified(kDeleteKey, key.body(), info, [&] { return registry().delete_key(key.key()).status(); });
}

// The registry lives in memory and dies with the machine: it is always as flushed as it will ever be.
NTSTATUS ZwFlushKey(HANDLE handle)
{
    KeyOfHandle const key(handle, 0);
    if (key.status())
        return key.status();
    REG_DELETE_KEY_INFORMATION info { .Object = key.body() }; // what REG_FLUSH_KEY_INFORMATION is
    return notified(kFlushKey, key.body(), info, [&] { return key.live(); });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwquerykey
NTSTATUS ZwQueryKey(HANDLE handle, KEY_INFORMATION_CLASS what, PVOID buffer, ULONG length, ULONG* result_length)
{
    KeyOfHandle const key(handle, what == KeyNameInformation ? 0 : KEY_QUERY_VALUE);
    if (key.status())
        return key.status();
    REG_QUERY_KEY_INFORMATION info { key.body(), what, buffer, length, result_length };
    return notified(kQueryKey, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        return query_key(key.key(), key.object().handle_tags, what, buffer, length, result_length);
    });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwenumeratekey
NTSTATUS ZwEnumerateKey(HANDLE handle, ULONG index, KEY_INFORMATION_CLASS what, PVOID buffer, ULONG length,
                        ULONG* result_length)
{
    if (what != KeyBasicInformation && what != KeyFullInformation && what != KeyNodeInformation)
        return STATUS_INVALID_PARAMETER;
    KeyOfHandle const key(handle, KEY_ENUMERATE_SUB_KEYS);
    if (key.status())
        return key.status();
    REG_ENUMERATE_KEY_INFORMATION info { key.body(), index, what, buffer, length, result_length };
    return notified(kEnumerateKey, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        if (index >= key.key().subkeys.size())
            return STATUS_NO_MORE_ENTRIES;
        return query_key(key.key().subkeys.at(index), 0, what, buffer, length, result_length);
    });
}

// The new name takes the place of the last component only.
NTSTATUS ZwRenameKey(HANDLE handle, UNICODE_STRING* name)
{
    KeyOfHandle const key(handle, KEY_WRITE);
    if (key.status())
        return key.status();
    UNICODE_STRING const given = ob::get(name);
    if (!given.Length || given.Length % sizeof(char16_t))
        return STATUS_INVALID_PARAMETER;
    DriverData const text(given.Buffer, given.Length);
    if (!text.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    REG_RENAME_KEY_INFORMATION info { key.body(), name };
    return notified(kRenameKey, key.body(), info,
                    [&] { return registry().rename_key(key.key(), text.text()).status(); });
}

namespace {

// The classes that are set, by their size; 0: reserved, or none.
ULONG size_of(KEY_SET_INFORMATION_CLASS what)
{
    switch (what) {
    case KeyWriteTimeInformation:
        return sizeof(KEY_WRITE_TIME_INFORMATION);
    case KeyWow64FlagsInformation:
    case KeyControlFlagsInformation:
    case KeySetVirtualizationInformation:
    case KeySetHandleTagsInformation:
        return sizeof(ULONG);
    default:
        return 0;
    }
}

void set_information(KeyOfHandle const& key, KEY_SET_INFORMATION_CLASS what, int64_t value)
{
    auto const flags = static_cast<uint32_t>(value);
    switch (what) {
    case KeyWriteTimeInformation:
        key.key().last_write = value;
        break;
    case KeyWow64FlagsInformation:
        key.key().user_flags = flags;
        break;
    case KeyControlFlagsInformation:
        key.key().control_flags = flags;
        break;
    case KeySetVirtualizationInformation:
        key.key().virtualization = flags & 7;
        break;
    default:
        key.object().handle_tags = flags;
        return; // the handle's own: no change of the key
    }
    if (registry().changed)
        registry().changed(key.key(), REG_NOTIFY_CHANGE_ATTRIBUTES);
}

} // namespace

// @cite(msdocs): page=windows/win32/api/winternl/nf-winternl-ntsetinformationkey
NTSTATUS ZwSetInformationKey(HANDLE handle, KEY_SET_INFORMATION_CLASS what, PVOID information, ULONG length)
{
    ULONG const size = size_of(what);
    if (!size)
        return STATUS_INVALID_INFO_CLASS;
    if (length != size)
        return STATUS_INFO_LENGTH_MISMATCH;
    KeyOfHandle const key(handle, what == KeySetHandleTagsInformation ? 0 : KEY_SET_VALUE);
    if (key.status())
        return key.status();
    int64_t value = 0;
    ke::copy_or_raise(&value, information, size);
    REG_SET_INFORMATION_KEY_INFORMATION info { key.body(), what, information, length };
    return notified(kSetInformation, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        set_information(key, what, value);
        return STATUS_SUCCESS;
    });
}

} // namespace ringside::cm
