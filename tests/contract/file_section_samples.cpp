// SPDX-License-Identifier: MIT
// Sections of files: the services that make them, write them back, and answer for them, over drive C: of fs_stage.h.
#include "fs_stage.h"

#include <cstring>

namespace ringside::test {

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });

struct Variables {
    HANDLE handle;
    PVOID base;
    SIZE_T size;
    IO_STATUS_BLOCK status;
    LARGE_INTEGER bytes;
    PVOID object;
    SECTION_BASIC_INFORMATION section;
};

// Shows what the handle's section has; five bytes of it are the file's.
char* view(At& at, HANDLE section)
{
    auto& v = at.object<Variables>();
    EXPECT_EQ(at.also("ZwMapViewOfSection", section, kCurrent, &v.base, uint64_t { 0 }, uint64_t { 0 }, nullptr,
                      &v.size, ViewUnmap, ULONG { 0 }, PAGE_READWRITE),
              STATUS_SUCCESS);
    return static_cast<char*>(v.base);
}

HANDLE section(At& at, HANDLE file)
{
    auto& v = at.object<Variables>();
    at.also("ZwCreateSection", &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT, file);
    EXPECT_TRUE(v.handle);
    return v.handle;
}

std::string text(At& at, Drive& drive, HANDLE file)
{
    auto& first = at.object<LARGE_INTEGER>();
    auto* into = static_cast<char*>(at.bytes(16));
    auto& block = drive.block();
    at.also("ZwReadFile", file, nullptr, nullptr, nullptr, &block, into, ULONG { 16 }, &first, nullptr);
    return { into, static_cast<size_t>(block.Information) };
}

template <typename... More>
void creates(At& at, More... more)
{
    Drive drive(at);
    auto& v = at.object<Variables>();
    HANDLE const file = drive.open(u"\\??\\C:\\hello.txt");
    HANDLE const empty = drive.open(u"\\??\\C:\\Folder\\inner");
    HANDLE const folder = drive.open(u"\\??\\C:\\Folder");
    at.status(STATUS_SUCCESS, &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT, file,
              more...);
    at.also("ZwQuerySection", v.handle, SectionBasicInformation, &v.section, sizeof v.section, nullptr);
    EXPECT_EQ(v.section.MaximumSize.QuadPart, 5);
    EXPECT_EQ(v.section.AllocationAttributes, SEC_FILE);
    EXPECT_STREQ(view(at, v.handle), "hello");
    at.status(STATUS_INVALID_FILE_FOR_SECTION, &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE,
              SEC_COMMIT, folder, more...);
    at.status(STATUS_MAPPED_FILE_SIZE_ZERO, &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT,
              empty, more...);
    at.status(STATUS_NOT_SUPPORTED, &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READONLY, SEC_IMAGE, file,
              more...);
    at.status(STATUS_INVALID_PAGE_PROTECTION, &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_NOACCESS,
              SEC_COMMIT, file, more...);
    v.bytes.QuadPart = 6;
    at.status(STATUS_SECTION_TOO_BIG, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.bytes, PAGE_READONLY, SEC_COMMIT, file,
              more...);
}

// The file's pointers, with a section of it and without; the handle's section goes with `end`.
template <typename Ask>
void asks(At& at, Ask ask)
{
    Drive drive(at);
    HANDLE const file = drive.open(u"\\??\\C:\\hello.txt");
    SECTION_OBJECT_POINTERS* const pointers = drive.object(file)->SectionObjectPointer;
    ask(pointers, false);
    HANDLE const made = section(at, file);
    ask(pointers, true);
    at.also("ZwClose", made);
    ask(pointers, false);
}

} // namespace

SAMPLE_AS(ZwCreateSection, of_a_file) { creates(at); }
SAMPLE_AS(NtCreateSection, of_a_file) { creates(at); }
SAMPLE_AS(NtCreateSectionEx, of_a_file) { creates(at, nullptr, ULONG { 0 }); }

SAMPLE_AS(MmCreateSection, of_a_file)
{
    Drive drive(at);
    auto& v = at.object<Variables>();
    HANDLE const file = drive.open(u"\\??\\C:\\hello.txt");
    at.status(STATUS_SUCCESS, &v.object, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT, nullptr,
              drive.object(file));
    ASSERT_TRUE(v.object);
    at.also("MmMapViewInSystemSpace", v.object, &v.base, &v.size);
    EXPECT_STREQ(static_cast<char*>(v.base), "hello");
    at.status(STATUS_SUCCESS, &v.object, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READONLY, SEC_COMMIT, file,
              nullptr);
    at.status(STATUS_INVALID_FILE_FOR_SECTION, &v.object, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE,
              SEC_COMMIT, nullptr, at.bytes(64));
}

SAMPLE_AS(ZwUnmapViewOfSection, of_a_file)
{
    Drive drive(at);
    HANDLE const file = drive.open(u"\\??\\C:\\hello.txt");
    char* const base = view(at, section(at, file));
    base[0] = 'J';
    at.status(STATUS_SUCCESS, kCurrent, base);
    at.status(STATUS_NOT_MAPPED_VIEW, kCurrent, base);
    EXPECT_EQ(text(at, drive, file), "Jello");
}

SAMPLE_AS(ZwFlushVirtualMemory, of_a_file)
{
    Drive drive(at);
    auto& v = at.object<Variables>();
    HANDLE const file = drive.open(u"\\??\\C:\\hello.txt");
    char* const base = view(at, section(at, file));
    base[0] = 'J';
    v.base = base;
    v.size = 0;
    at.status(STATUS_SUCCESS, kCurrent, &v.base, &v.size, &v.status);
    EXPECT_EQ(v.status.Information, 0x1000u);
    EXPECT_EQ(text(at, drive, file), "Jello");
}

SAMPLE_AS(MmCanFileBeTruncated, of_a_file)
{
    auto& v = at.object<Variables>();
    asks(at, [&](SECTION_OBJECT_POINTERS* pointers, bool mapped) {
        v.bytes.QuadPart = 5;
        at.returns(BOOLEAN { !mapped }, pointers, &v.bytes);
        v.bytes.QuadPart = 6;
        at.returns(BOOLEAN { TRUE }, pointers, &v.bytes);
    });
}
SAMPLE_AS(MmFlushImageSection, of_a_file)
{
    asks(at, [&](SECTION_OBJECT_POINTERS* pointers, bool mapped) {
        at.returns(BOOLEAN { !mapped }, pointers, MmFlushForDelete);
        at.returns(BOOLEAN { TRUE }, pointers, MmFlushForWrite);
    });
}
SAMPLE_AS(MmForceSectionClosed, of_a_file)
{
    asks(at, [&](SECTION_OBJECT_POINTERS* pointers, bool mapped) { at.returns(BOOLEAN { !mapped }, pointers, FALSE); });
}
SAMPLE_AS(MmForceSectionClosedEx, of_a_file)
{
    asks(at, [&](SECTION_OBJECT_POINTERS* pointers, bool mapped) { at.returns(BOOLEAN { !mapped }, pointers, 0); });
}
SAMPLE_AS(MmDoesFileHaveUserWritableReferences, of_a_file)
{
    asks(at, [&](SECTION_OBJECT_POINTERS* pointers, bool mapped) { at.returns(ULONG { mapped }, pointers); });
}

SAMPLE(MmGetMaximumFileSectionSize) { at.returns(ULONGLONG { 64 } << 30); }

} // namespace ringside::test
