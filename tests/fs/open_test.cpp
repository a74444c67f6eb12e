// SPDX-License-Identifier: MIT
// Opening files of drive C: paths, dispositions, sharing, and names that mean harm.
#include "fs/files.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class fs_open : public FilesTest {
protected:
    void SetUp() override
    {
        host.folder("Windows/System32/drivers");
        host.folder("Empty");
        host.file("hello.txt", "hello");
        host.file("ReadMe.TXT", "read me");
        host.file("Windows/win.ini", "[fonts]");
        host.file("locked.txt", "locked");
        std::filesystem::permissions(host.path("locked.txt"), std::filesystem::perms::owner_read);
        start();
    }
    struct Row {
        Opening how;
        NTSTATUS status;
        ULONG_PTR information = 0;
    };
    void expect(std::vector<Row> const& rows)
    {
        on_thread([&] {
            for (Row const& row : rows) {
                ULONG_PTR information = 0;
                NTSTATUS const status = try_open(row.how, &information);
                EXPECT_EQ(hex(status), hex(row.status)) << rtl::utf8(row.how.path) << " disposition "
                                                        << row.how.disposition << " options " << row.how.options;
                if (NT_SUCCESS(row.status))
                    EXPECT_EQ(information, row.information) << rtl::utf8(row.how.path);
            }
        });
    }
};

constexpr ULONG kSync = FILE_SYNCHRONOUS_IO_NONALERT;
constexpr ACCESS_MASK kRead = GENERIC_READ | SYNCHRONIZE;
constexpr ACCESS_MASK kWrite = GENERIC_WRITE | SYNCHRONIZE;

} // namespace

// One file by all the names that lead to it.
// Shows: \??\, \DosDevices, the device itself, \SystemRoot; no case; a slash at a folder's end.
TEST_F(fs_open, one_file_has_many_paths)
{
    expect({
        { { u"\\??\\C:\\hello.txt" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\??\\c:\\HELLO.TXT" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\DosDevices\\C:\\readme.txt" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\GLOBAL??\\C:\\readme.txt" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\Device\\HarddiskVolume1\\Windows\\WIN.ini" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\SystemRoot\\win.ini" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\SystemRoot\\System32\\drivers" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\??\\C:\\" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\??\\C:\\Windows\\" }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\??\\C:" }, STATUS_SUCCESS, FILE_OPENED },
    });
}

// Opens that are refused, one for each reason.
// Shows: which part of a path is missing; folder or file; what a disposition finds.
TEST_F(fs_open, refusals)
{
    expect({
        { { u"\\??\\C:\\nothing" }, STATUS_OBJECT_NAME_NOT_FOUND },
        { { u"\\??\\C:\\nowhere\\nothing" }, STATUS_OBJECT_PATH_NOT_FOUND },
        { { u"\\??\\C:\\hello.txt\\x" }, STATUS_OBJECT_PATH_NOT_FOUND },
        { { u"\\??\\C:\\nothing", kWrite, FILE_OVERWRITE }, STATUS_OBJECT_NAME_NOT_FOUND },
        { { u"\\??\\C:\\hello.txt", kWrite, FILE_CREATE }, STATUS_OBJECT_NAME_COLLISION },
        { { u"\\??\\C:\\Windows", kWrite, FILE_CREATE, kSync | FILE_DIRECTORY_FILE }, STATUS_OBJECT_NAME_COLLISION },
        { { u"\\??\\C:\\Windows", kWrite, FILE_OVERWRITE_IF }, STATUS_OBJECT_NAME_COLLISION },
        { { u"\\??\\C:\\Windows", kRead, FILE_OPEN, kSync | FILE_NON_DIRECTORY_FILE }, STATUS_FILE_IS_A_DIRECTORY },
        { { u"\\??\\C:\\hello.txt", kRead, FILE_OPEN, kSync | FILE_DIRECTORY_FILE }, STATUS_NOT_A_DIRECTORY },
        { { u"\\??\\C:\\hello.txt\\" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\locked.txt", kWrite }, STATUS_ACCESS_DENIED },
        { { u"\\??\\C:\\locked.txt", kWrite, FILE_OVERWRITE_IF }, STATUS_ACCESS_DENIED },
        { { u"\\??\\C:\\locked.txt", DELETE | SYNCHRONIZE, FILE_OPEN, kSync | FILE_DELETE_ON_CLOSE },
          STATUS_CANNOT_DELETE },
        { { u"\\??\\C:\\", DELETE | SYNCHRONIZE, FILE_OPEN, kSync | FILE_DELETE_ON_CLOSE }, STATUS_CANNOT_DELETE },
        { { u"\\??\\C:\\hello.txt", kRead, FILE_OPEN, kSync | FILE_DELETE_ON_CLOSE }, STATUS_INVALID_PARAMETER },
        { { u"\\??\\C:\\hello.txt", kRead, FILE_OVERWRITE, kSync | FILE_DIRECTORY_FILE }, STATUS_INVALID_PARAMETER },
        { { u"\\??\\C:\\hello.txt", kRead, FILE_OPEN, kSync | FILE_OPEN_BY_FILE_ID }, STATUS_NOT_IMPLEMENTED },
        { { u"\\??\\C:", kWrite, FILE_OVERWRITE_IF }, STATUS_ACCESS_DENIED },
        { { u"\\??\\C:", kRead, FILE_OPEN, kSync | FILE_DIRECTORY_FILE }, STATUS_NOT_A_DIRECTORY },
        { { u"\\??\\D:\\hello.txt" }, STATUS_OBJECT_PATH_NOT_FOUND },
    });
}

// Each disposition, on a file that is not there and then is.
// Shows: IoStatusBlock.Information, and what becomes of the contents.
TEST_F(fs_open, dispositions)
{
    expect({
        { { u"\\??\\C:\\new.txt", kWrite, FILE_OPEN_IF }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\new.txt", kWrite, FILE_OPEN_IF }, STATUS_SUCCESS, FILE_OPENED },
        { { u"\\??\\C:\\new.txt", kWrite, FILE_OVERWRITE }, STATUS_SUCCESS, FILE_OVERWRITTEN },
        { { u"\\??\\C:\\new.txt", kWrite, FILE_OVERWRITE_IF }, STATUS_SUCCESS, FILE_OVERWRITTEN },
        { { u"\\??\\C:\\new.txt", kWrite, FILE_SUPERSEDE }, STATUS_SUCCESS, FILE_SUPERSEDED },
        { { u"\\??\\C:\\new2.txt", kWrite, FILE_SUPERSEDE }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\new3.txt", kWrite, FILE_OVERWRITE_IF }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\Folder", kRead, FILE_CREATE, kSync | FILE_DIRECTORY_FILE }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\Folder\\Inner\\", kRead, FILE_CREATE, kSync | FILE_DIRECTORY_FILE },
          STATUS_SUCCESS,
          FILE_CREATED },
        { { u"\\??\\C:\\hello.txt", kWrite, FILE_OVERWRITE }, STATUS_SUCCESS, FILE_OVERWRITTEN },
    });
    on_thread([&] {
        EXPECT_EQ(read_all(u"\\??\\C:\\hello.txt"), "");
        HANDLE folder = must_open({ .path = u"\\??\\C:\\" });
        EXPECT_EQ(list(folder),
                  "Empty Folder hello.txt locked.txt new.txt new2.txt new3.txt ReadMe.TXT Windows 0x80000006");
        close(folder);
    });
    EXPECT_EQ(host.text("hello.txt"), "hello") << "the host's file is as it was";
    EXPECT_FALSE(host.has("new.txt"));
}

// Names that no Windows file has, and some that only Win32 refuses.
// Shows: STATUS_OBJECT_NAME_INVALID, and that ".." leads nowhere; CON and a dot at the end are names like others here.
TEST_F(fs_open, hostile_names)
{
    std::u16string const nul = std::u16string(u"\\??\\C:\\a") + u'\0' + u"b";
    expect({
        { { u"\\??\\C:\\..\\etc\\passwd" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\Windows\\..\\hello.txt" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\.." }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\." }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\a/b" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\../../etc/passwd" }, STATUS_OBJECT_NAME_INVALID },
        { { nul, kWrite, FILE_OPEN_IF }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\hello.txt:stream", kWrite, FILE_OPEN_IF }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\hello.txt::$DATA" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\*.txt" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\a\x01"
            u"b",
            kWrite, FILE_OPEN_IF },
          STATUS_OBJECT_NAME_INVALID },
        { { std::u16string(u"\\??\\C:\\") + u'\xD800', kWrite, FILE_OPEN_IF }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\" + std::u16string(256, u'x'), kWrite, FILE_OPEN_IF }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\" + std::u16string(255, u'x'), kWrite, FILE_OPEN_IF }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\Windows\\\\win.ini" }, STATUS_OBJECT_NAME_INVALID },
        { { u"\\??\\C:\\CON", kWrite, FILE_OPEN_IF }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\dot.", kWrite, FILE_OPEN_IF }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\dot ", kWrite, FILE_OPEN_IF }, STATUS_SUCCESS, FILE_CREATED },
        { { u"\\??\\C:\\PROGRA~1" }, STATUS_OBJECT_NAME_NOT_FOUND },
    });
}

// Two opens of one file, with every wish and every permission that matter.
// Shows: STATUS_SHARING_VIOLATION both ways; who asks for attributes alone is not counted.
TEST_F(fs_open, sharing)
{
    on_thread([&] {
        struct {
            ACCESS_MASK first;
            ULONG first_share;
            ACCESS_MASK second;
            ULONG second_share;
            NTSTATUS status;
        } const rows[] = {
            { kRead, FILE_SHARE_READ, kRead, FILE_SHARE_READ, STATUS_SUCCESS },
            { kRead, FILE_SHARE_READ, kWrite, FILE_SHARE_READ, STATUS_SHARING_VIOLATION },
            { kRead, FILE_SHARE_READ | FILE_SHARE_WRITE, kWrite, FILE_SHARE_READ, STATUS_SUCCESS },
            { kWrite, FILE_SHARE_READ, kRead, FILE_SHARE_READ, STATUS_SHARING_VIOLATION },
            { kWrite, 0, kRead, FILE_SHARE_VALID_FLAGS, STATUS_SHARING_VIOLATION },
            { kWrite, 0, FILE_READ_ATTRIBUTES | SYNCHRONIZE, 0, STATUS_SUCCESS },
            { kRead, FILE_SHARE_READ, DELETE | SYNCHRONIZE, FILE_SHARE_VALID_FLAGS, STATUS_SHARING_VIOLATION },
        };
        for (auto const& row : rows) {
            HANDLE first = must_open({ .path = u"\\??\\C:\\hello.txt", .access = row.first, .share = row.first_share });
            EXPECT_EQ(
                hex(try_open({ .path = u"\\??\\C:\\hello.txt", .access = row.second, .share = row.second_share })),
                hex(row.status))
                << row.first << " " << row.first_share << " then " << row.second << " " << row.second_share;
            close(first);
        }
        // Overwriting is writing, whatever was asked for.
        HANDLE first = must_open({ .path = u"\\??\\C:\\hello.txt", .share = FILE_SHARE_READ });
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt", .disposition = FILE_OVERWRITE }),
                  STATUS_SHARING_VIOLATION);
        close(first);
        EXPECT_EQ(read_all(u"\\??\\C:\\hello.txt"), "hello");
    });
}

// Paths relative to an open folder, to a file, and to the volume.
// Shows: RootDirectory, and what it refuses.
TEST_F(fs_open, relative_paths)
{
    on_thread([&] {
        HANDLE folder = must_open({ .path = u"\\??\\C:\\Windows", .options = kSync | FILE_DIRECTORY_FILE });
        HANDLE file = must_open({ .path = u"\\??\\C:\\hello.txt" });
        HANDLE volume = must_open({ .path = u"\\??\\C:" });
        EXPECT_EQ(try_open({ .path = u"win.ini", .root = folder }), STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"System32\\drivers", .root = folder }), STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"", .root = folder }), STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"..\\hello.txt", .root = folder }), STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(try_open({ .path = u"\\win.ini", .root = folder }), STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(try_open({ .path = u"", .root = file }), STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"x", .root = file }), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(try_open({ .path = u"hello.txt", .root = volume }), STATUS_INVALID_PARAMETER);
        for (HANDLE handle : { folder, file, volume })
            close(handle);
        EXPECT_EQ(boot->rooms.io.files().live(), 0u);
        EXPECT_EQ(boot->rooms.io.irps().live(), 0u);
    });
}

// Links of the host, inside the folder and out of it, and a pipe.
// Shows: they are listed as reparse points, and nothing leads through them.
TEST_F(fs_open, links_of_the_host_lead_nowhere)
{
    std::filesystem::create_symlink("/etc", host.path("Empty/etc"));
    std::filesystem::create_symlink("/etc/passwd", host.path("Empty/passwd"));
    std::filesystem::create_symlink("../hello.txt", host.path("Empty/inside"));
    on_thread([&] {
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Empty\\passwd" }), STATUS_IO_REPARSE_TAG_NOT_HANDLED);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Empty\\inside" }), STATUS_IO_REPARSE_TAG_NOT_HANDLED);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Empty\\etc\\passwd" }), STATUS_IO_REPARSE_TAG_NOT_HANDLED);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Empty\\passwd", .options = kSync | FILE_OPEN_REPARSE_POINT }),
                  STATUS_ACCESS_DENIED);
        HANDLE folder = must_open({ .path = u"\\??\\C:\\Empty" });
        EXPECT_EQ(list(folder), ". .. etc inside passwd 0x80000006");
        close(folder);
        // A link that took the place of a folder after it was listed.
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Windows\\System32" }), STATUS_SUCCESS);
    });
    std::filesystem::remove_all(host.path("Windows/System32"));
    std::filesystem::create_symlink("/etc", host.path("Windows/System32"));
    on_thread([&] {
        HANDLE folder = must_open({ .path = u"\\??\\C:\\Windows\\System32" });
        EXPECT_EQ(list(folder), ". .. 0x80000006");
        close(folder);
    });
}
