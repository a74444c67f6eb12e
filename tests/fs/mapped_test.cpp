// SPDX-License-Identifier: MIT
// Files of drive C: as sections: what views show, when it reaches the file, and what a mapped file refuses.
#include "fs/files.h"

#include "io/manager.h"
#include "mm/address_space.h"
#include "mm/memory.h"
#include "mm/system_facts.h"
#include "ps/memory_rows.h"
#include "ps/process.h"

using namespace ringside;
using namespace ringside::test;

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });
constexpr ACCESS_MASK kBoth = GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE;

class fs_mapped : public FilesTest {
protected:
    void SetUp() override
    {
        host.file("hello.txt", "hello");
        host.file("big.bin", std::string(5000, 'a') + std::string(5000, 'b'));
        host.file("empty", "");
        host.folder("Folder");
    }
    NTSTATUS create_section(HANDLE file, HANDLE& section, ULONG protect = PAGE_READWRITE, int64_t bytes = 0,
                            ULONG attributes = SEC_COMMIT)
    {
        LARGE_INTEGER size { .QuadPart = bytes };
        section = nullptr;
        return call("ZwCreateSection", &section, SECTION_ALL_ACCESS, static_cast<OBJECT_ATTRIBUTES*>(nullptr),
                    bytes ? &size : nullptr, protect, attributes, file);
    }
    NTSTATUS refused(HANDLE file, ULONG protect = PAGE_READWRITE, int64_t bytes = 0, ULONG attributes = SEC_COMMIT)
    {
        HANDLE section;
        return create_section(file, section, protect, bytes, attributes);
    }
    HANDLE section_of(HANDLE file, ULONG protect = PAGE_READWRITE, int64_t bytes = 0)
    {
        HANDLE section;
        EXPECT_EQ(hex(create_section(file, section, protect, bytes)), "0x00000000");
        return section;
    }
    char* view_of(HANDLE section, ULONG protect = PAGE_READWRITE, SIZE_T* bytes = nullptr)
    {
        PVOID base = nullptr;
        SIZE_T size = 0;
        EXPECT_EQ(hex(call("ZwMapViewOfSection", section, kCurrent, &base, uint64_t { 0 }, uint64_t { 0 },
                           static_cast<LARGE_INTEGER*>(nullptr), &size, ViewUnmap, 0u, protect)),
                  "0x00000000");
        if (bytes)
            *bytes = size;
        return static_cast<char*>(base);
    }
    void unmap(char* view) { EXPECT_EQ(hex(call("ZwUnmapViewOfSection", kCurrent, view)), "0x00000000"); }
    NTSTATUS flush_view(char* at, SIZE_T bytes, SIZE_T* flushed = nullptr)
    {
        PVOID base = at;
        IO_STATUS_BLOCK block {};
        NTSTATUS const status = call("ZwFlushVirtualMemory", kCurrent, &base, &bytes, &block);
        EXPECT_EQ(block.Status, status);
        if (flushed)
            *flushed = bytes;
        return status;
    }
    NTSTATUS shorten(HANDLE file, int64_t bytes)
    {
        return set(file, FileEndOfFileInformation, FILE_END_OF_FILE_INFORMATION { { .QuadPart = bytes } });
    }
    NTSTATUS dispose(HANDLE file, ULONG flags)
    {
        return set(file, FileDispositionInformationEx, FILE_DISPOSITION_INFORMATION_EX { flags });
    }
    // Nothing of a file is left open, the file system's own files included.
    void expect_no_files()
    {
        boot->settle();
        EXPECT_EQ(boot->rooms.io.files().live(), 0u);
        EXPECT_EQ(mm::memory().residue().sections, 0u);
    }
};

} // namespace

// A section of a small file is made, shown, written to, and goes.
// Shows: a view has the file's bytes and zeros behind them; its writes are there for reads at once, and in the host's
// file when the view went; none goes behind the file's end; ZwQuerySection tells the size to the byte.
TEST_F(fs_mapped, views_show_the_file)
{
    start(true);
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
        HANDLE const section = section_of(file);
        SECTION_BASIC_INFORMATION info {};
        EXPECT_EQ(
            call("ZwQuerySection", section, SectionBasicInformation, &info, sizeof info, static_cast<SIZE_T*>(nullptr)),
            STATUS_SUCCESS);
        EXPECT_EQ(info.MaximumSize.QuadPart, 5);
        EXPECT_EQ(info.AllocationAttributes, SEC_FILE);
        SIZE_T bytes = 0;
        char* const view = view_of(section, PAGE_READWRITE, &bytes);
        EXPECT_EQ(bytes, 0x1000u);
        EXPECT_STREQ(view, "hello");
        EXPECT_EQ(view[4095], 0);
        std::memcpy(view, "JELLO, and more", 15);
        EXPECT_EQ(read_all(u"\\??\\C:\\hello.txt"), "JELLO");
        EXPECT_EQ(host.text("hello.txt"), "hello");
        unmap(view);
        EXPECT_EQ(host.text("hello.txt"), "JELLO");
        close(section);
        close(file);
    });
    expect_no_files();
}

// Two pages are written to; one of them is flushed.
// Shows: ZwFlushVirtualMemory writes the pages it was given, FlushFileBuffers' request all of them.
TEST_F(fs_mapped, flush)
{
    start(true);
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\big.bin", .access = kBoth });
        HANDLE const section = section_of(file);
        char* const view = view_of(section);
        EXPECT_EQ(view[4999], 'a');
        EXPECT_EQ(view[5000], 'b');
        view[10] = 'X';
        view[4096] = 'Y';
        SIZE_T flushed = 0;
        EXPECT_EQ(flush_view(view + 4097, 1, &flushed), STATUS_SUCCESS);
        EXPECT_EQ(flushed, 0x1000u);
        EXPECT_EQ(host.text("big.bin")[10], 'a');
        EXPECT_EQ(host.text("big.bin")[4096], 'Y');
        IO_STATUS_BLOCK block {};
        EXPECT_EQ(call("ZwFlushBuffersFile", file, &block), STATUS_SUCCESS);
        EXPECT_EQ(host.text("big.bin")[10], 'X');
        EXPECT_EQ(host.text("big.bin").size(), 10'000u);
        unmap(view);
        close(section);
        close(file);
    });
    expect_no_files();
}

// A file is written while two sections of it are shown, one of them to be copied on write.
// Shows: all views and reads see the same bytes; a page copied on write is the process' alone and not the file's.
TEST_F(fs_mapped, one_set_of_pages)
{
    start();
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\big.bin", .access = kBoth });
        HANDLE const first = section_of(file), second = section_of(file, PAGE_WRITECOPY);
        char* const view = view_of(first);
        char* const copy = view_of(second, PAGE_WRITECOPY);
        int64_t const at = 4094;
        EXPECT_EQ(write(file, "1234", &at), STATUS_SUCCESS);
        EXPECT_EQ(std::string(view + 4094, 4), "1234");
        EXPECT_EQ(std::string(copy + 4094, 4), "1234");
        view[0] = 'V';
        EXPECT_EQ(copy[0], 'V');
        copy[1] = 'C';
        EXPECT_EQ(view[1], 'a');
        view[2] = 'W';
        EXPECT_EQ(copy[2], 'a') << "the page was copied before";
        unmap(copy);
        unmap(view);
        close(first);
        close(second);
        EXPECT_EQ(read_all(u"\\??\\C:\\big.bin").substr(0, 4), "VaWa");
        close(file);
    });
    EXPECT_EQ(host.text("big.bin")[0], 'a') << "changes stay in memory";
    expect_no_files();
}

// What is no file, too large, too small, locked, or an image.
// Shows: the documented statuses; a writable section larger than its file makes that grow.
TEST_F(fs_mapped, statuses)
{
    start();
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
        HANDLE const empty = must_open({ .path = u"\\??\\C:\\empty", .access = kBoth });
        HANDLE const folder
            = must_open({ .path = u"\\??\\C:\\Folder", .options = FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT });
        HANDLE const volume = must_open({ .path = u"\\??\\C:" });
        EXPECT_EQ(refused(folder), STATUS_INVALID_FILE_FOR_SECTION);
        EXPECT_EQ(refused(volume), STATUS_INVALID_FILE_FOR_SECTION);
        EXPECT_EQ(refused(kCurrent), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(refused(empty), STATUS_MAPPED_FILE_SIZE_ZERO);
        EXPECT_EQ(refused(file, PAGE_READONLY, 6), STATUS_SECTION_TOO_BIG);
        EXPECT_EQ(refused(file, PAGE_WRITECOPY, 6), STATUS_SECTION_TOO_BIG);
        EXPECT_EQ(refused(file, PAGE_READWRITE, int64_t { 1 } << 50), STATUS_SECTION_TOO_BIG);
        EXPECT_EQ(refused(file, PAGE_NOACCESS), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(refused(file, PAGE_READWRITE, 0, SEC_LARGE_PAGES), STATUS_INVALID_PARAMETER_6);
        EXPECT_EQ(refused(file, PAGE_READONLY, 0, SEC_IMAGE), STATUS_NOT_SUPPORTED);
        LARGE_INTEGER at { .QuadPart = 0 }, length { .QuadPart = 1 };
        IO_STATUS_BLOCK block {};
        auto lock
            = [&](char const* service, auto... rest) { return call(service, file, rest..., &block, &at, &length, 0u); };
        EXPECT_EQ(call("ZwLockFile", file, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block, &at,
                       &length, 0u, BOOLEAN { TRUE }, BOOLEAN { TRUE }),
                  STATUS_SUCCESS);
        EXPECT_EQ(refused(file), STATUS_FILE_LOCK_CONFLICT);
        EXPECT_EQ(lock("ZwUnlockFile"), STATUS_SUCCESS);
        FILE_STANDARD_INFORMATION standard {};
        EXPECT_EQ(query(file, FileStandardInformation, standard), STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 5) << "what was refused left the file as it was";
        HANDLE const section = section_of(empty, PAGE_READWRITE, 5000);
        EXPECT_EQ(query(empty, FileStandardInformation, standard), STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 5000);
        EXPECT_EQ(view_of(section)[4999], 0);
        for (HANDLE handle : { section, file, empty, folder, volume })
            close(handle);
    });
}

// A client opened a file for reading alone.
// Shows: it gets a section to read and to copy on write, and none to write; a driver's own call is not asked.
TEST_F(fs_mapped, access)
{
    start();
    ke::Process* process = nullptr;
    on_thread([&] { process = boot->rooms.processes.create_client(u"\\client.exe").take(); });
    machine::HostThread client(process);
    client.execute([&] {
        io::OpenRequest request;
        request.path = u"\\??\\C:\\hello.txt";
        request.access = GENERIC_READ;
        request.mode = UserMode;
        request.share = FILE_SHARE_READ;
        HANDLE const file = io::open(request)->handle;
        auto* section = static_cast<HANDLE*>(*mm::allocate_user(*process, sizeof(HANDLE), true));
        auto made = [&](ULONG protect) {
            return ps::NtCreateSection(section, SECTION_ALL_ACCESS, nullptr, nullptr, protect, SEC_COMMIT, file);
        };
        EXPECT_EQ(made(PAGE_READWRITE), STATUS_ACCESS_DENIED);
        EXPECT_EQ(made(PAGE_EXECUTE_READ), STATUS_ACCESS_DENIED);
        EXPECT_EQ(made(PAGE_NOACCESS), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(made(PAGE_READONLY), STATUS_SUCCESS);
        EXPECT_EQ(made(PAGE_WRITECOPY), STATUS_SUCCESS);
    });
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\hello.txt" });
        close(section_of(file, PAGE_READWRITE));
        close(file);
    });
}

// A file has a section, then none.
// Shows: meanwhile it can be neither shortened, overwritten nor deleted, but written to and made longer; Mm's questions
// say so; POSIX semantics take its name. Afterwards all of it can be done.
TEST_F(fs_mapped, a_mapped_file_refuses)
{
    start();
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\big.bin", .access = kBoth });
        auto* const object
            = static_cast<FILE_OBJECT*>(ob::resolve_handle(ob::current_process(), file, KernelMode)->body);
        SECTION_OBJECT_POINTERS* const pointers = object->SectionObjectPointer;
        LARGE_INTEGER shorter { .QuadPart = 100 }, longer { .QuadPart = 20'000 };
        auto questions = [&](BOOLEAN free, BOOLEAN may_grow, ULONG writers) {
            EXPECT_EQ(mm::MmCanFileBeTruncated(pointers, &shorter), free);
            EXPECT_EQ(mm::MmCanFileBeTruncated(pointers, nullptr), free);
            EXPECT_EQ(mm::MmCanFileBeTruncated(pointers, &longer), may_grow);
            EXPECT_EQ(mm::MmFlushImageSection(pointers, MmFlushForDelete), free);
            EXPECT_EQ(mm::MmFlushImageSection(pointers, MmFlushForWrite), TRUE);
            EXPECT_EQ(mm::MmForceSectionClosed(pointers, FALSE), free);
            EXPECT_EQ(mm::MmDoesFileHaveUserWritableReferences(pointers), writers);
            EXPECT_EQ(pointers->DataSectionObject == nullptr, free);
        };
        questions(TRUE, TRUE, 0);
        HANDLE const reader = section_of(file, PAGE_READONLY);
        questions(FALSE, TRUE, 0);
        HANDLE const section = section_of(file);
        questions(FALSE, TRUE, 1);
        close(reader);
        char* const view = view_of(section);
        close(section);
        questions(FALSE, TRUE, 1);
        EXPECT_EQ(shorten(file, 9999), STATUS_USER_MAPPED_FILE);
        EXPECT_EQ(set(file, FileAllocationInformation, FILE_ALLOCATION_INFORMATION { { .QuadPart = 1 } }),
                  STATUS_USER_MAPPED_FILE);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\big.bin", .access = kBoth, .disposition = FILE_OVERWRITE }),
                  STATUS_USER_MAPPED_FILE);
        EXPECT_EQ(dispose(file, FILE_DISPOSITION_DELETE), STATUS_CANNOT_DELETE);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\big.bin",
                             .access = kBoth,
                             .options = FILE_DELETE_ON_CLOSE | FILE_SYNCHRONOUS_IO_NONALERT }),
                  STATUS_CANNOT_DELETE);
        view[9999] = 'E';
        view[10'000] = view[11'999] = view[12'001] = '!';
        EXPECT_EQ(shorten(file, 12'000), STATUS_SUCCESS) << "longer, in truth";
        EXPECT_EQ(read_all(u"\\??\\C:\\big.bin").substr(9999), "E" + std::string(2000, '\0'));
        EXPECT_EQ(view[11'999], 0) << "what stood behind the end does not come into the file";
        int64_t const at = 12'000;
        EXPECT_EQ(write(file, "end", &at), STATUS_SUCCESS);
        EXPECT_EQ(std::string(view + 12'000, 3), "end") << "the view's last page reaches so far";
        unmap(view);
        questions(TRUE, TRUE, 0);
        EXPECT_EQ(shorten(file, 3), STATUS_SUCCESS);
        HANDLE const again = section_of(file);
        EXPECT_EQ(dispose(file, FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS), STATUS_SUCCESS);
        close(file);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\big.bin" }), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(std::string(view_of(again)), "aaa");
        close(again);
    });
}

// A client maps a file, closes both handles, writes, and ends.
// Shows: the view keeps the file; what was written is in it when the process has gone, and nothing is left open.
TEST_F(fs_mapped, a_process_ends_with_a_view)
{
    start(true);
    on_thread([&] {
        ke::Process* const process = boot->rooms.processes.create_client(u"\\client.exe").take();
        HANDLE const file = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
        PVOID object = nullptr;
        EXPECT_EQ(ps::MmCreateSection(&object, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT, file,
                                      nullptr),
                  STATUS_SUCCESS);
        PVOID base = nullptr;
        SIZE_T size = 0;
        EXPECT_EQ(ps::MmMapViewOfSection(object, reinterpret_cast<PEPROCESS>(process->guest), &base, 0, 0, nullptr,
                                         &size, ViewUnmap, 0, PAGE_READWRITE),
                  STATUS_SUCCESS);
        close(file);
        ob::dereference(object);
        EXPECT_TRUE(mm::write_process(*process, base, "JEL", 3));
        EXPECT_EQ(host.text("hello.txt"), "hello");
        boot->rooms.processes.terminate(*process, 0);
    });
    expect_no_files();
    EXPECT_EQ(host.text("hello.txt"), "JELlo");
}

// A view in system space, and a machine that ends with it.
// Shows: what was written to it is in the host's file afterwards.
TEST_F(fs_mapped, a_machine_ends_with_a_view)
{
    start(true);
    on_thread([&] {
        HANDLE const file = must_open({ .path = u"\\??\\C:\\hello.txt", .access = kBoth });
        auto* const object
            = static_cast<FILE_OBJECT*>(ob::resolve_handle(ob::current_process(), file, KernelMode)->body);
        PVOID section = nullptr, base = nullptr;
        SIZE_T size = 0;
        EXPECT_EQ(ps::MmCreateSection(&section, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT,
                                      nullptr, object),
                  STATUS_SUCCESS);
        EXPECT_EQ(ps::MmMapViewInSystemSpace(section, &base, &size), STATUS_SUCCESS);
        std::memcpy(base, "J", 1);
        EXPECT_EQ(ps::MmCreateSection(&section, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT,
                                      nullptr, static_cast<FILE_OBJECT*>(base)),
                  STATUS_INVALID_FILE_FOR_SECTION);
    });
    boot.reset();
    EXPECT_EQ(host.text("hello.txt"), "Jello");
}
