// SPDX-License-Identifier: MIT
// Listing, renaming, deleting, asking: what drivers see of folders and files of drive C:.
#include "fs/files.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class fs_tree : public FilesTest {
protected:
    void SetUp() override
    {
        host.folder("Docs/Inner");
        host.file("Docs/b.txt", "bb");
        host.file("Docs/A.TXT", "a");
        host.file("Docs/a.log", "log");
        host.file("Docs/noext", "");
        host.file("hello.txt", "hello");
        start();
    }
    std::string tree(std::u16string const& path)
    {
        HANDLE folder = must_open({ .path = path, .options = FILE_SYNCHRONOUS_IO_NONALERT | FILE_DIRECTORY_FILE });
        std::string const all = list(folder);
        close(folder);
        return all;
    }
};

constexpr ULONG kSync = FILE_SYNCHRONOUS_IO_NONALERT;
constexpr ACCESS_MASK kDelete = DELETE | SYNCHRONIZE;

} // namespace

// One folder, listed whole, by expression, one name at a time, in small pieces.
// Shows: order, dots, wildcards, STATUS_NO_SUCH_FILE and STATUS_NO_MORE_FILES, STATUS_BUFFER_OVERFLOW.
TEST_F(fs_tree, listing)
{
    on_thread([&] {
        EXPECT_EQ(tree(u"\\??\\C:\\"), "Docs hello.txt 0x80000006");
        EXPECT_EQ(tree(u"\\??\\C:\\Docs"), ". .. a.log A.TXT b.txt Inner noext 0x80000006");
        struct {
            std::u16string expression;
            std::string names;
        } const rows[] = {
            { u"*", ". .. a.log A.TXT b.txt Inner noext 0x80000006" },
            { u"*.*", ". .. a.log A.TXT b.txt 0x80000006" },
            { u"*.txt", "A.TXT b.txt 0x80000006" },
            { u"a.*", "a.log A.TXT 0x80000006" },
            { u"?.txt", "A.TXT b.txt 0x80000006" },
            { u"<.txt", "A.TXT b.txt 0x80000006" },
            { u"no\"ext", "0xC000000F" },
            { u"noext\"", "noext 0x80000006" },
            { u">>>>>", "Inner noext 0x80000006" },
            { u"B.TXT", "b.txt 0x80000006" },
            { u"nothing", "0xC000000F" },
            { u"a/b", "0xC0000033" },
        };
        for (auto const& row : rows) {
            HANDLE folder = must_open({ .path = u"\\??\\C:\\Docs" });
            EXPECT_EQ(list(folder, row.expression), row.names) << rtl::utf8(row.expression);
            close(folder);
        }
        HANDLE folder = must_open({ .path = u"\\??\\C:\\Docs" });
        EXPECT_EQ(list(folder, u"*.txt", true), "A.TXT | b.txt | 0x80000006");
        EXPECT_EQ(list(folder, u"", false, 40), "A.TXT b.txt 0x80000006") << "the expression stays";
        EXPECT_EQ(list(folder, u"*.txt", false, 16), "0x80000005") << "the name does not fit";
        EXPECT_EQ(list(folder, u"*.txt", false, 8), "0xC0000004");
        close(folder);
        HANDLE file = must_open({ .path = u"\\??\\C:\\hello.txt" });
        EXPECT_EQ(list(file), "0xC000000D");
        close(file);
    });
}

// An entry of each directory class.
// Shows: attributes, sizes, times and identifiers; no 8.3 name.
TEST_F(fs_tree, directory_classes)
{
    on_thread([&] {
        HANDLE folder = must_open({ .path = u"\\??\\C:\\Docs" });
        auto first = [&](FILE_INFORMATION_CLASS information, auto& into) {
            std::u16string const name = u"b.txt";
            UNICODE_STRING expression = counted_string(name);
            std::vector<uint8_t> buffer(512);
            IO_STATUS_BLOCK block {};
            EXPECT_EQ(call("ZwQueryDirectoryFile", folder, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr),
                           &block, buffer.data(), 512u, information, static_cast<BOOLEAN>(1), &expression,
                           static_cast<BOOLEAN>(1)),
                      STATUS_SUCCESS);
            std::memcpy(&into, buffer.data(), sizeof into);
            size_t const fixed = offsetof(std::remove_reference_t<decltype(into)>, FileName);
            EXPECT_EQ(block.Information, fixed + 10);
            EXPECT_EQ(into.FileNameLength, 10u);
            EXPECT_EQ(into.NextEntryOffset, 0u);
            EXPECT_EQ(std::memcmp(buffer.data() + fixed, name.data(), 10), 0);
        };
        auto whole = [&](auto const& entry) {
            EXPECT_EQ(entry.EndOfFile.QuadPart, 2);
            EXPECT_EQ(entry.AllocationSize.QuadPart, 4096);
            EXPECT_EQ(entry.FileAttributes, FILE_ATTRIBUTE_ARCHIVE);
            EXPECT_EQ(entry.LastWriteTime.QuadPart, static_cast<int64_t>(ke::Kernel::kBootSystemTime));
        };
        FILE_DIRECTORY_INFORMATION directory;
        first(FileDirectoryInformation, directory);
        whole(directory);
        FILE_FULL_DIR_INFORMATION full;
        first(FileFullDirectoryInformation, full);
        whole(full);
        FILE_ID_FULL_DIR_INFORMATION id_full;
        first(FileIdFullDirectoryInformation, id_full);
        whole(id_full);
        EXPECT_NE(id_full.FileId.QuadPart, 0);
        FILE_BOTH_DIR_INFORMATION both;
        first(FileBothDirectoryInformation, both);
        whole(both);
        EXPECT_EQ(both.ShortNameLength, 0);
        FILE_ID_BOTH_DIR_INFORMATION id_both;
        first(FileIdBothDirectoryInformation, id_both);
        whole(id_both);
        EXPECT_EQ(id_both.FileId.QuadPart, id_full.FileId.QuadPart);
        FILE_ID_EXTD_DIR_INFORMATION extended;
        first(FileIdExtdDirectoryInformation, extended);
        whole(extended);
        EXPECT_EQ(std::memcmp(extended.FileId.Identifier, &id_full.FileId, 8), 0);
        FILE_ID_EXTD_BOTH_DIR_INFORMATION extended_both;
        first(FileIdExtdBothDirectoryInformation, extended_both);
        whole(extended_both);
        FILE_NAMES_INFORMATION names;
        first(FileNamesInformation, names);
        close(folder);
    });
}

// A file by each information class.
// Shows: what each says, also after a write; a name that does not fit; classes that there are not.
TEST_F(fs_tree, information)
{
    on_thread([&] {
        HANDLE handle = must_open(
            { .path = u"\\??\\C:\\Docs\\b.txt", .access = GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE });
        FILE_BASIC_INFORMATION basic {};
        EXPECT_EQ(query(handle, FileBasicInformation, basic), STATUS_SUCCESS);
        int64_t const boot_time = static_cast<int64_t>(ke::Kernel::kBootSystemTime);
        EXPECT_EQ(basic.CreationTime.QuadPart, boot_time);
        EXPECT_EQ(basic.LastWriteTime.QuadPart, boot_time);
        EXPECT_EQ(basic.FileAttributes, FILE_ATTRIBUTE_ARCHIVE);
        EXPECT_EQ(write(handle, "longer"), STATUS_SUCCESS);
        EXPECT_EQ(query(handle, FileBasicInformation, basic), STATUS_SUCCESS);
        EXPECT_GE(basic.LastWriteTime.QuadPart, boot_time);
        FILE_STANDARD_INFORMATION standard {};
        EXPECT_EQ(query(handle, FileStandardInformation, standard), STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 6);
        EXPECT_EQ(standard.NumberOfLinks, 1u);
        EXPECT_FALSE(standard.Directory || standard.DeletePending);
        FILE_NETWORK_OPEN_INFORMATION network {};
        EXPECT_EQ(query(handle, FileNetworkOpenInformation, network), STATUS_SUCCESS);
        EXPECT_EQ(network.EndOfFile.QuadPart, 6);
        FILE_ACCESS_INFORMATION access {};
        EXPECT_EQ(query(handle, FileAccessInformation, access), STATUS_SUCCESS);
        EXPECT_EQ(access.AccessFlags, FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE);
        FILE_MODE_INFORMATION mode {};
        EXPECT_EQ(query(handle, FileModeInformation, mode), STATUS_SUCCESS);
        EXPECT_EQ(mode.Mode, kSync);
        FILE_EA_INFORMATION ea { 1 };
        EXPECT_EQ(query(handle, FileEaInformation, ea), STATUS_SUCCESS);
        EXPECT_EQ(ea.EaSize, 0u);
        struct {
            FILE_ALL_INFORMATION all;
            char16_t rest[32];
        } whole {};
        EXPECT_EQ(query(handle, FileAllInformation, whole), STATUS_SUCCESS);
        EXPECT_EQ(whole.all.StandardInformation.EndOfFile.QuadPart, 6);
        EXPECT_EQ(whole.all.AccessInformation.AccessFlags, access.AccessFlags);
        EXPECT_EQ(whole.all.ModeInformation.Mode, kSync);
        EXPECT_EQ(whole.all.PositionInformation.CurrentByteOffset.QuadPart, 6);
        EXPECT_EQ(std::u16string(whole.all.NameInformation.FileName, whole.all.NameInformation.FileNameLength / 2),
                  u"\\Docs\\b.txt");
        struct {
            FILE_NAME_INFORMATION name;
            char16_t rest[4];
        } cut {};
        EXPECT_EQ(query(handle, FileNameInformation, cut), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(cut.name.FileNameLength, 22u) << "its whole length";
        FILE_ATTRIBUTE_TAG_INFORMATION tag {};
        EXPECT_EQ(query(handle, FileAttributeTagInformation, tag), STATUS_SUCCESS);
        EXPECT_EQ(tag.ReparseTag, 0u);
        struct {
            FILE_STREAM_INFORMATION stream;
            char16_t rest[8];
        } stream {};
        EXPECT_EQ(query(handle, FileStreamInformation, stream), STATUS_SUCCESS);
        EXPECT_EQ(stream.stream.StreamSize.QuadPart, 6);
        EXPECT_EQ(std::u16string(stream.stream.StreamName, stream.stream.StreamNameLength / 2), u"::$DATA");
        uint64_t small[2] {};
        EXPECT_EQ(query(handle, FileAlternateNameInformation, small), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(query(handle, FileCompressionInformation, small), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(query(handle, FileDispositionInformation, small), STATUS_INVALID_INFO_CLASS);
        EXPECT_EQ(query(handle, static_cast<FILE_INFORMATION_CLASS>(500), small), STATUS_INVALID_INFO_CLASS);
        EXPECT_EQ(query(handle, FileBasicInformation, small), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(set(handle, FileStandardInformation, small), STATUS_INVALID_INFO_CLASS);
        EXPECT_EQ(set(handle, FileBasicInformation, small), STATUS_INFO_LENGTH_MISMATCH);
        close(handle);
    });
}

// Times and attributes are set.
// Shows: zero leaves, -1 keeps, a read-only file is written no more but by who has it open.
TEST_F(fs_tree, setting_basic_information)
{
    on_thread([&] {
        HANDLE handle
            = must_open({ .path = u"\\??\\C:\\hello.txt", .access = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE });
        FILE_BASIC_INFORMATION basic {};
        basic.LastWriteTime.QuadPart = 1'000'000;
        basic.FileAttributes = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN;
        EXPECT_EQ(set(handle, FileBasicInformation, basic), STATUS_SUCCESS);
        EXPECT_EQ(write(handle, "x"), STATUS_SUCCESS);
        FILE_BASIC_INFORMATION now {};
        EXPECT_EQ(query(handle, FileBasicInformation, now), STATUS_SUCCESS);
        EXPECT_EQ(now.LastWriteTime.QuadPart, 1'000'000) << "a time that was set stays, as long as the handle is open";
        EXPECT_EQ(now.FileAttributes, FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN);
        EXPECT_EQ(now.CreationTime.QuadPart, static_cast<int64_t>(ke::Kernel::kBootSystemTime));
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt", .access = GENERIC_WRITE | SYNCHRONIZE }),
                  STATUS_ACCESS_DENIED);
        basic.LastWriteTime.QuadPart = -3;
        EXPECT_EQ(set(handle, FileBasicInformation, basic), STATUS_INVALID_PARAMETER);
        basic = {};
        basic.FileAttributes = FILE_ATTRIBUTE_DIRECTORY;
        EXPECT_EQ(set(handle, FileBasicInformation, basic), STATUS_INVALID_PARAMETER);
        basic.FileAttributes = FILE_ATTRIBUTE_NORMAL;
        EXPECT_EQ(set(handle, FileBasicInformation, basic), STATUS_SUCCESS);
        EXPECT_EQ(query(handle, FileBasicInformation, now), STATUS_SUCCESS);
        EXPECT_EQ(now.FileAttributes, FILE_ATTRIBUTE_NORMAL);
        close(handle);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt",
                             .access = GENERIC_WRITE | SYNCHRONIZE,
                             .disposition = FILE_OVERWRITE,
                             .attributes = FILE_ATTRIBUTE_HIDDEN }),
                  STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt",
                             .access = GENERIC_WRITE | SYNCHRONIZE,
                             .disposition = FILE_OVERWRITE }),
                  STATUS_ACCESS_DENIED)
            << "a hidden file is overwritten only by who says so";
    });
}

// Files and folders are renamed, within a folder, to another, over another, and where they may not.
// Shows: simple, full and relative names; collisions; what is open is in the way.
TEST_F(fs_tree, renaming)
{
    on_thread([&] {
        HANDLE a = must_open({ .path = u"\\??\\C:\\Docs\\a.log", .access = GENERIC_READ | kDelete });
        EXPECT_EQ(rename(a, u"c.log"), STATUS_SUCCESS);
        EXPECT_EQ(rename(a, u"C.LOG"), STATUS_SUCCESS) << "only the case";
        EXPECT_EQ(rename(a, u"b.txt"), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(rename(a, u"Inner", FILE_RENAME_REPLACE_IF_EXISTS), STATUS_ACCESS_DENIED);
        EXPECT_EQ(rename(a, u"a:b"), STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(rename(a, u""), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(rename(a, u"\\??\\C:\\Nowhere\\x"), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(rename(a, u"\\??\\C:\\moved.log"), STATUS_SUCCESS);
        EXPECT_EQ(tree(u"\\??\\C:\\Docs"), ". .. A.TXT b.txt Inner noext 0x80000006");
        EXPECT_EQ(tree(u"\\??\\C:\\"), "Docs hello.txt moved.log 0x80000006");
        HANDLE folder
            = must_open({ .path = u"\\??\\C:\\Docs", .access = FILE_TRAVERSE | FILE_READ_ATTRIBUTES | SYNCHRONIZE });
        EXPECT_EQ(rename(a, u"again.log", 0, folder), STATUS_SUCCESS);
        HANDLE b = must_open({ .path = u"\\??\\C:\\Docs\\b.txt" });
        EXPECT_EQ(rename(a, u"b.txt", FILE_RENAME_REPLACE_IF_EXISTS), STATUS_ACCESS_DENIED) << "it is open";
        EXPECT_EQ(rename(a, u"b.txt", FILE_RENAME_REPLACE_IF_EXISTS | FILE_RENAME_POSIX_SEMANTICS), STATUS_SUCCESS);
        std::string text;
        int64_t const zero = 0;
        EXPECT_EQ(read(b, text, 10, &zero), STATUS_SUCCESS);
        EXPECT_EQ(text, "bb") << "the replaced file lives on with its handle";
        close(b);
        EXPECT_EQ(read_all(u"\\??\\C:\\Docs\\b.txt"), "log");
        close(folder);
        close(a);
        HANDLE docs = must_open({ .path = u"\\??\\C:\\Docs", .access = kDelete });
        HANDLE inside = must_open({ .path = u"\\??\\C:\\Docs\\noext" });
        EXPECT_EQ(rename(docs, u"Papers"), STATUS_ACCESS_DENIED) << "something in it is open";
        close(inside);
        EXPECT_EQ(rename(docs, u"\\??\\C:\\Docs\\Inner\\Docs"), STATUS_INVALID_PARAMETER) << "into itself";
        EXPECT_EQ(rename(docs, u"Papers"), STATUS_SUCCESS);
        close(docs);
        EXPECT_EQ(read_all(u"\\??\\C:\\Papers\\b.txt"), "log");
        HANDLE root = must_open({ .path = u"\\??\\C:\\", .access = kDelete });
        EXPECT_EQ(rename(root, u"x"), STATUS_INVALID_PARAMETER);
        close(root);
    });
    EXPECT_TRUE(host.has("Docs/a.log")) << "the host's folder is as it was";
}

// Files and folders are deleted in all the ways there are.
// Shows: the name goes with the last handle, or with this one; STATUS_DELETE_PENDING meanwhile; what cannot be deleted.
TEST_F(fs_tree, deleting)
{
    on_thread([&] {
        HANDLE first = must_open({ .path = u"\\??\\C:\\hello.txt", .access = GENERIC_READ | kDelete });
        HANDLE second = must_open({ .path = u"\\??\\C:\\hello.txt" });
        EXPECT_EQ(set(first, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { TRUE }), STATUS_SUCCESS);
        FILE_STANDARD_INFORMATION standard {};
        EXPECT_EQ(query(second, FileStandardInformation, standard), STATUS_SUCCESS);
        EXPECT_TRUE(standard.DeletePending);
        EXPECT_EQ(standard.NumberOfLinks, 0u);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt" }), STATUS_DELETE_PENDING);
        EXPECT_EQ(set(first, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { FALSE }), STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt" }), STATUS_SUCCESS);
        EXPECT_EQ(set(first, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { TRUE }), STATUS_SUCCESS);
        close(first);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt" }), STATUS_DELETE_PENDING);
        close(second);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt" }), STATUS_OBJECT_NAME_NOT_FOUND);
        // At once, while another handle is open.
        HANDLE b = must_open({ .path = u"\\??\\C:\\Docs\\b.txt", .access = kDelete });
        HANDLE reader = must_open({ .path = u"\\??\\C:\\Docs\\b.txt" });
        EXPECT_EQ(set(b, FileDispositionInformationEx,
                      FILE_DISPOSITION_INFORMATION_EX { FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS }),
                  STATUS_SUCCESS);
        close(b);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Docs\\b.txt" }), STATUS_OBJECT_NAME_NOT_FOUND);
        std::string text;
        EXPECT_EQ(read(reader, text, 10), STATUS_SUCCESS);
        EXPECT_EQ(text, "bb");
        close(reader);
        // With its handle.
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\temp",
                             .access = kDelete,
                             .disposition = FILE_CREATE,
                             .options = kSync | FILE_DELETE_ON_CLOSE }),
                  STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\temp" }), STATUS_OBJECT_NAME_NOT_FOUND);
        // Folders.
        HANDLE docs = must_open({ .path = u"\\??\\C:\\Docs", .access = kDelete });
        EXPECT_EQ(set(docs, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { TRUE }),
                  STATUS_DIRECTORY_NOT_EMPTY);
        close(docs);
        HANDLE inner = must_open({ .path = u"\\??\\C:\\Docs\\Inner", .access = kDelete });
        EXPECT_EQ(set(inner, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { TRUE }), STATUS_SUCCESS);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\Docs\\Inner\\x",
                             .access = GENERIC_WRITE | SYNCHRONIZE,
                             .disposition = FILE_CREATE }),
                  STATUS_DELETE_PENDING);
        close(inner);
        HANDLE root = must_open({ .path = u"\\??\\C:\\", .access = kDelete });
        EXPECT_EQ(set(root, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { TRUE }), STATUS_CANNOT_DELETE);
        close(root);
        EXPECT_EQ(tree(u"\\??\\C:\\Docs"), ". .. a.log A.TXT noext 0x80000006");
    });
    EXPECT_TRUE(host.has("hello.txt"));
}

// Services that take a path, and such that take a file object.
// Shows: ZwDeleteFile, ZwQueryFullAttributesFile, ZwQueryInformationByName, DOS names.
TEST_F(fs_tree, services_by_path)
{
    on_thread([&] {
        auto with = [&](std::u16string const& path, auto act) {
            UNICODE_STRING name = counted_string(path);
            OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                                           nullptr,           nullptr };
            return act(&attributes);
        };
        FILE_NETWORK_OPEN_INFORMATION network {};
        auto full
            = [&](OBJECT_ATTRIBUTES* attributes) { return call("ZwQueryFullAttributesFile", attributes, &network); };
        EXPECT_EQ(with(u"\\??\\C:\\hello.txt", full), STATUS_SUCCESS);
        EXPECT_EQ(network.EndOfFile.QuadPart, 5);
        EXPECT_EQ(with(u"\\??\\C:\\nothing", full), STATUS_OBJECT_NAME_NOT_FOUND);
        FILE_STAT_INFORMATION stat {};
        IO_STATUS_BLOCK block {};
        auto by_name = [&](OBJECT_ATTRIBUTES* attributes) {
            return call("ZwQueryInformationByName", attributes, &block, &stat, static_cast<ULONG>(sizeof stat),
                        FileStatInformation);
        };
        EXPECT_EQ(with(u"\\??\\C:\\Docs", by_name), STATUS_SUCCESS);
        EXPECT_EQ(stat.FileAttributes, FILE_ATTRIBUTE_DIRECTORY);
        auto remove = [&](OBJECT_ATTRIBUTES* attributes) { return call("ZwDeleteFile", attributes); };
        EXPECT_EQ(with(u"\\??\\C:\\Docs\\noext", remove), STATUS_SUCCESS);
        EXPECT_EQ(with(u"\\??\\C:\\Docs\\noext", remove), STATUS_OBJECT_NAME_NOT_FOUND);

        HANDLE folder = must_open({ .path = u"\\??\\C:\\Docs" });
        HANDLE handle = must_open({ .path = u"a.log", .root = folder });
        auto* file = static_cast<FILE_OBJECT*>(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body);
        OBJECT_NAME_INFORMATION* dos = nullptr;
        EXPECT_EQ(call("IoQueryFileDosDeviceName", file, &dos), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(dos->Name.Buffer, dos->Name.Length / 2), u"C:\\Docs\\a.log");
        ex::free(dos, 0);
        struct {
            OBJECT_NAME_INFORMATION information;
            char16_t text[100];
        } full_name {};
        ULONG needed = 0;
        EXPECT_EQ(call("ObQueryNameString", file, &full_name, static_cast<ULONG>(sizeof full_name), &needed),
                  STATUS_SUCCESS);
        UNICODE_STRING const& shown = full_name.information.Name;
        EXPECT_EQ(std::u16string(shown.Buffer, shown.Length / 2), u"\\Device\\HarddiskVolume1\\Docs\\a.log")
            << "also of a file that was opened relative to its folder";
        UNICODE_STRING letter {};
        EXPECT_EQ(call("IoVolumeDeviceToDosName", file->DeviceObject, &letter), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(letter.Buffer, 3), std::u16string(u"C:\0", 3));
        ex::free(letter.Buffer, 0);
        EXPECT_EQ(call("RtlVolumeDeviceToDosName", file->Vpb->DeviceObject, &letter), STATUS_SUCCESS);
        ex::free(letter.Buffer, 0);
        FILE_STANDARD_INFORMATION standard {};
        ULONG returned = 0;
        EXPECT_EQ(call("IoQueryFileInformation", file, FileStandardInformation, static_cast<ULONG>(sizeof standard),
                       &standard, &returned),
                  STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 3);
        EXPECT_EQ(returned, sizeof standard);
        close(handle);
        close(folder);
    });
}

// A file object lives on by a pointer after its last handle was closed.
// Shows: STATUS_FILE_CLOSED for what needs an open file; the close comes with the pointer.
TEST_F(fs_tree, after_the_last_handle)
{
    on_thread([&] {
        HANDLE handle = must_open({ .path = u"\\??\\C:\\hello.txt", .access = GENERIC_READ | kDelete });
        auto* file = static_cast<FILE_OBJECT*>(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body);
        ob::reference(file);
        EXPECT_EQ(set(handle, FileDispositionInformation, FILE_DISPOSITION_INFORMATION { TRUE }), STATUS_SUCCESS);
        close(handle);
        FILE_STANDARD_INFORMATION standard {};
        ULONG returned = 0;
        EXPECT_EQ(call("IoQueryFileInformation", file, FileStandardInformation, static_cast<ULONG>(sizeof standard),
                       &standard, &returned),
                  STATUS_FILE_CLOSED);
        EXPECT_EQ(try_open({ .path = u"\\??\\C:\\hello.txt" }), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(
            try_open(
                { .path = u"\\??\\C:\\hello.txt", .access = GENERIC_WRITE | SYNCHRONIZE, .disposition = FILE_CREATE }),
            STATUS_SUCCESS)
            << "the name is free";
        EXPECT_TRUE(file->FsContext);
        ob::dereference(file);
        EXPECT_EQ(boot->rooms.io.files().live(), 0u);
    });
}

// The volume is asked what it is.
// Shows: sizes that writing changes, names and numbers, the label; classes that there are not.
TEST_F(fs_tree, volume)
{
    on_thread([&] {
        HANDLE volume = must_open({ .path = u"\\??\\C:\\" });
        IO_STATUS_BLOCK block {};
        auto ask = [&](FS_INFORMATION_CLASS information, auto& into) {
            return call("ZwQueryVolumeInformationFile", volume, &block, &into, static_cast<ULONG>(sizeof into),
                        information);
        };
        FILE_FS_FULL_SIZE_INFORMATION before {}, after {};
        EXPECT_EQ(ask(FileFsFullSizeInformation, before), STATUS_SUCCESS);
        EXPECT_EQ(before.SectorsPerAllocationUnit * before.BytesPerSector, 4096u);
        HANDLE file = must_open({ .path = u"\\??\\C:\\hello.txt", .access = GENERIC_WRITE | SYNCHRONIZE });
        int64_t const at = 100'000;
        EXPECT_EQ(write(file, "x", &at), STATUS_SUCCESS);
        close(file);
        EXPECT_EQ(ask(FileFsFullSizeInformation, after), STATUS_SUCCESS);
        EXPECT_EQ(before.ActualAvailableAllocationUnits.QuadPart - after.ActualAvailableAllocationUnits.QuadPart, 24);
        FILE_FS_SIZE_INFORMATION size {};
        EXPECT_EQ(ask(FileFsSizeInformation, size), STATUS_SUCCESS);
        EXPECT_EQ(size.AvailableAllocationUnits.QuadPart, after.CallerAvailableAllocationUnits.QuadPart);
        FILE_FS_DEVICE_INFORMATION device {};
        EXPECT_EQ(ask(FileFsDeviceInformation, device), STATUS_SUCCESS);
        EXPECT_EQ(device.DeviceType, FILE_DEVICE_DISK);
        EXPECT_EQ(device.Characteristics, FILE_DEVICE_IS_MOUNTED);
        struct {
            FILE_FS_ATTRIBUTE_INFORMATION attributes;
            char16_t rest[16];
        } attributes {};
        EXPECT_EQ(ask(FileFsAttributeInformation, attributes), STATUS_SUCCESS);
        EXPECT_EQ(attributes.attributes.MaximumComponentNameLength, 255u);
        EXPECT_EQ(std::u16string(attributes.attributes.FileSystemName, attributes.attributes.FileSystemNameLength / 2),
                  u"Ringside");
        struct {
            FILE_FS_LABEL_INFORMATION label;
            char16_t rest[8];
        } label {};
        label.label.VolumeLabelLength = 8;
        std::memcpy(label.label.VolumeLabel, u"DATA", 8);
        EXPECT_EQ(call("ZwSetVolumeInformationFile", volume, &block, &label, static_cast<ULONG>(sizeof label),
                       FileFsLabelInformation),
                  STATUS_SUCCESS);
        struct {
            FILE_FS_VOLUME_INFORMATION volume;
            char16_t rest[16];
        } named {};
        EXPECT_EQ(ask(FileFsVolumeInformation, named), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(named.volume.VolumeLabel, named.volume.VolumeLabelLength / 2), u"DATA");
        uint64_t small = 0;
        EXPECT_EQ(ask(FileFsVolumeInformation, small), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(ask(FileFsLabelInformation, named), STATUS_INVALID_INFO_CLASS);
        EXPECT_EQ(ask(FileFsControlInformation, named), STATUS_INVALID_PARAMETER);
        // Extended attributes there are none.
        EXPECT_EQ(call("ZwQueryEaFile", volume, &block, &named, 16u, static_cast<BOOLEAN>(0),
                       static_cast<void*>(nullptr), 0u, static_cast<ULONG*>(nullptr), static_cast<BOOLEAN>(1)),
                  STATUS_EAS_NOT_SUPPORTED);
        close(volume);
    });
}

// Host names that Windows cannot have, and two that differ only in case.
// Shows: the first is not shown; of two such the first by its bytes is.
TEST_F(fs_tree, names_of_the_host)
{
    host.folder("Odd");
    host.file("Odd/colon:name", "x");
    host.file("Odd/bad\xFFutf8", "x");
    host.file("Odd/same", "small");
    host.file("Odd/SAME", "LARGE");
    host.file("Odd/trailing.", "dot");
    host.file("Odd/\xC3\xA4\xC3\xB6", "umlauts");
    on_thread([&] {
        EXPECT_EQ(tree(u"\\??\\C:\\Odd"), ". .. SAME trailing. \xC3\xA4\xC3\xB6 0x80000006");
        EXPECT_EQ(read_all(u"\\??\\C:\\Odd\\same"), "LARGE");
        EXPECT_EQ(read_all(u"\\??\\C:\\Odd\\\u00C4\u00D6"), "umlauts");
    });
}
