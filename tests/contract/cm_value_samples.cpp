// SPDX-License-Identifier: MIT
// Values by handle and by path.
#include "cm_stage.h"

namespace ringside::test {

using namespace nt;

namespace {

constexpr char16_t kPath[] = u"\\Registry\\Machine\\Software\\Sample";

NTSTATUS NTAPI take_number(PWSTR, ULONG type, PVOID data, ULONG length, PVOID, PVOID into)
{
    if (type == REG_DWORD && length == 4)
        std::memcpy(into, data, 4);
    return STATUS_SUCCESS;
}

// A zero-terminated string of the sample's.
char16_t* text(At& at, std::u16string_view characters) { return at.string(std::u16string(characters) + u'\0').Buffer; }

} // namespace

SAMPLE(ZwSetValueKey)
{
    HANDLE const key = make_key(at);
    auto& data = at.object<uint32_t>();
    data = 7;
    at.status(STATUS_SUCCESS, key, &at.string(u"Name"), 0, REG_DWORD, &data, 4);
    EXPECT_EQ(number_in(at, kPath, u"name"), 7u);
    at.status(STATUS_INVALID_HANDLE, no_handle(), &at.string(u"Name"), 0, REG_DWORD, &data, 4);
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), &at.string(u"Name"), 0, REG_DWORD, &data, 4);
}

SAMPLE(ZwQueryValueKey)
{
    HANDLE const key = make_key(at);
    set_number(at, key, u"Name", 7);
    auto& info = at.object<KEY_VALUE_PARTIAL_INFORMATION>();
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, key, &at.string(u"NAME"), KeyValuePartialInformation, &info, sizeof info, &length);
    EXPECT_EQ(info.Type, REG_DWORD);
    EXPECT_EQ(info.DataLength, 4u);
    EXPECT_EQ(info.Data[0], 7u);
    at.status(STATUS_BUFFER_TOO_SMALL, key, &at.string(u"Name"), KeyValuePartialInformation, &info, 4, &length);
    at.status(STATUS_BUFFER_OVERFLOW, key, &at.string(u"Name"), KeyValuePartialInformation, &info, 14, &length);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, key, &at.string(u"x"), KeyValuePartialInformation, &info, sizeof info,
              &length);
    at.status(STATUS_INVALID_PARAMETER, key, &at.string(u"Name"), MaxKeyValueInfoClass, &info, sizeof info, &length);
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), &at.string(u"x"), KeyValuePartialInformation, &info,
              sizeof info, &length);
}

SAMPLE(ZwEnumerateValueKey)
{
    HANDLE const key = make_key(at);
    set_number(at, key, u"b", 1);
    set_number(at, key, u"a", 2);
    auto& info = at.object<KEY_VALUE_BASIC_INFORMATION>();
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, key, 0, KeyValueBasicInformation, &info, sizeof info, &length);
    EXPECT_EQ(info.Name[0], u'b'); // in the order they were made
    at.status(STATUS_NO_MORE_ENTRIES, key, 2, KeyValueBasicInformation, &info, sizeof info, &length);
    at.status(STATUS_BUFFER_TOO_SMALL, key, 0, KeyValueBasicInformation, &info, 4, &length);
}

SAMPLE(ZwDeleteValueKey)
{
    HANDLE const key = make_key(at);
    set_number(at, key, u"Name", 7);
    at.status(STATUS_SUCCESS, key, &at.string(u"name"));
    EXPECT_EQ(number_in(at, kPath, u"Name"), std::nullopt);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, key, &at.string(u"name"));
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), &at.string(u"name"));
}

SAMPLE(ZwQueryMultipleValueKey)
{
    HANDLE const key = make_key(at);
    set_number(at, key, u"Name", 7);
    auto& entry = at.object<KEY_VALUE_ENTRY>();
    auto& data = at.object<uint32_t>();
    auto& length = at.object<ULONG>();
    auto& required = at.object<ULONG>();
    entry.ValueName = &at.string(u"Name");
    length = 4;
    at.status(STATUS_SUCCESS, key, &entry, 1, &data, &length, &required);
    EXPECT_EQ(data, 7u);
    EXPECT_EQ(entry.DataLength, 4u);
    length = 3;
    at.status(STATUS_BUFFER_OVERFLOW, key, &entry, 1, &data, &length, &required);
    EXPECT_EQ(required, 4u);
    entry.ValueName = &at.string(u"x");
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, key, &entry, 1, &data, &length, &required);
}

SAMPLE(RtlWriteRegistryValue)
{
    auto& data = at.object<uint32_t>();
    data = 7;
    at.status(STATUS_SUCCESS, RTL_REGISTRY_ABSOLUTE, text(at, kPath), text(at, u"Name"), REG_DWORD, &data, 4);
    EXPECT_EQ(number_in(at, kPath, u"Name"), 7u);
    at.status(STATUS_INVALID_PARAMETER, RTL_REGISTRY_MAXIMUM, text(at, kPath), text(at, u"Name"), REG_DWORD, &data, 4);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_SERVICES, text(at, u"a\\b"), text(at, u"N"), REG_DWORD, &data,
              4);
}

SAMPLE(RtlDeleteRegistryValue)
{
    set_number(at, make_key(at), u"Name", 7);
    at.status(STATUS_SUCCESS, RTL_REGISTRY_ABSOLUTE, text(at, kPath), text(at, u"Name"));
    EXPECT_EQ(number_in(at, kPath, u"Name"), std::nullopt);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_ABSOLUTE, text(at, kPath), text(at, u"Name"));
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_SERVICES, text(at, u"x"), text(at, u"Name"));
}

SAMPLE(RtlCheckRegistryKey)
{
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_SERVICES, text(at, u"nobody"));
    at.status(STATUS_SUCCESS, RTL_REGISTRY_CONTROL, text(at, u"Class"));
    HANDLE const key = make_key(at);
    at.status(STATUS_SUCCESS, RTL_REGISTRY_HANDLE, key);
    at.status(STATUS_INVALID_HANDLE, RTL_REGISTRY_HANDLE, key); // it was closed
}

SAMPLE(RtlCreateRegistryKey)
{
    at.status(STATUS_SUCCESS, RTL_REGISTRY_ABSOLUTE, text(at, kPath));
    EXPECT_NE(at.rooms().registry.find(kPath), nullptr);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_SERVICES, text(at, u"a\\b"));
}

namespace {

void query_values(At& at)
{
    set_number(at, make_key(at), u"Name", 7);
    auto* table = static_cast<RTL_QUERY_REGISTRY_TABLE*>(at.bytes(2 * sizeof(RTL_QUERY_REGISTRY_TABLE)));
    auto& number = at.object<uint32_t>();
    table->QueryRoutine = take_number;
    table->Name = text(at, u"Name");
    table->EntryContext = &number;
    at.status(STATUS_SUCCESS, RTL_REGISTRY_ABSOLUTE, text(at, kPath), table, nullptr, nullptr);
    EXPECT_EQ(number, 7u);
    table->Name = text(at, u"x");
    table->Flags = RTL_QUERY_REGISTRY_REQUIRED;
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_ABSOLUTE, text(at, kPath), table, nullptr, nullptr);
    table->QueryRoutine = nullptr;
    at.status(STATUS_INVALID_PARAMETER, RTL_REGISTRY_ABSOLUTE, text(at, kPath), table, nullptr, nullptr);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, RTL_REGISTRY_SERVICES, text(at, u"x"), table, nullptr, nullptr);
}

} // namespace

SAMPLE(RtlQueryRegistryValues) { query_values(at); }
SAMPLE(RtlQueryRegistryValuesEx) { query_values(at); }

SAMPLE(RtlQueryRegistryValueWithFallback)
{
    HANDLE const primary = make_key(at);
    HANDLE const fallback = make_key(at, u"Below", primary);
    set_number(at, fallback, u"Name", 7);
    auto& type = at.object<ULONG>();
    auto& data = at.object<uint32_t>();
    auto& length = at.object<ULONG>();
    at.status(STATUS_SUCCESS, primary, fallback, &at.string(u"Name"), 4, &type, &data, &length);
    EXPECT_EQ(type, REG_DWORD);
    EXPECT_EQ(data, 7u);
    EXPECT_EQ(length, 4u);
    set_number(at, primary, u"Name", 8);
    at.status(STATUS_SUCCESS, primary, fallback, &at.string(u"Name"), 4, &type, &data, &length);
    EXPECT_EQ(data, 8u);
    at.status(STATUS_BUFFER_OVERFLOW, primary, fallback, &at.string(u"Name"), 2, &type, &data, &length);
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, primary, fallback, &at.string(u"x"), 4, &type, &data, &length);
}

} // namespace ringside::test
