// SPDX-License-Identifier: MIT
// Reading and writing files of drive C:, their positions, their ends, and who may where.
#include "fs/files.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class fs_read_write : public FilesTest {
protected:
    void SetUp() override
    {
        host.file("hello.txt", "hello");
        host.file("log.txt", "first\n");
        start();
    }
};

constexpr ACCESS_MASK kBoth = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE;

} // namespace

// A file is read and written at its own position, at given offsets, and beyond its end.
// Shows: the position moves with synchronous handles; holes read as zero; STATUS_END_OF_FILE; the host's file stays.
TEST_F(fs_read_write, positions)
{
    on_thread([&] {
        HANDLE handle = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
        std::string text;
        EXPECT_EQ(read(handle, text, 3), STATUS_SUCCESS);
        EXPECT_EQ(text, "hel");
        EXPECT_EQ(read(handle, text, 100), STATUS_SUCCESS);
        EXPECT_EQ(text, "lo") << "a read ends where the file does";
        EXPECT_EQ(read(handle, text, 100), STATUS_END_OF_FILE);
        EXPECT_EQ(write(handle, "!!"), STATUS_SUCCESS);
        int64_t const zero = 0, ten = 10, end = -1, position = -2, negative = -3;
        EXPECT_EQ(write(handle, "J", &zero), STATUS_SUCCESS);
        EXPECT_EQ(write(handle, "ELLO", &position), STATUS_SUCCESS);
        EXPECT_EQ(write(handle, "x", &ten), STATUS_SUCCESS);
        EXPECT_EQ(write(handle, "y", &end), STATUS_SUCCESS);
        EXPECT_EQ(write(handle, "z", &negative), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(read(handle, text, 100, &zero), STATUS_SUCCESS);
        EXPECT_EQ(text, std::string("JELLO!!\0\0\0xy", 12));
        FILE_POSITION_INFORMATION at { .CurrentByteOffset = { .QuadPart = 4 } };
        EXPECT_EQ(set(handle, FilePositionInformation, at), STATUS_SUCCESS);
        EXPECT_EQ(read(handle, text, 3), STATUS_SUCCESS);
        EXPECT_EQ(text, "O!!");
        EXPECT_EQ(query(handle, FilePositionInformation, at), STATUS_SUCCESS);
        EXPECT_EQ(at.CurrentByteOffset.QuadPart, 7);
        EXPECT_EQ(read(handle, text, 0), STATUS_SUCCESS);
        close(handle);
    });
    EXPECT_EQ(host.text("hello.txt"), "hello");
}

// A log, opened to append, as drivers keep one.
// Shows: FILE_APPEND_DATA without FILE_WRITE_DATA adds to the end, whatever offset is given.
TEST_F(fs_read_write, appending)
{
    on_thread([&] {
        HANDLE handle = must_open(
            { .path = u"\\??\\C:\\log.txt", .access = FILE_APPEND_DATA | SYNCHRONIZE, .disposition = FILE_OPEN_IF });
        int64_t const zero = 0;
        EXPECT_EQ(write(handle, "second\n", &zero), STATUS_SUCCESS);
        EXPECT_EQ(write(handle, "third\n"), STATUS_SUCCESS);
        close(handle);
        EXPECT_EQ(read_all(u"\\??\\C:\\log.txt"), "first\nsecond\nthird\n");
    });
}

// Ends are moved forth and back, with written pages over a file of the host.
// Shows: what was cut off reads as zero when the file grows again.
TEST_F(fs_read_write, ends)
{
    host.file("big.bin", std::string(10000, 'b'));
    on_thread([&] {
        HANDLE handle = must_open({ .path = u"\\??\\C:\\big.bin", .access = kBoth });
        int64_t const at = 5000;
        EXPECT_EQ(write(handle, "WRITTEN", &at), STATUS_SUCCESS);
        auto end = [&](int64_t bytes) {
            return set(handle, FileEndOfFileInformation, FILE_END_OF_FILE_INFORMATION { { .QuadPart = bytes } });
        };
        EXPECT_EQ(end(5003), STATUS_SUCCESS);
        EXPECT_EQ(end(9000), STATUS_SUCCESS);
        std::string text;
        int64_t const around = 4998;
        EXPECT_EQ(read(handle, text, 10, &around), STATUS_SUCCESS);
        EXPECT_EQ(text, std::string("bbWRI\0\0\0\0\0", 10));
        int64_t const far = 8000;
        EXPECT_EQ(read(handle, text, 2000, &far), STATUS_SUCCESS);
        EXPECT_EQ(text, std::string(1000, '\0'));
        EXPECT_EQ(end(-1), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(end(int64_t { 1 } << 40), STATUS_DISK_FULL);
        FILE_STANDARD_INFORMATION standard {};
        EXPECT_EQ(query(handle, FileStandardInformation, standard), STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 9000);
        EXPECT_EQ(standard.AllocationSize.QuadPart, 12288);
        EXPECT_EQ(set(handle, FileAllocationInformation, FILE_ALLOCATION_INFORMATION { { .QuadPart = 100 } }),
                  STATUS_SUCCESS);
        EXPECT_EQ(query(handle, FileStandardInformation, standard), STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 100) << "less room than bytes cuts them off";
        close(handle);
    });
}

// Reads and writes of folders, of the volume, of unaligned pieces without buffering, and with a bad buffer.
// Shows: the status of each, and that a write which failed leaves no trace.
TEST_F(fs_read_write, refusals)
{
    host.folder("Folder");
    on_thread([&] {
        std::string text;
        int64_t const zero = 0, odd = 3;
        HANDLE folder = must_open({ .path = u"\\??\\C:\\Folder" });
        EXPECT_EQ(read(folder, text, 10, &zero), STATUS_INVALID_DEVICE_REQUEST);
        close(folder);
        HANDLE volume = must_open({ .path = u"\\??\\C:" });
        EXPECT_EQ(read(volume, text, 512, &zero), STATUS_INVALID_DEVICE_REQUEST);
        close(volume);
        HANDLE unbuffered = must_open({ .path = u"\\??\\C:\\hello.txt",
                                        .options = FILE_SYNCHRONOUS_IO_NONALERT | FILE_NO_INTERMEDIATE_BUFFERING });
        EXPECT_EQ(read(unbuffered, text, 10, &zero), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(read(unbuffered, text, 512, &odd), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(read(unbuffered, text, 512, &zero), STATUS_SUCCESS);
        EXPECT_EQ(text, "hello");
        close(unbuffered);
        HANDLE handle = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
        IO_STATUS_BLOCK block {};
        EXPECT_EQ(call("ZwWriteFile", handle, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block,
                       reinterpret_cast<void*>(0x1000), 100u, static_cast<LARGE_INTEGER*>(nullptr),
                       static_cast<ULONG*>(nullptr)),
                  STATUS_INVALID_USER_BUFFER);
        EXPECT_EQ(call("ZwReadFile", handle, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block,
                       reinterpret_cast<void*>(0x1000), 100u, static_cast<LARGE_INTEGER*>(nullptr),
                       static_cast<ULONG*>(nullptr)),
                  STATUS_INVALID_USER_BUFFER);
        close(handle);
        EXPECT_EQ(read_all(u"\\??\\C:\\hello.txt"), "hello");
        // A handle without a position, and none given.
        HANDLE asynchronous = must_open({ .path = u"\\??\\C:\\hello.txt", .options = 0 });
        EXPECT_EQ(read(asynchronous, text, 5), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(read(asynchronous, text, 5, &zero), STATUS_SUCCESS);
        EXPECT_EQ(text, "hello");
        close(asynchronous);
    });
}

// A read with an event and an APC routine, on an asynchronous handle.
// Shows: the event is set and the status block written.
TEST_F(fs_read_write, events)
{
    on_thread([&] {
        HANDLE handle = must_open({ .path = u"\\??\\C:\\hello.txt", .options = 0 });
        HANDLE event = nullptr;
        OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr };
        ASSERT_EQ(
            call("ZwCreateEvent", &event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, static_cast<BOOLEAN>(0)),
            STATUS_SUCCESS);
        char text[6] {};
        IO_STATUS_BLOCK block {};
        LARGE_INTEGER at { .QuadPart = 1 };
        EXPECT_EQ(call("ZwReadFile", handle, event, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block, &text[0],
                       4u, &at, static_cast<ULONG*>(nullptr)),
                  STATUS_SUCCESS);
        LARGE_INTEGER now {};
        EXPECT_EQ(call("ZwWaitForSingleObject", event, static_cast<BOOLEAN>(0), &now), STATUS_SUCCESS);
        EXPECT_EQ(block.Information, 4u);
        EXPECT_STREQ(text, "ello");
        close(event);
        close(handle);
    });
}

// Byte ranges locked by one handle, wanted by another, which waits for one of them.
// Shows: STATUS_LOCK_NOT_GRANTED, STATUS_FILE_LOCK_CONFLICT, STATUS_RANGE_NOT_LOCKED; a waiting lock is granted when the
// range is free; one that waits when its handle is closed ends.
TEST_F(fs_read_write, byte_range_locks)
{
    on_thread([&] {
        HANDLE a = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth, .options = 0 });
        HANDLE b = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth, .options = 0 });
        IO_STATUS_BLOCK blocks[3] {};
        auto lock
            = [&](HANDLE handle, IO_STATUS_BLOCK* block, int64_t first, int64_t bytes, bool at_once, bool exclusive) {
                  LARGE_INTEGER offset { .QuadPart = first }, length { .QuadPart = bytes };
                  return call("ZwLockFile", handle, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), block,
                              &offset, &length, 7u, static_cast<BOOLEAN>(at_once), static_cast<BOOLEAN>(exclusive));
              };
        auto unlock = [&](HANDLE handle, int64_t first, int64_t bytes) {
            LARGE_INTEGER offset { .QuadPart = first }, length { .QuadPart = bytes };
            IO_STATUS_BLOCK block {};
            return call("ZwUnlockFile", handle, &block, &offset, &length, 7u);
        };
        int64_t const zero = 0, four = 4;
        std::string text;
        EXPECT_EQ(lock(a, &blocks[0], 0, 2, true, true), STATUS_SUCCESS);
        EXPECT_EQ(lock(b, &blocks[1], 1, 2, true, false), STATUS_LOCK_NOT_GRANTED);
        EXPECT_EQ(lock(b, &blocks[1], 0, -1, true, false), STATUS_LOCK_NOT_GRANTED);
        EXPECT_EQ(lock(b, &blocks[1], 2, -1, true, true), STATUS_INVALID_LOCK_RANGE);
        EXPECT_EQ(read(b, text, 2, &zero), STATUS_FILE_LOCK_CONFLICT);
        EXPECT_EQ(read(b, text, 1, &four), STATUS_SUCCESS);
        EXPECT_EQ(write(b, "x", &zero), STATUS_FILE_LOCK_CONFLICT);
        EXPECT_EQ(unlock(b, 0, 2), STATUS_RANGE_NOT_LOCKED);
        EXPECT_EQ(unlock(a, 0, 1), STATUS_RANGE_NOT_LOCKED);
        // The second handle waits; then the first one gives its range up.
        EXPECT_EQ(lock(b, &blocks[1], 0, 5, false, true), STATUS_PENDING);
        EXPECT_EQ(unlock(a, 0, 2), STATUS_SUCCESS);
        LARGE_INTEGER now {};
        EXPECT_EQ(call("ZwWaitForSingleObject", b, static_cast<BOOLEAN>(0), &now), STATUS_SUCCESS);
        EXPECT_EQ(blocks[1].Status, STATUS_SUCCESS);
        EXPECT_EQ(read(a, text, 2, &zero), STATUS_FILE_LOCK_CONFLICT);
        // The first one waits now, and is closed.
        EXPECT_EQ(lock(a, &blocks[2], 4, 1, false, true), STATUS_PENDING);
        close(a);
        EXPECT_EQ(hex(blocks[2].Status), hex(STATUS_RANGE_NOT_LOCKED));
        close(b);
        // Locks go with their handle.
        HANDLE c = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth, .options = 0 });
        EXPECT_EQ(read(c, text, 2, &zero), STATUS_SUCCESS);
        close(c);
        EXPECT_EQ(boot->rooms.io.irps().live(), 0u);
    });
}

// A lock request that waits is cancelled.
// Shows: STATUS_CANCELLED, and the queue is empty again.
TEST_F(fs_read_write, waiting_lock_is_cancelled)
{
    on_thread([&] {
        HANDLE a = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth, .options = 0 });
        HANDLE b = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth, .options = 0 });
        LARGE_INTEGER offset {}, length { .QuadPart = 5 };
        IO_STATUS_BLOCK first {}, second {};
        EXPECT_EQ(call("ZwLockFile", a, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &first, &offset,
                       &length, 0u, static_cast<BOOLEAN>(0), static_cast<BOOLEAN>(1)),
                  STATUS_SUCCESS);
        EXPECT_EQ(call("ZwLockFile", b, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &second, &offset,
                       &length, 0u, static_cast<BOOLEAN>(0), static_cast<BOOLEAN>(1)),
                  STATUS_PENDING);
        io::cancel_thread_irps(ke::kernel().current(), nullptr);
        LARGE_INTEGER now {};
        EXPECT_EQ(call("ZwWaitForSingleObject", b, static_cast<BOOLEAN>(0), &now), STATUS_SUCCESS);
        EXPECT_EQ(hex(second.Status), hex(STATUS_CANCELLED));
        close(b);
        close(a);
        EXPECT_EQ(boot->rooms.io.irps().live(), 0u);
    });
}
