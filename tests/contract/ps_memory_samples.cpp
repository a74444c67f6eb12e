// SPDX-License-Identifier: MIT
// Virtual memory of processes, section objects, views.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/address_space.h"
#include "ps/memory_rows.h"
#include "ps/process.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });
HANDLE const kNoHandle = reinterpret_cast<HANDLE>(uint64_t { 0x7FF0 });

// Kernel variables that a service fills, as a driver has them on its stack.
struct Variables {
    PVOID base;
    SIZE_T size;
    ULONG old;
    HANDLE handle;
    LARGE_INTEGER offset;
    SIZE_T returned;
    IO_STATUS_BLOCK status;
    MEMORY_BASIC_INFORMATION info;
    SECTION_BASIC_INFORMATION section;
    PVOID object;
};

// 0x3000 committed bytes of the System process.
PVOID committed(At& at, ULONG protect = PAGE_READWRITE)
{
    auto& v = at.object<Variables>();
    v.size = 0x3000;
    at.also("ZwAllocateVirtualMemory", kCurrent, &v.base, uint64_t { 0 }, &v.size, MEM_RESERVE | MEM_COMMIT, protect);
    return v.base;
}

HANDLE section(At& at, uint64_t bytes, OBJECT_ATTRIBUTES* attributes = nullptr)
{
    auto& v = at.object<Variables>();
    v.offset.QuadPart = static_cast<LONGLONG>(bytes);
    at.also("ZwCreateSection", &v.handle, SECTION_ALL_ACCESS, attributes, &v.offset, PAGE_READWRITE, SEC_COMMIT,
            nullptr);
    return v.handle;
}

// The object behind a section's handle; its reference is left to the machine's end.
PVOID section_object(At& at, uint64_t bytes)
{
    auto& v = at.object<Variables>();
    at.also("ObReferenceObjectByHandle", section(at, bytes), SECTION_ALL_ACCESS, nullptr, KernelMode, &v.object,
            nullptr);
    return v.object;
}

PVOID view(At& at, HANDLE section)
{
    auto& v = at.object<Variables>();
    at.also("ZwMapViewOfSection", section, kCurrent, &v.base, uint64_t { 0 }, uint64_t { 0 }, nullptr, &v.size,
            ViewUnmap, ULONG { 0 }, PAGE_READWRITE);
    return v.base;
}

OBJECT_ATTRIBUTES& named(At& at, std::u16string_view name)
{
    auto& attributes = at.object<OBJECT_ATTRIBUTES>();
    attributes.Length = sizeof attributes;
    attributes.ObjectName = &at.string(name);
    attributes.Attributes = OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE;
    return attributes;
}

PEPROCESS current(At& at) { return reinterpret_cast<PEPROCESS>(at.rooms().processes.system().guest); }

// Writes every byte; false when one is not there.
bool fill(PVOID at, SIZE_T bytes) { return at && ke::ringside_fill_guarded(at, 'x', bytes) == 0; }
void put(PVOID at, size_t offset) { EXPECT_TRUE(ke::write_guarded(static_cast<char*>(at) + offset, 'x')); }
char byte(PVOID at, size_t offset) { return ke::read_guarded<char>(static_cast<char*>(at) + offset).value_or('?'); }

void allocates(At& at)
{
    auto& v = at.object<Variables>();
    v.size = 0x1234;
    at.status(STATUS_SUCCESS, kCurrent, &v.base, 0, &v.size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQ(v.size, 0x2000u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(v.base) % 0x10000, 0u);
    EXPECT_LT(reinterpret_cast<uintptr_t>(v.base), hal::kUserProbeAddress);
    EXPECT_TRUE(fill(v.base, v.size));
    at.status(STATUS_CONFLICTING_ADDRESSES, kCurrent, &v.base, 0, &v.size, MEM_RESERVE, PAGE_READWRITE);
    at.status(STATUS_INVALID_HANDLE, kNoHandle, &v.base, 0, &v.size, MEM_RESERVE, PAGE_READWRITE);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, section(at, 1), &v.base, 0, &v.size, MEM_RESERVE, PAGE_READWRITE);
    at.status(STATUS_INVALID_PAGE_PROTECTION, kCurrent, &v.base, 0, &v.size, MEM_COMMIT, 0x1000);
    v.size = 0;
    at.status(STATUS_INVALID_PARAMETER_4, kCurrent, &v.base, 0, &v.size, MEM_COMMIT, PAGE_READWRITE);
}

void frees(At& at)
{
    auto& v = at.object<Variables>();
    v.base = committed(at);
    auto* const base = static_cast<char*>(v.base);
    v.base = base + 0x1FFF;
    v.size = 2;
    at.status(STATUS_SUCCESS, kCurrent, &v.base, &v.size, MEM_DECOMMIT);
    EXPECT_EQ(v.base, base + 0x1000);
    EXPECT_EQ(v.size, 0x2000u);
    v.size = 0;
    at.status(STATUS_FREE_VM_NOT_AT_BASE, kCurrent, &v.base, &v.size, MEM_RELEASE);
    v.base = base;
    at.status(STATUS_INVALID_HANDLE, kNoHandle, &v.base, &v.size, MEM_RELEASE);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, section(at, 1), &v.base, &v.size, MEM_RELEASE);
    at.status(STATUS_SUCCESS, kCurrent, &v.base, &v.size, MEM_RELEASE);
    EXPECT_EQ(v.size, 0x3000u);
    v.size = 0;
    at.status(STATUS_MEMORY_NOT_ALLOCATED, kCurrent, &v.base, &v.size, MEM_RELEASE);
}

void queries(At& at)
{
    auto& v = at.object<Variables>();
    auto* const base = static_cast<char*>(committed(at, PAGE_READONLY));
    at.status(STATUS_SUCCESS, kCurrent, base + 0x1001, MemoryBasicInformation, &v.info, sizeof v.info, &v.returned);
    EXPECT_EQ(v.returned, sizeof v.info);
    EXPECT_EQ(v.info.BaseAddress, base + 0x1000);
    EXPECT_EQ(v.info.AllocationBase, base);
    EXPECT_EQ(v.info.AllocationProtect, PAGE_READONLY);
    EXPECT_EQ(v.info.RegionSize, 0x2000u);
    EXPECT_EQ(v.info.State, MEM_COMMIT);
    EXPECT_EQ(v.info.Protect, PAGE_READONLY);
    EXPECT_EQ(v.info.Type, MEM_PRIVATE);
    at.status(STATUS_SUCCESS, kCurrent, base + 0x10000, MemoryBasicInformation, &v.info, sizeof v.info, nullptr);
    EXPECT_EQ(v.info.State, MEM_FREE);
    at.status(STATUS_INFO_LENGTH_MISMATCH, kCurrent, base, MemoryBasicInformation, &v.info, sizeof v.info - 1, nullptr);
    at.status(STATUS_INVALID_INFO_CLASS, kCurrent, base, 99, &v.info, sizeof v.info, nullptr);
    at.status(STATUS_INVALID_PARAMETER, kCurrent, &v, MemoryBasicInformation, &v.info, sizeof v.info, nullptr);
    at.status(STATUS_INVALID_HANDLE, kNoHandle, base, MemoryBasicInformation, &v.info, sizeof v.info, nullptr);
}

} // namespace

SAMPLE(ZwAllocateVirtualMemory) { allocates(at); }
SAMPLE(NtAllocateVirtualMemory) { allocates(at); }
SAMPLE(ZwFreeVirtualMemory) { frees(at); }
SAMPLE(NtFreeVirtualMemory) { frees(at); }
SAMPLE(ZwQueryVirtualMemory) { queries(at); }
SAMPLE(NtQueryVirtualMemory) { queries(at); }

SAMPLE(ZwProtectVirtualMemory)
{
    auto& v = at.object<Variables>();
    auto* const base = static_cast<char*>(committed(at));
    v.base = base + 0x1FFF;
    v.size = 2;
    at.status(STATUS_SUCCESS, kCurrent, &v.base, &v.size, PAGE_READONLY, &v.old);
    EXPECT_EQ(v.base, base + 0x1000);
    EXPECT_EQ(v.size, 0x2000u);
    EXPECT_EQ(v.old, PAGE_READWRITE);
    at.status(STATUS_INVALID_PAGE_PROTECTION, kCurrent, &v.base, &v.size, 0, &v.old);
    at.status(STATUS_INVALID_HANDLE, kNoHandle, &v.base, &v.size, PAGE_READONLY, &v.old);
    v.size = 0x10000;
    at.status(STATUS_CONFLICTING_ADDRESSES, kCurrent, &v.base, &v.size, PAGE_READONLY, &v.old);
}

SAMPLE(ZwFlushVirtualMemory)
{
    auto& v = at.object<Variables>();
    auto* const base = static_cast<char*>(view(at, section(at, 0x3000)));
    v.base = base + 0x1001;
    at.status(STATUS_SUCCESS, kCurrent, &v.base, &v.size, &v.status);
    EXPECT_EQ(v.base, base + 0x1000);
    EXPECT_EQ(v.size, 0x2000u);
    v.base = committed(at);
    at.status(STATUS_NOT_MAPPED_VIEW, kCurrent, &v.base, &v.size, &v.status);
    at.status(STATUS_INVALID_HANDLE, kNoHandle, &v.base, &v.size, &v.status);
    v.base = &v;
    at.status(STATUS_INVALID_PARAMETER_2, kCurrent, &v.base, &v.size, &v.status);
}

CLIENT_SAMPLE(MmCopyVirtualMemory)
{
    auto& v = at.object<Variables>();
    auto* user = static_cast<char*>(at.user_bytes(16));
    auto* kernel = static_cast<char*>(at.bytes(16));
    std::strcpy(user, "of the client");
    auto* client = reinterpret_cast<PEPROCESS>(ke::kernel().current().process->guest);
    at.status(STATUS_SUCCESS, client, user, current(at), kernel, SIZE_T { 14 }, KernelMode, &v.size);
    EXPECT_STREQ(kernel, "of the client");
    EXPECT_EQ(v.size, 14u);
    at.status(STATUS_ACCESS_VIOLATION, client, user, current(at), kernel, SIZE_T { 14 }, UserMode, &v.size);
    EXPECT_EQ(v.size, 0u);
    at.status(STATUS_ACCESS_VIOLATION, client, static_cast<char*>(nullptr), current(at), kernel, SIZE_T { 1 },
              KernelMode, &v.size);
    at.status(STATUS_SUCCESS, client, user, current(at), kernel, SIZE_T { 0 }, KernelMode, &v.size);
}

// --- Section objects ---------------------------------------------------------------------------------------------

namespace {

void creates(At& at)
{
    auto& v = at.object<Variables>();
    v.offset.QuadPart = 0x1001;
    auto& attributes = named(at, u"\\BaseNamedObjects\\Sample");
    at.status(STATUS_SUCCESS, &v.handle, SECTION_ALL_ACCESS, &attributes, &v.offset, PAGE_READWRITE, SEC_COMMIT,
              nullptr);
    at.also("ZwQuerySection", v.handle, SectionBasicInformation, &v.section, sizeof v.section, nullptr);
    EXPECT_EQ(v.section.MaximumSize.QuadPart, 0x2000);
    EXPECT_EQ(v.section.AllocationAttributes, SEC_COMMIT);
    at.status(STATUS_OBJECT_NAME_COLLISION, &v.handle, SECTION_ALL_ACCESS, &attributes, &v.offset, PAGE_READWRITE,
              SEC_COMMIT, nullptr);
    at.status(STATUS_INVALID_PAGE_PROTECTION, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_NOACCESS,
              SEC_COMMIT, nullptr);
    at.status(STATUS_INVALID_PARAMETER_6, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, 0,
              nullptr);
    at.status(STATUS_INVALID_PARAMETER_4, &v.handle, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT,
              nullptr);
    at.status(STATUS_INVALID_HANDLE, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_COMMIT,
              kNoHandle);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE,
              SEC_COMMIT, kCurrent);
    v.offset.QuadPart = LONGLONG { 1 } << 50;
    at.status(STATUS_SECTION_TOO_BIG, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_RESERVE,
              nullptr);
}

void maps(At& at)
{
    auto& v = at.object<Variables>();
    HANDLE const handle = section(at, 0x21000);
    v.offset.QuadPart = 0x10000;
    at.status(STATUS_SUCCESS, handle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0, PAGE_READWRITE);
    EXPECT_EQ(v.size, 0x11000u);
    EXPECT_EQ(v.offset.QuadPart, 0x10000);
    auto* whole = static_cast<char*>(view(at, handle));
    put(v.base, 5);
    EXPECT_EQ(byte(whole, 0x10005), 'x');
    at.status(STATUS_CONFLICTING_ADDRESSES, handle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_READWRITE);
    v.base = nullptr;
    at.status(STATUS_INVALID_PAGE_PROTECTION, handle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0, 0);
    at.status(STATUS_SECTION_PROTECTION, handle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_EXECUTE_READ);
    at.status(STATUS_INVALID_HANDLE, kNoHandle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_READWRITE);
    at.status(STATUS_INVALID_HANDLE, handle, kNoHandle, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_READWRITE);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, kCurrent, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_READWRITE);
    v.offset.QuadPart = 0x30000;
    at.status(STATUS_INVALID_VIEW_SIZE, handle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_READWRITE);
    v.offset.QuadPart = 0x1000;
    at.status(STATUS_MAPPED_ALIGNMENT, handle, kCurrent, &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_READWRITE);
}

void maps_in_system(At& at)
{
    auto& v = at.object<Variables>();
    v.size = 0x1001;
    PVOID const object = section_object(at, 0x3000);
    at.status(STATUS_SUCCESS, object, &v.base, &v.size);
    EXPECT_EQ(v.size, 0x2000u);
    EXPECT_GT(reinterpret_cast<uintptr_t>(v.base), hal::kUserProbeAddress);
    EXPECT_TRUE(fill(v.base, v.size));
    v.size = 0x4000;
    at.status(STATUS_INVALID_VIEW_SIZE, object, &v.base, &v.size);
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(64), &v.base, &v.size);
}

void unmaps_in_system(At& at)
{
    auto& v = at.object<Variables>();
    at.also("MmMapViewInSystemSpace", section_object(at, 0x3000), &v.base, &v.size);
    PVOID const base = v.base;
    at.status(STATUS_SUCCESS, base);
    EXPECT_FALSE(mm::is_accessible(base, 1, false));
    at.bug_checks(DRIVER_UNMAPPING_INVALID_VIEW, base);
}

} // namespace

SAMPLE(ZwCreateSection) { creates(at); }
SAMPLE(NtCreateSection) { creates(at); }
SAMPLE(ZwMapViewOfSection) { maps(at); }
SAMPLE(NtMapViewOfSection) { maps(at); }
SAMPLE(MmMapViewInSystemSpace) { maps_in_system(at); }
SAMPLE(MmMapViewInSessionSpace) { maps_in_system(at); }
SAMPLE(MmUnmapViewInSystemSpace) { unmaps_in_system(at); }
SAMPLE(MmUnmapViewInSessionSpace) { unmaps_in_system(at); }

SAMPLE(NtCreateSectionEx)
{
    auto& v = at.object<Variables>();
    v.offset.QuadPart = 0x1000;
    at.status(STATUS_SUCCESS, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_COMMIT, nullptr,
              nullptr, 0);
    EXPECT_TRUE(view(at, v.handle));
    at.status(STATUS_INVALID_PARAMETER, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_COMMIT,
              nullptr, nullptr, 1);
    at.status(STATUS_NOT_SUPPORTED, &v.handle, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_COMMIT,
              nullptr, &v, 1);
}

SAMPLE(ZwOpenSection)
{
    auto& v = at.object<Variables>();
    auto& attributes = named(at, u"\\BaseNamedObjects\\Sample");
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &v.handle, SECTION_MAP_READ, &attributes);
    auto* whole = static_cast<char*>(view(at, section(at, 0x1000, &attributes)));
    at.status(STATUS_SUCCESS, &v.handle, SECTION_MAP_READ, &attributes);
    put(whole, 7);
    EXPECT_EQ(byte(view(at, v.handle), 7), 'x');
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &v.handle, SECTION_MAP_READ, &named(at, u"\\BaseNamedObjects"));
    at.status(STATUS_INVALID_PARAMETER, &v.handle, SECTION_MAP_READ, nullptr);
}

// What every tool for SMBIOS does.
SAMPLE_AS(ZwOpenSection, physical_memory)
{
    auto& v = at.object<Variables>();
    at.status(STATUS_SUCCESS, &v.handle, SECTION_ALL_ACCESS, &named(at, u"\\Device\\PhysicalMemory"));
    v.offset.QuadPart = 0xF1234;
    v.size = 0x100;
    at.also("ZwMapViewOfSection", v.handle, kCurrent, &v.base, uint64_t { 0 }, uint64_t { 0 }, &v.offset, &v.size,
            ViewShare, ULONG { 0 }, PAGE_READWRITE | PAGE_NOCACHE);
    EXPECT_EQ(v.offset.QuadPart, 0xF0000);
    EXPECT_EQ(v.size, 0x2000u);
    char* const direct = reinterpret_cast<char*>(hal::kDirectMap + 0xF1234);
    put(v.base, 0x1234);
    EXPECT_EQ(*direct, 'x');
}

SAMPLE(ZwQuerySection)
{
    auto& v = at.object<Variables>();
    HANDLE const handle = section(at, 0x1001);
    at.status(STATUS_SUCCESS, handle, SectionBasicInformation, &v.section, sizeof v.section, &v.returned);
    EXPECT_EQ(v.section.MaximumSize.QuadPart, 0x2000);
    EXPECT_EQ(v.returned, sizeof v.section);
    at.status(STATUS_SECTION_NOT_IMAGE, handle, SectionImageInformation, &v.section, SIZE_T { 64 }, nullptr);
    at.status(STATUS_INVALID_INFO_CLASS, handle, 99, &v.section, sizeof v.section, nullptr);
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, SectionBasicInformation, &v.section, sizeof v.section - 1, nullptr);
    at.status(STATUS_INVALID_HANDLE, kNoHandle, SectionBasicInformation, &v.section, sizeof v.section, nullptr);
}

SAMPLE(ZwUnmapViewOfSection)
{
    auto* whole = static_cast<char*>(view(at, section(at, 0x3000)));
    at.status(STATUS_INVALID_HANDLE, kNoHandle, whole);
    at.status(STATUS_SUCCESS, kCurrent, whole + 0x1234);
    EXPECT_FALSE(mm::is_accessible(whole, 1, false));
    at.status(STATUS_NOT_MAPPED_VIEW, kCurrent, whole);
    at.status(STATUS_NOT_MAPPED_VIEW, kCurrent, committed(at));
}

SAMPLE(MmCreateSection)
{
    auto& v = at.object<Variables>();
    v.offset.QuadPart = 0x1000;
    at.status(STATUS_SUCCESS, &v.object, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_COMMIT, nullptr,
              nullptr);
    if (v.object)
        at.also("MmMapViewInSystemSpace", v.object, &v.base, &v.size);
    EXPECT_EQ(v.size, 0x1000u);
    at.status(STATUS_INVALID_FILE_FOR_SECTION, &v.object, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE,
              SEC_COMMIT, nullptr, &v);
    v.offset.QuadPart = 0;
    at.status(STATUS_INVALID_PARAMETER_4, &v.object, SECTION_ALL_ACCESS, nullptr, &v.offset, PAGE_READWRITE, SEC_COMMIT,
              nullptr, nullptr);
}

SAMPLE(MmMapViewInSystemSpaceEx)
{
    auto& v = at.object<Variables>();
    v.offset.QuadPart = 0x10000;
    PVOID const object = section_object(at, 0x13000);
    at.status(STATUS_SUCCESS, object, &v.base, &v.size, &v.offset, uint64_t { 0 });
    EXPECT_EQ(v.size, 0x3000u);
    EXPECT_TRUE(fill(v.base, v.size));
    at.status(STATUS_INVALID_PARAMETER_5, object, &v.base, &v.size, &v.offset, uint64_t { 1 });
}

SAMPLE(MmMapViewOfSection)
{
    auto& v = at.object<Variables>();
    PVOID const object = section_object(at, 0x3000);
    at.status(STATUS_SUCCESS, object, current(at), &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0, PAGE_READWRITE);
    EXPECT_EQ(v.size, 0x3000u);
    v.base = nullptr;
    at.status(STATUS_SECTION_PROTECTION, object, current(at), &v.base, 0, 0, &v.offset, &v.size, ViewUnmap, 0,
              PAGE_EXECUTE_READ);
}

SAMPLE(MmUnmapViewOfSection)
{
    PVOID const whole = view(at, section(at, 0x3000));
    at.status(STATUS_SUCCESS, current(at), whole);
    EXPECT_FALSE(mm::is_accessible(whole, 1, false));
    at.status(STATUS_NOT_MAPPED_VIEW, current(at), whole);
}
