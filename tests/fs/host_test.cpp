// SPDX-License-Identifier: MIT
// The folder of the host behind drive C:, and what comes back to it.
#include "fs/files.h"
#include "fs/name.h"
#include "rtl/file_name.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class fs_write_through : public FilesTest {
protected:
    void SetUp() override
    {
        host.folder("Docs");
        host.file("Docs/a.txt", "aaa");
        host.file("Docs/b.txt", "bbb");
        start(true);
    }
};

constexpr ULONG kSync = FILE_SYNCHRONOUS_IO_NONALERT;
constexpr ACCESS_MASK kAll = GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE;

} // namespace

// Files are written, made, renamed and deleted in a drive that writes through.
// Shows: the host's folder afterwards, byte for byte.
TEST_F(fs_write_through, changes_reach_the_host)
{
    on_thread([&] {
        HANDLE a = must_open({ .path = u"\\??\\C:\\Docs\\a.txt", .access = kAll });
        int64_t const end = -1;
        EXPECT_EQ(write(a, "+more", &end), STATUS_SUCCESS);
        EXPECT_EQ(host.text("Docs/a.txt"), "aaa+more") << "at once";
        EXPECT_EQ(set(a, FileEndOfFileInformation, FILE_END_OF_FILE_INFORMATION { { .QuadPart = 5 } }), STATUS_SUCCESS);
        EXPECT_EQ(rename(a, u"\\??\\C:\\moved.txt"), STATUS_SUCCESS);
        EXPECT_EQ(write(a, "!", &end), STATUS_SUCCESS);
        close(a);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\New",
                             .access = kAll,
                             .disposition = FILE_CREATE,
                             .options = kSync | FILE_DIRECTORY_FILE }),
                  STATUS_SUCCESS);
        HANDLE c = must_open({ .path = u"\\??\\C:\\New\\c.txt", .access = kAll, .disposition = FILE_CREATE });
        EXPECT_EQ(write(c, "ccc"), STATUS_SUCCESS);
        FILE_BASIC_INFORMATION basic {};
        basic.FileAttributes = FILE_ATTRIBUTE_READONLY;
        EXPECT_EQ(set(c, FileBasicInformation, basic), STATUS_SUCCESS);
        close(c);
        EXPECT_EQ(
            try_open({ .path = u"\\??\\C:\\Docs\\b.txt", .access = kAll, .options = kSync | FILE_DELETE_ON_CLOSE }),
            STATUS_SUCCESS);
    });
    EXPECT_EQ(host.text("moved.txt"), "aaa+m!");
    EXPECT_EQ(host.text("New/c.txt"), "ccc");
    EXPECT_FALSE(host.has("Docs/a.txt") || host.has("Docs/b.txt"));
    auto const permissions = std::filesystem::status(host.path("New/c.txt")).permissions();
    EXPECT_EQ(permissions & std::filesystem::perms::owner_write, std::filesystem::perms::none);
    EXPECT_FALSE(std::filesystem::exists(host.path() + "/../moved.txt"));
}

// A link takes the place of a folder that the machine knows, and then of a file.
// Shows: nothing is made or written through it.
TEST_F(fs_write_through, links_are_no_way_out)
{
    HostFolder outside;
    outside.file("secret", "secret");
    on_thread([&] { EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Docs\\a.txt" }), STATUS_SUCCESS); });
    std::filesystem::remove(host.path("Docs/a.txt"));
    std::filesystem::create_symlink(outside.path("secret"), host.path("Docs/a.txt"));
    on_thread([&] {
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Docs\\a.txt", .access = kAll }), STATUS_IO_REPARSE_TAG_NOT_HANDLED);
    });
    std::filesystem::remove_all(host.path("Docs"));
    std::filesystem::create_symlink(outside.path(), host.path("Docs"));
    on_thread([&] {
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Docs\\new.txt", .access = kAll, .disposition = FILE_CREATE }),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_FALSE(NT_SUCCESS(try_open({ .path = u"\\??\\C:\\Docs\\b.txt", .access = kAll })));
    });
    EXPECT_EQ(outside.text("secret"), "secret");
    EXPECT_FALSE(outside.has("new.txt"));
}

// Paths that the host-files interface itself is given.
// Shows: it refuses what leads out, whoever asks.
TEST(sim_host_files, paths_stay_below_the_folder)
{
    HostFolder host;
    host.folder("in");
    host.file("in/file", "text");
    std::string error;
    auto folder = sim::HostFolder::open(host.path(), true, error);
    ASSERT_TRUE(folder);
    for (auto const* path : { "..", "../x", "/etc/passwd", "in/../../x", "in//file", ".", "in/./file", "in/" }) {
        sim::HostError why = sim::HostError::None;
        EXPECT_FALSE(folder->open_file(path, why)) << path;
        EXPECT_EQ(why, sim::HostError::NotFound) << path;
        EXPECT_EQ(folder->create_file(path), sim::HostError::NotFound) << path;
    }
    EXPECT_EQ(folder->remove_folder(""), sim::HostError::Denied) << "the folder itself";
    EXPECT_EQ(folder->remove_folder("in"), sim::HostError::NotEmpty);
    EXPECT_EQ(folder->create_file("in/file"), sim::HostError::Exists);
    auto reader = sim::HostFolder::open(host.path(), false, error);
    EXPECT_EQ(reader->create_file("new"), sim::HostError::Denied);
    EXPECT_EQ(reader->remove_file("in/file"), sim::HostError::Denied);
    EXPECT_FALSE(sim::HostFolder::open(host.path("in/file"), false, error));
    EXPECT_EQ(error, "it is not a folder");
}

// A file's pages when there is room for two.
// Shows: STATUS_DISK_FULL for the third, whose bytes stay; room that is cut off comes back.
TEST(fs_contents, room_is_counted)
{
    fs::Room room { 2 };
    fs::Contents contents;
    std::vector<std::byte> const page(fs::kPageBytes, std::byte { 'x' });
    ASSERT_TRUE(contents.resize(4 * fs::kPageBytes).ok());
    EXPECT_TRUE(contents.write(0, page, room).ok());
    EXPECT_TRUE(contents.write(2 * fs::kPageBytes, page, room).ok());
    EXPECT_EQ(contents.write(fs::kPageBytes, page, room).status(), STATUS_DISK_FULL);
    EXPECT_TRUE(contents.write(100, page, room).status() == STATUS_DISK_FULL) << "its second half has no room";
    ASSERT_TRUE(contents.resize(2 * fs::kPageBytes).ok());
    EXPECT_TRUE(contents.write(fs::kPageBytes, page, room).ok());
    std::vector<std::byte> back(2 * fs::kPageBytes);
    EXPECT_TRUE(contents.read(0, back).ok());
    EXPECT_EQ(std::count(back.begin(), back.end(), std::byte { 'x' }), std::ptrdiff_t { 2 * fs::kPageBytes });
    contents.release(room);
    EXPECT_EQ(room.pages_left, 2u);
}

// Expressions with wildcards against names.
// Shows: FsRtlIsNameInExpression's five wildcards, and the empty strings.
TEST(fs_names, expressions)
{
    struct {
        std::u16string_view expression, name;
        bool matches;
    } const rows[] = {
        { u"*", u"anything", true },
        { u"*", u"", false },
        { u"", u"", true },
        { u"", u"x", false },
        { u"A?C", u"abc", true },
        { u"A?C", u"ac", false },
        { u"A*C", u"abbbc", true },
        { u"A*C", u"ac", true },
        { u"*.TXT", u"a.b.txt", true },
        { u"*.TXT", u"txt", false },
        { u"<.TXT", u"a.b.txt", true },
        { u"<", u"name.ext", false },
        { u"<.<", u"name.ext", true },
        { u"NAME\"", u"name", true },
        { u"NAME\"", u"name.", true },
        { u"NAME\"EXT", u"name.ext", true },
        { u">>>", u"ab", true },
        { u">>>", u"abcd", false },
        { u">>>.TXT", u"a.txt", true },
        { u"???", u"ab", false },
    };
    for (auto const& row : rows)
        EXPECT_EQ(rtl::is_in_expression(row.expression, row.name, true), row.matches)
            << rtl::utf8(row.expression) << " " << rtl::utf8(row.name);
    EXPECT_FALSE(rtl::is_in_expression(u"ABC", u"abc", false));
}
