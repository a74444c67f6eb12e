// SPDX-License-Identifier: MIT
// Section objects. The body holds only where room mm has the section; that and its address must agree.
// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatesection
// @cite(wdk-ddi): page=wdm/nf-wdm-zwopensection
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntcreatesectionex
#include "mm/section.h"

#include "base/check.h"
#include "ke/exception.h"
#include "mm/memory.h"
#include "mm/probe.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ob/namespace.h"
#include "ps/memory_rows.h"

namespace ringside::ps {

using namespace nt;

namespace {

constexpr uint32_t kSectionTag = 'tceS'; // "Sect"
constexpr std::u16string_view kPhysicalMemory = u"\\Device\\PhysicalMemory";

struct SectionBody {
    uint64_t index;
    uint64_t reserved;
};

void bind_body(void* body, void* context)
{
    auto& section = *static_cast<mm::Section*>(context);
    static_cast<SectionBody*>(body)->index = section.index;
    mm::memory().sections.bind(section, body);
}

void section_deleted(void* body)
{
    if (mm::Section* section = section_of(body))
        mm::memory().sections.object_gone(*section);
}

// What the arguments ask for, without an object yet. `file`: null for the paging file.
Result<mm::Section*> make_section(FILE_OBJECT* file, uint64_t bytes, ULONG protect, ULONG kind)
{
    mm::Sections& sections = mm::memory().sections;
    return file ? sections.create_of_file(file, bytes, protect, kind) : sections.create(bytes, protect, kind);
}

// What a file must have been opened for, to stand behind pages of this protection.
ACCESS_MASK file_access_for(ULONG protect)
{
    bool const executes
        = protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY);
    bool const writes = protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
    return (executes ? FILE_EXECUTE : 0) | (protect == PAGE_EXECUTE ? 0 : FILE_READ_DATA)
        | (writes ? FILE_WRITE_DATA : 0);
}

NTSTATUS create(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, LARGE_INTEGER* size, ULONG protect,
                ULONG kind, HANDLE file, KPROCESSOR_MODE mode)
{
    if (mode == UserMode) {
        mm::ProbeForWrite(handle, sizeof *handle, alignof(ULONG));
        if (size)
            mm::ProbeForRead(size, sizeof *size, alignof(ULONG));
    }
    LARGE_INTEGER bytes {};
    if (size)
        bytes = ob::get(size);
    ob::Held held_file(nullptr);
    if (file) {
        if (mode == UserMode && !mm::is_section_protection(protect))
            return STATUS_INVALID_PAGE_PROTECTION;
        auto target = ob::reference_by_handle(file, file_access_for(protect), &ob::file_type, mode);
        if (!target.ok())
            return target.status();
        held_file.reset(target->body);
    }
    auto captured = ob::read_attributes(attributes, mode);
    if (!captured.ok())
        return captured.status();
    auto section = make_section(static_cast<FILE_OBJECT*>(held_file.body()), static_cast<uint64_t>(bytes.QuadPart),
                                protect, kind);
    if (!section.ok())
        return section.status();
    auto created
        = ob::create_named(ob::section_type, sizeof(SectionBody), kSectionTag, *captured, desired, bind_body, *section);
    // Without an object that took it (none could be made, or another of that name was opened) it goes again.
    if (!created.ok() || created->existed)
        mm::memory().sections.discard_unbound();
    if (!created.ok())
        return created.status();
    ob::put(handle, created->handle);
    return created->existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

} // namespace

mm::Section* section_of(void* body)
{
    if (ob::type_of(body) != &ob::section_type)
        return nullptr;
    return mm::memory().sections.of_object(body, static_cast<SectionBody*>(body)->index);
}

void make_section_objects()
{
    ob::section_type.deleted = section_deleted;
    auto body = ob::create(ob::section_type, sizeof(SectionBody), kSectionTag);
    CHECK(body.ok(), "physical memory is too small to boot");
    bind_body(*body, &mm::memory().sections.create_physical());
    CHECK(ob::insert(*body, kPhysicalMemory, true, true).ok(), "\\Device is there");
    ob::dereference(*body);
}

NTSTATUS ZwCreateSection(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, LARGE_INTEGER* size,
                         ULONG protect, ULONG kind, HANDLE file)
{
    return create(handle, desired, attributes, size, protect, kind, file, KernelMode);
}

NTSTATUS NtCreateSection(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, LARGE_INTEGER* size,
                         ULONG protect, ULONG kind, HANDLE file)
{
    return native_service(
        [&] { return create(handle, desired, attributes, size, protect, kind, file, ob::previous_mode()); });
}

NTSTATUS NtCreateSectionEx(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, LARGE_INTEGER* size,
                           ULONG protect, ULONG kind, HANDLE file, PVOID extended, ULONG extended_count)
{
    if (extended_count && !extended)
        return STATUS_INVALID_PARAMETER;
    if (extended_count)
        return STATUS_NOT_SUPPORTED; // there is one memory node, and no window of physical pages (AWE)
    return NtCreateSection(handle, desired, attributes, size, protect, kind, file);
}

NTSTATUS ZwOpenSection(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    if (!attributes)
        return STATUS_INVALID_PARAMETER;
    auto captured = ob::read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto opened = ob::open_named(ob::section_type, *captured, desired);
    if (!opened.ok())
        return opened.status();
    ob::put(handle, *opened);
    return STATUS_SUCCESS;
}

NTSTATUS ZwQuerySection(HANDLE handle, SECTION_INFORMATION_CLASS what, PVOID information, SIZE_T length,
                        SIZE_T* returned)
{
    if (what != SectionBasicInformation)
        return what == SectionImageInformation ? STATUS_SECTION_NOT_IMAGE : STATUS_INVALID_INFO_CLASS;
    if (length < sizeof(SECTION_BASIC_INFORMATION))
        return STATUS_INFO_LENGTH_MISMATCH;
    auto target = ob::reference_by_handle(handle, SECTION_QUERY, &ob::section_type, KernelMode);
    if (!target.ok())
        return target.status();
    ob::Held held(target->body);
    mm::Section const& section = *section_of(held.body());
    SECTION_BASIC_INFORMATION info {};
    // A file's section is as large as was asked for, to the byte.
    info.AllocationAttributes = section.file ? SEC_FILE : section.attributes;
    info.MaximumSize.QuadPart
        = static_cast<LONGLONG>(section.file ? section.bytes : section.pages << hal::kPageShift);
    ob::put(static_cast<SECTION_BASIC_INFORMATION*>(information), info);
    if (returned)
        ob::put(returned, sizeof info);
    return STATUS_SUCCESS;
}

// The object without a handle. Its name, if the attributes give one, is not used: nobody could remove it.
NTSTATUS MmCreateSection(PVOID* object, ACCESS_MASK, OBJECT_ATTRIBUTES*, LARGE_INTEGER* size, ULONG protect, ULONG kind,
                         HANDLE file, FILE_OBJECT* file_object)
{
    ob::Held held_file(nullptr);
    if (file_object) {
        if (ob::type_of(file_object) != &ob::file_type)
            return STATUS_INVALID_FILE_FOR_SECTION;
        ob::reference(file_object);
        held_file.reset(file_object);
    } else if (file) {
        auto target = ob::reference_by_handle(file, 0, &ob::file_type, KernelMode);
        if (!target.ok())
            return target.status();
        held_file.reset(target->body);
    }
    uint64_t const bytes = size || !held_file.body() ? static_cast<uint64_t>(ob::get(size).QuadPart) : 0;
    auto section = make_section(static_cast<FILE_OBJECT*>(held_file.body()), bytes, protect, kind);
    if (!section.ok())
        return section.status();
    auto body = ob::create(ob::section_type, sizeof(SectionBody), kSectionTag);
    if (!body.ok()) {
        mm::memory().sections.discard_unbound();
        return body.status();
    }
    bind_body(*body, *section);
    ob::put(object, *body);
    return STATUS_SUCCESS;
}

} // namespace ringside::ps
