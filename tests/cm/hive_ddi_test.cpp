// SPDX-License-Identifier: MIT
// ZwSaveKey, ZwLoadKey, ZwRestoreKey and ZwUnloadKey, with one file that is a buffer of the test's.
#include "boot.h"
#include "cm/hive.h"
#include "cm/hive_files.h"
#include "key_handles.h"
#include "registry_text.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::counted;
using ringside::test::KeyHandle;
using ringside::test::tree;

namespace {

std::vector<uint8_t>& the_file()
{
    static std::vector<uint8_t> file;
    return file;
}

NTSTATUS open_file(OBJECT_ATTRIBUTES* attributes, HANDLE* handle)
{
    if (attributes->ObjectName->Length != 2)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    OBJECT_ATTRIBUTES given { .Length = sizeof given, .Attributes = OBJ_KERNEL_HANDLE };
    return ob::ZwCreateEvent(handle, EVENT_ALL_ACCESS, &given, NotificationEvent, FALSE); // something to close
}

NTSTATUS read_file(HANDLE, void* into, ULONG bytes, uint64_t offset, ULONG* done)
{
    auto const& file = the_file();
    if (offset >= file.size())
        return STATUS_END_OF_FILE;
    *done = static_cast<ULONG>(std::min<uint64_t>({ bytes, file.size() - offset, 5000 }));
    std::memcpy(into, file.data() + offset, *done);
    return STATUS_SUCCESS;
}

NTSTATUS write_file(HANDLE, void const* from, ULONG bytes, uint64_t offset)
{
    auto& file = the_file();
    file.resize(offset + bytes);
    std::memcpy(file.data() + offset, from, bytes);
    return STATUS_SUCCESS;
}

struct Named {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    explicit Named(char16_t const* text)
        : name(counted(text))
        , attributes { .Length = sizeof attributes, .ObjectName = &name, .Attributes = OBJ_CASE_INSENSITIVE }
    {
    }
};

NTSTATUS load(char16_t const* key, char16_t const* file = u"f")
{
    Named target(key), source(file);
    return cm::ZwLoadKey(&target.attributes, &source.attributes);
}

NTSTATUS unload(char16_t const* key)
{
    Named target(key);
    return cm::ZwUnloadKey(&target.attributes);
}

constexpr char16_t kOurs[] = u"\\Registry\\Machine\\Software\\Ours";
constexpr char16_t kLoaded[] = u"\\Registry\\Machine\\Loaded";

} // namespace

// A key is saved, loaded as a hive, used there, unloaded, and put back over another key.
// Shows: each service, and each of its refusals.
TEST(cm_hive, services)
{
    BootedKernel boot;
    cm::g_hive_files = { open_file, read_file, write_file };
    boot.run_on_thread([&] {
        cm::Registry& registry = boot.rooms.registry;
        KeyHandle ours, sub, loaded;
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(sub.create(u"Sub", ours.handle), STATUS_SUCCESS);
        ASSERT_EQ(ours.set(u"V", 7), STATUS_SUCCESS);
        std::vector<uint8_t> large(100'000, 0x11);
        ASSERT_EQ(sub.set(u"Large", REG_BINARY, large.data(), 100'000), STATUS_SUCCESS);
        std::string const expected = tree(registry.find(kOurs));
        EXPECT_EQ(cm::ZwSaveKeyEx(ours.handle, ours.handle, 3), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(cm::ZwSaveKey(ours.handle, ours.handle), STATUS_SUCCESS);
        EXPECT_EQ(the_file().size() % 0x1000, 0u);

        EXPECT_EQ(load(kLoaded, u"missing"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(load(u"\\Registry\\Machine\\Software"), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(load(u"\\Registry\\Machine\\Software\\Deeper"), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(load(u"\\Registry\\Machine\\Missing\\Deeper"), STATUS_OBJECT_NAME_NOT_FOUND);
        ASSERT_EQ(load(kLoaded), STATUS_SUCCESS);
        EXPECT_EQ(tree(registry.find(kLoaded)), expected);
        EXPECT_EQ(load(kLoaded), STATUS_OBJECT_NAME_COLLISION);
        ASSERT_EQ(loaded.open(u"\\Registry\\Machine\\Loaded\\Sub"), STATUS_SUCCESS);
        EXPECT_EQ(unload(kLoaded), STATUS_CANNOT_DELETE); // in use
        loaded.close();
        EXPECT_EQ(unload(u"\\Registry\\Machine\\System"), STATUS_CANNOT_DELETE);
        EXPECT_EQ(unload(kOurs), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(unload(kLoaded), STATUS_SUCCESS);
        EXPECT_EQ(unload(kLoaded), STATUS_OBJECT_NAME_NOT_FOUND);

        ASSERT_EQ(loaded.create(u"\\Registry\\Machine\\Software\\Other"), STATUS_SUCCESS);
        ASSERT_EQ(loaded.set(u"Gone", 1), STATUS_SUCCESS);
        EXPECT_EQ(cm::ZwRestoreKey(loaded.handle, loaded.handle, 1), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(cm::ZwRestoreKey(loaded.handle, loaded.handle, 0), STATUS_SUCCESS);
        EXPECT_EQ(tree(registry.find(u"\\Registry\\Machine\\Software\\Other")), expected);
        EXPECT_EQ(cm::ZwRestoreKey(ours.handle, ours.handle, 0), STATUS_ACCESS_DENIED); // its subkey is open
        EXPECT_EQ(cm::ZwRestoreKey(ours.handle, ours.handle, 8), STATUS_SUCCESS);
        EXPECT_EQ(sub.set(u"V", 1), STATUS_KEY_DELETED);

        // Who watches is told once the whole hive is there.
        auto& io = *new IO_STATUS_BLOCK {};
        EXPECT_EQ(cm::ZwNotifyChangeKey(loaded.handle, nullptr, nullptr, nullptr, &io, REG_NOTIFY_CHANGE_NAME, FALSE,
                                        nullptr, 0, TRUE),
                  STATUS_PENDING);
        EXPECT_EQ(cm::ZwRestoreKey(loaded.handle, loaded.handle, 0), STATUS_SUCCESS);
        EXPECT_EQ(io.Status, STATUS_NOTIFY_ENUM_DIR);
        delete &io;

        the_file()[0x1000] = 0;
        EXPECT_EQ(load(kLoaded), STATUS_REGISTRY_CORRUPT);
        the_file().resize(2);
        EXPECT_EQ(load(kLoaded), STATUS_NOT_REGISTRY_FILE);
        EXPECT_EQ(tree(registry.find(kLoaded)), "(no such key)\n");
    });
    the_file() = {};
}

// Nothing is there to open: no file system.
TEST(cm_hive, services_without_a_file)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        EXPECT_EQ(load(kLoaded, u"\\??\\Missing\\file"), STATUS_OBJECT_PATH_NOT_FOUND);
        KeyHandle key(u"\\Registry\\Machine\\Software");
        EXPECT_EQ(cm::ZwSaveKey(key.handle, nullptr), STATUS_INVALID_HANDLE);
    });
}
