// SPDX-License-Identifier: MIT
// Keys and values through handles: statuses, lengths, information classes.
#include "boot.h"
#include "cm/ddi.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "registry_text.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::tree;

namespace {

UNICODE_STRING text(char16_t const* characters)
{
    auto const bytes = static_cast<USHORT>(std::char_traits<char16_t>::length(characters) * 2);
    return { bytes, static_cast<USHORT>(bytes + 2), const_cast<PWSTR>(characters) };
}

struct Opened {
    HANDLE handle = nullptr;
    NTSTATUS status = 0;
    ULONG disposition = 0;
    ~Opened()
    {
        if (handle)
            ob::ZwClose(handle);
    }
};

void open(Opened& into, char16_t const* path, HANDLE root = nullptr)
{
    UNICODE_STRING name = text(path);
    OBJECT_ATTRIBUTES given { .Length = sizeof given,
                              .RootDirectory = root,
                              .ObjectName = &name,
                              .Attributes = OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE };
    into.status = cm::ZwOpenKey(&into.handle, KEY_ALL_ACCESS, &given);
}

void create(Opened& into, char16_t const* path, HANDLE root = nullptr, ULONG options = 0,
            char16_t const* class_text = nullptr)
{
    UNICODE_STRING name = text(path);
    UNICODE_STRING class_name = text(class_text ? class_text : u"");
    OBJECT_ATTRIBUTES given { .Length = sizeof given,
                              .RootDirectory = root,
                              .ObjectName = &name,
                              .Attributes = OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE };
    into.status = cm::ZwCreateKey(&into.handle, KEY_ALL_ACCESS, &given, 0, class_text ? &class_name : nullptr, options,
                                  &into.disposition);
}

NTSTATUS set(HANDLE key, char16_t const* name, ULONG type, void const* data, ULONG size)
{
    UNICODE_STRING string = text(name);
    return cm::ZwSetValueKey(key, &string, 0, type, const_cast<void*>(data), size);
}

} // namespace

// Keys are made, opened along links and deleted.
// Shows: dispositions, statuses, what a handle to a deleted key is good for, key names.
TEST(cm_key, create_open_delete)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        size_t const objects = ob::count();
        {
            Opened software, ours, again, sub, relative, missing;
            open(software, u"\\Registry\\Machine\\Software");
            ASSERT_EQ(software.status, STATUS_SUCCESS);
            create(ours, u"Ours", software.handle);
            EXPECT_EQ(ours.status, STATUS_SUCCESS);
            EXPECT_EQ(ours.disposition, REG_CREATED_NEW_KEY);
            create(again, u"\\REGISTRY\\machine\\software\\OURS");
            EXPECT_EQ(again.disposition, REG_OPENED_EXISTING_KEY);
            create(missing, u"a\\b", ours.handle);
            EXPECT_EQ(missing.status, STATUS_OBJECT_NAME_NOT_FOUND);
            open(missing, u"nothing", ours.handle);
            EXPECT_EQ(missing.status, STATUS_OBJECT_NAME_NOT_FOUND);
            create(sub, u"Sub", ours.handle, REG_OPTION_VOLATILE);
            EXPECT_EQ(sub.status, STATUS_SUCCESS);
            create(missing, u"Stable", sub.handle);
            EXPECT_EQ(missing.status, STATUS_CHILD_MUST_BE_VOLATILE);
            EXPECT_EQ(cm::ZwDeleteKey(ours.handle), STATUS_CANNOT_DELETE);
            EXPECT_EQ(cm::ZwDeleteKey(sub.handle), STATUS_SUCCESS);
            EXPECT_EQ(cm::ZwDeleteKey(sub.handle), STATUS_KEY_DELETED);
            EXPECT_EQ(set(sub.handle, u"x", REG_NONE, nullptr, 0), STATUS_KEY_DELETED);
            open(relative, u"", sub.handle);
            EXPECT_EQ(relative.status, STATUS_KEY_DELETED);
            EXPECT_EQ(cm::ZwDeleteKey(ours.handle), STATUS_SUCCESS);
            EXPECT_EQ(cm::ZwFlushKey(ours.handle), STATUS_KEY_DELETED);
            EXPECT_EQ(cm::ZwFlushKey(software.handle), STATUS_SUCCESS);
        }
        EXPECT_EQ(ob::count(), objects);
        Opened not_a_key, services;
        open(not_a_key, u"\\Device");
        EXPECT_EQ(not_a_key.status, STATUS_OBJECT_TYPE_MISMATCH);
        open(services, u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\");
        ASSERT_EQ(services.status, STATUS_SUCCESS);
        PVOID body = nullptr;
        ob::ObReferenceObjectByHandle(services.handle, 0, ob::key_type.guest, KernelMode, &body, nullptr);
        EXPECT_EQ(ob::full_name(body), u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services");
        ob::ObfDereferenceObject(body);
    });
}

// A value is asked for with every size of buffer, in every class.
TEST(cm_key, query_value)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        Opened key;
        create(key, u"\\Registry\\Machine\\Software\\Ours");
        uint32_t const number = 0x11223344;
        ASSERT_EQ(set(key.handle, u"Abc", REG_DWORD, &number, 4), STATUS_SUCCESS);
        ASSERT_EQ(set(key.handle, u"", REG_NONE, nullptr, 0), STATUS_SUCCESS);
        UNICODE_STRING name = text(u"aBC");
        UNICODE_STRING missing = text(u"Abcd");
        alignas(8) uint8_t room[64];
        ULONG length = 99;
        auto query = [&](KEY_VALUE_INFORMATION_CLASS what, ULONG size) {
            std::memset(room, 0xEE, sizeof room);
            return cm::ZwQueryValueKey(key.handle, &name, what, room, size, &length);
        };
        auto* partial = reinterpret_cast<KEY_VALUE_PARTIAL_INFORMATION*>(room);
        EXPECT_EQ(query(KeyValuePartialInformation, 11), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, 16u);
        EXPECT_EQ(room[0], 0xEE);
        EXPECT_EQ(query(KeyValuePartialInformation, 14), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(length, 16u);
        EXPECT_EQ(partial->DataLength, 4u);
        EXPECT_EQ(partial->Data[1], 0x33);
        EXPECT_EQ(partial->Data[2], 0xEE);
        EXPECT_EQ(query(KeyValuePartialInformation, 16), STATUS_SUCCESS);
        EXPECT_EQ(std::memcmp(partial->Data, &number, 4), 0);

        auto* full = reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(room);
        EXPECT_EQ(query(KeyValueFullInformation, 64), STATUS_SUCCESS);
        EXPECT_EQ(length, 32u);
        EXPECT_EQ(full->DataOffset, 28u); // the name ends at 26
        EXPECT_EQ(full->NameLength, 6u);
        EXPECT_EQ(std::u16string_view(full->Name, 3), u"Abc");
        EXPECT_EQ(std::memcmp(room + full->DataOffset, &number, 4), 0);
        EXPECT_EQ(query(KeyValueFullInformation, 24), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(query(KeyValueFullInformationAlign64, 64), STATUS_SUCCESS);
        EXPECT_EQ(full->DataOffset, 32u);
        EXPECT_EQ(query(KeyValuePartialInformationAlign64, 64), STATUS_SUCCESS);
        EXPECT_EQ(length, 12u);
        EXPECT_EQ(cm::ZwQueryValueKey(key.handle, &name, KeyValuePartialInformationAlign64, room + 4, 60, &length),
                  STATUS_DATATYPE_MISALIGNMENT);
        EXPECT_EQ(query(KeyValueBasicInformation, 64), STATUS_SUCCESS);
        EXPECT_EQ(length, 18u);
        EXPECT_EQ(query(KeyValueLayerInformation, 64), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(cm::ZwQueryValueKey(key.handle, &missing, KeyValueBasicInformation, room, 64, &length),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(cm::ZwQueryValueKey(key.handle, nullptr, KeyValueFullInformation, room, 64, &length), STATUS_SUCCESS);
        EXPECT_EQ(length, 20u);
        EXPECT_EQ(full->DataOffset, 0xFFFF'FFFF);

        EXPECT_EQ(cm::ZwEnumerateValueKey(key.handle, 0, KeyValueBasicInformation, room, 64, &length), STATUS_SUCCESS);
        EXPECT_EQ(length, 18u);
        EXPECT_EQ(cm::ZwEnumerateValueKey(key.handle, 2, KeyValueBasicInformation, room, 64, &length),
                  STATUS_NO_MORE_ENTRIES);
        EXPECT_EQ(cm::ZwDeleteValueKey(key.handle, &name), STATUS_SUCCESS);
        EXPECT_EQ(cm::ZwDeleteValueKey(key.handle, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

// A key is asked about itself, in every class.
TEST(cm_key, query_key)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        Opened key, sub, other;
        create(key, u"\\Registry\\Machine\\Software\\Ours", nullptr, 0, u"Cls");
        create(sub, u"Long name", key.handle, 0, u"Class");
        create(other, u"B", key.handle);
        ASSERT_EQ(set(key.handle, u"Value", REG_BINARY, "123456789", 9), STATUS_SUCCESS);
        alignas(8) uint8_t room[256];
        ULONG length = 0;
        auto query = [&](KEY_INFORMATION_CLASS what, ULONG size) {
            return cm::ZwQueryKey(key.handle, what, room, size, &length);
        };
        auto* basic = reinterpret_cast<KEY_BASIC_INFORMATION*>(room);
        EXPECT_EQ(query(KeyBasicInformation, 15), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(query(KeyBasicInformation, 16), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(length, 24u);
        EXPECT_EQ(query(KeyBasicInformation, 24), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string_view(basic->Name, 4), u"Ours");
        EXPECT_GE(basic->LastWriteTime.QuadPart, static_cast<int64_t>(ke::Kernel::kBootSystemTime));

        auto* node = reinterpret_cast<KEY_NODE_INFORMATION*>(room);
        EXPECT_EQ(query(KeyNodeInformation, 256), STATUS_SUCCESS);
        EXPECT_EQ(length, 0x18 + 8 + 6u);
        EXPECT_EQ(node->ClassOffset, 0x20u);
        EXPECT_EQ(std::u16string_view(reinterpret_cast<char16_t*>(room + node->ClassOffset), 3), u"Cls");

        auto* full = reinterpret_cast<KEY_FULL_INFORMATION*>(room);
        EXPECT_EQ(query(KeyFullInformation, 256), STATUS_SUCCESS);
        EXPECT_EQ(length, 0x2C + 6u);
        EXPECT_EQ(full->SubKeys, 2u);
        EXPECT_EQ(full->MaxNameLen, 18u);
        EXPECT_EQ(full->MaxClassLen, 10u);
        EXPECT_EQ(full->Values, 1u);
        EXPECT_EQ(full->MaxValueNameLen, 10u);
        EXPECT_EQ(full->MaxValueDataLen, 9u);

        constexpr std::u16string_view kPath = u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours";
        EXPECT_EQ(query(KeyNameInformation, 256), STATUS_SUCCESS);
        EXPECT_EQ(length, 4 + kPath.size() * 2);
        EXPECT_EQ(std::u16string_view(reinterpret_cast<char16_t*>(room + 4), kPath.size()), kPath);
        EXPECT_EQ(query(KeyCachedInformation, 256), STATUS_SUCCESS);
        EXPECT_EQ(length, 0x28u);
        EXPECT_EQ(query(KeyFlagsInformation, 256), STATUS_INVALID_PARAMETER);

        EXPECT_EQ(cm::ZwEnumerateKey(key.handle, 0, KeyBasicInformation, room, 256, &length), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string_view(basic->Name, 1), u"B"); // in the order of their names
        EXPECT_EQ(cm::ZwEnumerateKey(key.handle, 1, KeyBasicInformation, room, 256, &length), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string_view(basic->Name, 9), u"Long name");
        EXPECT_EQ(cm::ZwEnumerateKey(key.handle, 2, KeyBasicInformation, room, 256, &length), STATUS_NO_MORE_ENTRIES);
        EXPECT_EQ(cm::ZwEnumerateKey(key.handle, 0, KeyNameInformation, room, 256, &length), STATUS_INVALID_PARAMETER);
    });
}
