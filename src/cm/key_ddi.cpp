// SPDX-License-Identifier: MIT
// Keys and values by handle.
#include "cm/ddi.h"

#include "cm/information.h"
#include "cm/objects.h"
#include "cm/value_data.h"

namespace ringside::cm {

using namespace nt;

namespace {

constexpr size_t kValueNameMax = 16383;

// No name means the key's default value.
Result<std::u16string> read_name(UNICODE_STRING* name)
{
    if (!name)
        return std::u16string();
    std::u16string text = TRY(ob::read_string(name));
    if (text.size() > kValueNameMax)
        return Failure { STATUS_INVALID_PARAMETER };
    return text;
}

NTSTATUS open(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, ULONG options)
{
    if (!attributes || (options & ~REG_LEGAL_OPTION))
        return STATUS_INVALID_PARAMETER;
    auto captured = ob::read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    bool const open_link = (captured->flags & OBJ_OPENLINK) || (options & REG_OPTION_OPEN_LINK);
    auto walked = walk_attributes(*captured, Missing::Fail, open_link, false);
    if (!walked.ok())
        return walked.status();
    auto opened = open_key(*walked->key, *captured, desired);
    if (!opened.ok())
        return opened.status();
    ob::put(handle, *opened);
    return STATUS_SUCCESS;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-zwopenkey
NTSTATUS ZwOpenKey(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    return open(handle, desired, attributes, 0);
}

NTSTATUS ZwOpenKeyEx(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, ULONG options)
{
    return open(handle, desired, attributes, options);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatekey
NTSTATUS ZwCreateKey(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, ULONG,
                     UNICODE_STRING* class_name, ULONG options, ULONG* disposition)
{
    if (!attributes || (options & ~REG_LEGAL_OPTION))
        return STATUS_INVALID_PARAMETER;
    if (options & REG_OPTION_CREATE_LINK)
        return STATUS_NOT_SUPPORTED;
    auto captured = ob::read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto named_class = read_name(class_name);
    if (!named_class.ok())
        return named_class.status();
    auto walked = walk_attributes(*captured, Missing::CreateLast, captured->flags & OBJ_OPENLINK,
                                  options & REG_OPTION_VOLATILE);
    if (!walked.ok())
        return walked.status();
    if (walked->created)
        walked->key->class_name = named_class.take();
    auto opened = open_key(*walked->key, *captured, desired);
    if (!opened.ok()) {
        if (walked->created)
            static_cast<void>(registry().delete_key(*walked->key));
        return opened.status();
    }
    ob::put(handle, *opened);
    if (disposition)
        ob::put(disposition, walked->created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwdeletekey
NTSTATUS ZwDeleteKey(HANDLE handle)
{
    KeyOfHandle const key(handle, DELETE);
    return key.status() ? key.status() : registry().delete_key(key.key()).status();
}

// The registry lives in memory and dies with the machine: it is always as flushed as it will ever be.
NTSTATUS ZwFlushKey(HANDLE handle) { return KeyOfHandle(handle, 0).status(); }

// @cite(wdk-ddi): page=wdm/nf-wdm-zwquerykey
NTSTATUS ZwQueryKey(HANDLE handle, KEY_INFORMATION_CLASS what, PVOID buffer, ULONG length, ULONG* result_length)
{
    KeyOfHandle const key(handle, what == KeyNameInformation ? 0 : KEY_QUERY_VALUE);
    return key.status() ? key.status() : query_key(key.key(), what, buffer, length, result_length);
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
    if (index >= key.key().subkeys.size())
        return STATUS_NO_MORE_ENTRIES;
    return query_key(*key.key().subkeys[index], what, buffer, length, result_length);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwenumeratevaluekey
NTSTATUS ZwEnumerateValueKey(HANDLE handle, ULONG index, KEY_VALUE_INFORMATION_CLASS what, PVOID buffer, ULONG length,
                             ULONG* result_length)
{
    KeyOfHandle const key(handle, KEY_QUERY_VALUE);
    if (key.status())
        return key.status();
    if (index >= key.key().values.size())
        return STATUS_NO_MORE_ENTRIES;
    return query_value(*key.key().values[index], what, buffer, length, result_length);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwqueryvaluekey
NTSTATUS ZwQueryValueKey(HANDLE handle, UNICODE_STRING* name, KEY_VALUE_INFORMATION_CLASS what, PVOID buffer,
                         ULONG length, ULONG* result_length)
{
    KeyOfHandle const key(handle, KEY_QUERY_VALUE);
    if (key.status())
        return key.status();
    Value const* value = nullptr;
    {
        auto text = read_name(name);
        if (!text.ok())
            return text.status();
        value = key.key().value(*text);
    }
    return value ? query_value(*value, what, buffer, length, result_length) : STATUS_OBJECT_NAME_NOT_FOUND;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwsetvaluekey
NTSTATUS ZwSetValueKey(HANDLE handle, UNICODE_STRING* name, ULONG, ULONG type, PVOID data, ULONG size)
{
    KeyOfHandle const key(handle, KEY_SET_VALUE);
    if (key.status())
        return key.status();
    DriverData const bytes(data, size);
    if (!bytes.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    auto text = read_name(name);
    if (!text.ok())
        return text.status();
    registry().set_value(key.key(), *text, type, bytes.span());
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwdeletevaluekey
NTSTATUS ZwDeleteValueKey(HANDLE handle, UNICODE_STRING* name)
{
    KeyOfHandle const key(handle, KEY_SET_VALUE);
    if (key.status())
        return key.status();
    auto text = read_name(name);
    if (!text.ok())
        return text.status();
    return registry().delete_value(key.key(), *text) ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

} // namespace ringside::cm
