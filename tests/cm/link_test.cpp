// SPDX-License-Identifier: MIT
// Symbolic-link keys, volatile keys, names and their limits, renaming.
#include "boot.h"
#include "key_handles.h"
#include "ob/object.h"
#include "registry_text.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::counted;
using ringside::test::KeyHandle;
using ringside::test::tree;

namespace {

constexpr char16_t kOurs[] = u"\\Registry\\Machine\\Software\\Ours";

NTSTATUS point(KeyHandle const& link, std::u16string_view target)
{
    return link.set(u"SymbolicLinkValue", REG_LINK, target.data(), static_cast<ULONG>(target.size() * 2));
}

} // namespace

// A driver makes a link, points it, opens through it, and looks at the link itself.
// Shows: a link without a target, what may be done to one, and that what is made through it stands at its target.
TEST(cm_link, is_made_followed_and_opened)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle ours, target, link, other;
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(target.create(u"Target", ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(other.create(u"Target", ours.handle, REG_OPTION_CREATE_LINK), STATUS_OBJECT_NAME_COLLISION);
        ASSERT_EQ(link.create(u"Link", ours.handle, REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE), STATUS_SUCCESS);
        EXPECT_EQ(link.disposition, REG_CREATED_NEW_KEY);
        EXPECT_EQ(other.open(u"Link", ours.handle), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(link.set(u"Anything", 1), STATUS_ACCESS_DENIED);
        EXPECT_EQ(other.create(u"Below", link.handle), STATUS_ACCESS_DENIED);
        ASSERT_EQ(point(link, u"\\Registry\\Machine\\Software\\Ours\\Target"), STATUS_SUCCESS);
        ASSERT_EQ(other.open(u"Link", ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(other.set(u"Through", 1), STATUS_SUCCESS);
        ASSERT_EQ(other.create(u"Link\\Sub", ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(tree(boot.rooms.registry.find(u"\\Registry\\Machine\\Software\\Ours\\Target")),
                  "Through=4:01000000\n[Sub]\n");
        ASSERT_EQ(other.open(u"Link", ours.handle, REG_OPTION_OPEN_LINK), STATUS_SUCCESS);
        EXPECT_EQ(other.number(u"Through"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(other.number(u"SymbolicLinkValue"), '\\' | 'R' << 16);
        EXPECT_EQ(other.open(u"Link", ours.handle, 0, OBJ_OPENLINK), STATUS_SUCCESS);
        EXPECT_EQ(other.remove_key(), STATUS_SUCCESS); // the link, not what it leads to
        EXPECT_EQ(other.open(u"Target", ours.handle), STATUS_SUCCESS);
    });
}

// Links in a ring, to nowhere, and to outside the registry.
TEST(cm_link, that_leads_nowhere)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle ours, one, two, other;
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(one.create(u"One", ours.handle, REG_OPTION_CREATE_LINK), STATUS_SUCCESS);
        ASSERT_EQ(two.create(u"Two", ours.handle, REG_OPTION_CREATE_LINK), STATUS_SUCCESS);
        for (auto target : { u"\\Registry\\Machine\\Software\\Ours\\Two", u"\\Device\\Null", u"Relative", u"",
                             u"\\RegistryX", u"\\Registry\\Machine\\Software\\Missing" }) {
            ASSERT_EQ(point(one, target), STATUS_SUCCESS);
            ASSERT_EQ(point(two, u"\\Registry\\Machine\\Software\\Ours\\One"), STATUS_SUCCESS);
            EXPECT_EQ(other.open(u"One", ours.handle), STATUS_OBJECT_NAME_NOT_FOUND);
            EXPECT_EQ(other.open(u"One\\Below", ours.handle), STATUS_OBJECT_NAME_NOT_FOUND);
        }
    });
}

// CurrentControlSet is a link like any other.
TEST(cm_link, current_control_set)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle link;
        ASSERT_EQ(link.open(u"\\Registry\\Machine\\System\\CurrentControlSet", nullptr, REG_OPTION_OPEN_LINK),
                  STATUS_SUCCESS);
        EXPECT_EQ(ob::full_name(link.body()), u"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet");
        EXPECT_EQ(link.number(u"SymbolicLinkValue"), '\\' | 'R' << 16);
        ASSERT_EQ(link.open(u"\\Registry\\Machine\\System\\CurrentControlSet\\Control"), STATUS_SUCCESS);
        EXPECT_EQ(ob::full_name(link.body()), u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control");
    });
}

// Names of every length and of unusual characters; keys where none may be.
// Shows: the documented limits (255 and 16383 characters, 512 levels), and that case is kept and ignored.
TEST(cm_key, names_and_limits)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle ours, other;
        EXPECT_EQ(other.create(u"\\Registry\\Machine\\Ours"), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(other.create(u"\\Registry\\User\\Ours"), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(other.create(u"\\Registry\\Ours"), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        static char16_t name[16385];
        std::fill_n(name, 16384, u'a');
        name[255] = 0;
        EXPECT_EQ(other.create(name, ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(other.remove_key(), STATUS_SUCCESS);
        name[255] = u'a';
        name[256] = 0;
        EXPECT_EQ(other.create(name, ours.handle), STATUS_INVALID_PARAMETER);
        name[256] = u'a';
        name[16383] = 0;
        EXPECT_EQ(ours.set(name, 1), STATUS_SUCCESS);
        EXPECT_EQ(ours.remove(name), STATUS_SUCCESS);
        name[16383] = u'a';
        EXPECT_EQ(ours.set(name, 1), STATUS_INVALID_PARAMETER);

        EXPECT_EQ(other.create(u"\u00C4 b/*?\u2603", ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(other.create(u"\u00E4 B/*?\u2603", ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(other.disposition, REG_OPENED_EXISTING_KEY);
        EXPECT_EQ(ob::full_name(other.body()), u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours\\\u00C4 b/*?\u2603");

        unsigned levels = 4; // of `kOurs`, with \REGISTRY
        KeyHandle deep[2];
        HANDLE at = ours.handle;
        while (deep[levels & 1].create(u"x", at) == STATUS_SUCCESS)
            at = deep[levels++ & 1].handle;
        EXPECT_EQ(deep[levels & 1].status, STATUS_INVALID_PARAMETER);
        EXPECT_EQ(levels, 512u);
    });
}

// A key is renamed while it is open and has subkeys.
// Shows: the new name in paths and order, the old one gone, and each refusal.
TEST(cm_key, rename)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle ours, sub, other;
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(sub.create(u"B", ours.handle), STATUS_SUCCESS);
        ASSERT_EQ(other.create(u"A", ours.handle), STATUS_SUCCESS);
        ASSERT_EQ(other.create(u"below", sub.handle), STATUS_SUCCESS);
        auto rename = [](KeyHandle const& key, char16_t const* to) {
            UNICODE_STRING name = counted(to);
            return cm::ZwRenameKey(key.handle, &name);
        };
        EXPECT_EQ(rename(sub, u"a"), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(rename(sub, u"a\\b"), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(rename(sub, u""), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(rename(sub, u"0"), STATUS_SUCCESS);
        EXPECT_EQ(tree(boot.rooms.registry.find(kOurs)), "[0]\n  [below]\n[A]\n");
        EXPECT_EQ(ob::full_name(other.body()), u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours\\0\\below");
        EXPECT_EQ(rename(sub, u"b"), STATUS_SUCCESS);
        EXPECT_EQ(rename(sub, u"B"), STATUS_SUCCESS); // the case alone
        KeyHandle software(u"\\Registry\\Machine\\Software");
        EXPECT_EQ(rename(software, u"Software2"), STATUS_ACCESS_DENIED);
        EXPECT_EQ(software.remove_key(), STATUS_CANNOT_DELETE);
        EXPECT_EQ(other.remove_key(), STATUS_SUCCESS);
        EXPECT_EQ(rename(other, u"x"), STATUS_KEY_DELETED);
    });
}

// Information that is set on a key and read back; several values at once.
TEST(cm_key, set_information_and_multiple_values)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle key;
        ASSERT_EQ(key.create(kOurs), STATUS_SUCCESS);
        KEY_WRITE_TIME_INFORMATION time { .LastWriteTime = { .QuadPart = 0x1234567890 } };
        EXPECT_EQ(cm::ZwSetInformationKey(key.handle, KeyWriteTimeInformation, &time, sizeof time), STATUS_SUCCESS);
        EXPECT_EQ(cm::ZwSetInformationKey(key.handle, KeyWriteTimeInformation, &time, 4), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(cm::ZwSetInformationKey(key.handle, KeySetDebugInformation, &time, 4), STATUS_INVALID_INFO_CLASS);
        KEY_HANDLE_TAGS_INFORMATION tags { 0x55 };
        EXPECT_EQ(cm::ZwSetInformationKey(key.handle, KeySetHandleTagsInformation, &tags, sizeof tags), STATUS_SUCCESS);
        alignas(8) uint8_t room[128];
        ULONG length = 0;
        EXPECT_EQ(cm::ZwQueryKey(key.handle, KeyHandleTagsInformation, room, sizeof room, &length), STATUS_SUCCESS);
        EXPECT_EQ(length, 4u);
        EXPECT_EQ(reinterpret_cast<KEY_HANDLE_TAGS_INFORMATION*>(room)->HandleTags, 0x55u);
        EXPECT_EQ(cm::ZwQueryKey(key.handle, KeyBasicInformation, room, sizeof room, &length), STATUS_SUCCESS);
        EXPECT_EQ(reinterpret_cast<KEY_BASIC_INFORMATION*>(room)->LastWriteTime.QuadPart, 0x1234567890);

        ASSERT_EQ(key.set(u"One", REG_BINARY, "abc", 3), STATUS_SUCCESS);
        ASSERT_EQ(key.set(u"Two", 0x11223344), STATUS_SUCCESS);
        UNICODE_STRING names[] = { counted(u"one"), counted(u"two"), counted(u"three") };
        KEY_VALUE_ENTRY entries[3] {};
        for (unsigned i = 0; i < 3; ++i)
            entries[i].ValueName = &names[i];
        ULONG bytes = sizeof room, required = 0;
        EXPECT_EQ(cm::ZwQueryMultipleValueKey(key.handle, entries, 2, room, &bytes, &required), STATUS_SUCCESS);
        EXPECT_EQ(bytes, 8u);
        EXPECT_EQ(required, 8u);
        EXPECT_EQ(entries[0].DataLength, 3u);
        EXPECT_EQ(entries[0].Type, REG_BINARY);
        EXPECT_EQ(entries[1].DataOffset, 4u);
        EXPECT_EQ(room[entries[0].DataOffset + 2], 'c');
        EXPECT_EQ(room[entries[1].DataOffset], 0x44);
        bytes = 7;
        EXPECT_EQ(cm::ZwQueryMultipleValueKey(key.handle, entries, 2, room, &bytes, &required), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(required, 8u);
        bytes = sizeof room;
        EXPECT_EQ(cm::ZwQueryMultipleValueKey(key.handle, entries, 3, room, &bytes, &required),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    });
}
