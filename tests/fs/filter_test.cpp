// SPDX-License-Identifier: MIT
// A filter above the file system, written as host functions: what it sees, and how it is gone round.
#include "fs/files.h"

#include "io/dispatch.h"
#include "io/irp.h"

using namespace ringside;
using namespace ringside::test;

namespace {

std::string g_seen;
DEVICE_OBJECT* g_lower = nullptr;

NTAPI NTSTATUS pass_down_and_note(DEVICE_OBJECT*, IRP* irp)
{
    IO_STACK_LOCATION const& location = *io::current_location(irp);
    constexpr char const* names[] = { "CREATE", "?", "CLOSE", "READ", "WRITE", "QUERY" };
    g_seen += location.MajorFunction < std::size(names) ? names[location.MajorFunction]
        : location.MajorFunction == IRP_MJ_CLEANUP      ? "CLEANUP"
                                                        : "other";
    if (location.MajorFunction == IRP_MJ_READ || location.MajorFunction == IRP_MJ_WRITE)
        g_seen += irp->MdlAddress ? "(mdl)" : irp->AssociatedIrp.SystemBuffer ? "(system buffer)" : "(neither)";
    g_seen += " ";
    io::skip_location(irp);
    return io::IofCallDriver(g_lower, irp);
}

NTAPI NTSTATUS filter_entry(DRIVER_OBJECT* driver, UNICODE_STRING*)
{
    for (auto& function : driver->MajorFunction)
        function = &pass_down_and_note;
    return STATUS_SUCCESS;
}

class fs_filter : public FilesTest {
protected:
    void SetUp() override
    {
        host.file("hello.txt", "hello");
        start();
        on_thread([&] {
            io::DriverImage image { .name = u"filter", .entry = &filter_entry, .registry_path = u"\\Registry" };
            auto made = io::create_driver(image);
            ASSERT_TRUE(made.ok());
            ASSERT_EQ(io::IoCreateDevice((*made)->object, 0, nullptr, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE, &filter),
                      STATUS_SUCCESS);
            g_lower = io::IoAttachDeviceToDeviceStack(filter, boot->rooms.files.device());
            filter->Flags &= ~DO_DEVICE_INITIALIZING;
        });
        g_seen.clear();
    }
    std::string seen() { return std::exchange(g_seen, ""); }

    DEVICE_OBJECT* filter = nullptr;
};

constexpr ACCESS_MASK kBoth = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE;

} // namespace

// A file is opened, written and read through the filter, which asks for buffers in each of the three ways.
// Shows: the filter sees each IRP; the file system finds the bytes wherever the I/O manager put them.
TEST_F(fs_filter, sees_every_request)
{
    on_thread([&] {
        for (auto const& [flag, words] : std::initializer_list<std::pair<ULONG, char const*>> {
                 { 0u, "(neither)" }, { DO_BUFFERED_IO, "(system buffer)" }, { DO_DIRECT_IO, "(mdl)" } }) {
            filter->Flags = (filter->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flag;
            HANDLE file = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
            int64_t const zero = 0;
            std::string const text = std::string("J") + words[1];
            EXPECT_EQ(write(file, text, &zero), STATUS_SUCCESS);
            std::string back;
            EXPECT_EQ(read(file, back, 10, &zero), STATUS_SUCCESS);
            EXPECT_EQ(back, text + "llo");
            close(file);
            EXPECT_EQ(seen(), std::string("CREATE WRITE") + words + " READ" + words + " CLEANUP CLOSE ");
        }
    });
}

// The same file, opened with a hint below the filter, and by a related open.
// Shows: nothing of it reaches the filter; who opens the volume's attributes alone meets neither.
TEST_F(fs_filter, a_hint_goes_round_it)
{
    on_thread([&] {
        std::u16string const path = u"\\??\\C:\\hello.txt";
        UNICODE_STRING name = counted_string(path);
        OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                                       nullptr,           nullptr };
        IO_STATUS_BLOCK block {};
        HANDLE file = nullptr;
        auto open_with = [&](ULONG flags, DEVICE_OBJECT* hint) {
            return call("IoCreateFileSpecifyDeviceObjectHint", &file, ULONG { kBoth }, &attributes, &block,
                        static_cast<LARGE_INTEGER*>(nullptr), 0u, 0u, ULONG { FILE_OPEN },
                        ULONG { FILE_SYNCHRONOUS_IO_NONALERT }, static_cast<void*>(nullptr), 0u, CreateFileTypeNone,
                        static_cast<void*>(nullptr), flags, hint);
        };
        EXPECT_EQ(open_with(0, boot->rooms.files.device()), STATUS_SUCCESS);
        std::string text;
        EXPECT_EQ(read(file, text, 10), STATUS_SUCCESS);
        EXPECT_EQ(text, "hello");
        HANDLE first = file;
        EXPECT_EQ(open_with(0, boot->rooms.files.device()), STATUS_SHARING_VIOLATION);
        EXPECT_EQ(open_with(IO_IGNORE_SHARE_ACCESS_CHECK, boot->rooms.files.device()), STATUS_SUCCESS);
        close(file);
        close(first);
        EXPECT_EQ(seen(), "");
        EXPECT_EQ(open_with(0, filter), STATUS_SUCCESS);
        close(file);
        EXPECT_EQ(seen(), "CREATE CLEANUP CLOSE ");
        EXPECT_EQ(try_open({ .path = u"\\??\\C:", .access = FILE_READ_ATTRIBUTES | SYNCHRONIZE }), STATUS_SUCCESS);
        EXPECT_EQ(seen(), "");
        EXPECT_EQ(try_open({ .path = u"\\??\\C:" }), STATUS_SUCCESS);
        EXPECT_EQ(seen(), "CREATE CLEANUP CLOSE ");
    });
}
