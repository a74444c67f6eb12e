// SPDX-License-Identifier: MIT
// Views of sections: in a process by handle or pointer, and in system space.
// @cite(wdk-ddi): page=wdm/nf-wdm-zwmapviewofsection
// @cite(wdk-ddi): page=wdm/nf-wdm-zwunmapviewofsection
// @cite(wdk-ddi): page=ntddk/nf-ntddk-mmmapviewinsystemspace
#include "ke/bugcheck.h"
#include "ke/exception.h"
#include "mm/memory.h"
#include "mm/probe.h"
#include "mm/protection.h"
#include "mm/section.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ps/memory_rows.h"
#include "ps/process.h"

namespace ringside::ps {

using namespace nt;

namespace {

struct Arguments {
    PVOID* base;
    ULONG_PTR zero_bits;
    SIZE_T commit;
    LARGE_INTEGER* offset;
    SIZE_T* size;
    SECTION_INHERIT inherit;
    ULONG type;
    ULONG protect;
};

mm::ViewRequest request_of(Arguments const& a)
{
    mm::ViewRequest request;
    request.base = reinterpret_cast<uintptr_t>(ob::get(a.base));
    request.zero_bits = a.zero_bits;
    request.commit_bytes = a.commit;
    request.offset = a.offset ? static_cast<uint64_t>(ob::get(a.offset).QuadPart) : 0;
    request.bytes = ob::get(a.size);
    request.inherit = a.inherit;
    request.type = a.type;
    request.protect = a.protect;
    return request;
}

NTSTATUS tell(Arguments const& a, mm::View const& view)
{
    ob::put(a.base, reinterpret_cast<void*>(view.base));
    ob::put(a.size, view.bytes);
    if (a.offset)
        ob::put(a.offset, { .QuadPart = static_cast<LONGLONG>(view.offset) });
    return STATUS_SUCCESS;
}

// What a handle must have been opened for, to show a view of this protection.
ACCESS_MASK access_for(ULONG protect)
{
    bool const executes
        = protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY);
    bool const writes = protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
    return (executes ? SECTION_MAP_EXECUTE : 0) | (writes ? SECTION_MAP_WRITE : SECTION_MAP_READ);
}

NTSTATUS map(mm::Section& section, ke::Process& process, Arguments const& arguments, mm::ViewRequest const& request)
{
    if (NTSTATUS status = with_addresses(process))
        return status;
    auto view = mm::memory().sections.map(section, process, request);
    return view.ok() ? tell(arguments, *view) : view.status();
}

NTSTATUS map_by_handle(HANDLE section, HANDLE process, Arguments const& a, KPROCESSOR_MODE mode)
{
    if (mode == UserMode) {
        mm::ProbeForWrite(a.base, sizeof *a.base, alignof(ULONG));
        mm::ProbeForWrite(a.size, sizeof *a.size, alignof(ULONG));
        if (a.offset)
            mm::ProbeForWrite(a.offset, sizeof *a.offset, alignof(ULONG));
    }
    mm::ViewRequest const request = request_of(a);
    ProcessByHandle target(process, PROCESS_VM_OPERATION, mode);
    if (target.status())
        return target.status();
    auto found = ob::reference_by_handle(section, access_for(a.protect), &ob::section_type, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    return map(*section_of(held.body()), target.process(), a, request);
}

// A pointer that a driver gave as a section's.
mm::Section& required_section(PVOID pointer)
{
    if (mm::Section* section = section_of(pointer))
        return *section;
    uint64_t probe;
    ke::copy_or_raise(&probe, pointer, sizeof probe);
    ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(ob::section_type.guest),
                  reinterpret_cast<uint64_t>(pointer), 0, 0, "a pointer that is no section was used as one");
}

} // namespace

NTSTATUS ZwMapViewOfSection(HANDLE section, HANDLE process, PVOID* base, ULONG_PTR zero_bits, SIZE_T commit,
                            LARGE_INTEGER* offset, SIZE_T* size, SECTION_INHERIT inherit, ULONG type, ULONG protect)
{
    return map_by_handle(section, process, { base, zero_bits, commit, offset, size, inherit, type, protect },
                         KernelMode);
}

NTSTATUS NtMapViewOfSection(HANDLE section, HANDLE process, PVOID* base, ULONG_PTR zero_bits, SIZE_T commit,
                            LARGE_INTEGER* offset, SIZE_T* size, SECTION_INHERIT inherit, ULONG type, ULONG protect)
{
    return native_service([&] {
        return map_by_handle(section, process, { base, zero_bits, commit, offset, size, inherit, type, protect },
                             ob::previous_mode());
    });
}

NTSTATUS ZwUnmapViewOfSection(HANDLE process, PVOID base)
{
    ProcessByHandle target(process, PROCESS_VM_OPERATION, KernelMode);
    if (target.status())
        return target.status();
    return mm::memory().sections.unmap(target.process(), reinterpret_cast<uintptr_t>(base)).status();
}

NTSTATUS MmMapViewOfSection(PVOID section, PEPROCESS process, PVOID* base, ULONG_PTR zero_bits, SIZE_T commit,
                            LARGE_INTEGER* offset, SIZE_T* size, SECTION_INHERIT inherit, ULONG type, ULONG protect)
{
    Arguments const arguments { base, zero_bits, commit, offset, size, inherit, type, protect };
    mm::Section& target = required_section(section);
    return map(target, required_process(process), arguments, request_of(arguments));
}

NTSTATUS MmUnmapViewOfSection(PEPROCESS process, PVOID base)
{
    return mm::memory().sections.unmap(required_process(process), reinterpret_cast<uintptr_t>(base)).status();
}

NTSTATUS MmMapViewInSystemSpaceEx(PVOID section, PVOID* base, SIZE_T* size, LARGE_INTEGER* offset, ULONG_PTR flags)
{
    if (flags)
        return STATUS_INVALID_PARAMETER_5;
    mm::Section& target = required_section(section);
    auto view = mm::memory().sections.map_in_system(
        target, offset ? static_cast<uint64_t>(ob::get(offset).QuadPart) : 0, ob::get(size));
    if (!view.ok())
        return view.status();
    ob::put(base, reinterpret_cast<void*>(view->base));
    ob::put(size, view->bytes);
    return STATUS_SUCCESS;
}

NTSTATUS MmMapViewInSystemSpace(PVOID section, PVOID* base, SIZE_T* size)
{
    return MmMapViewInSystemSpaceEx(section, base, size, nullptr, 0);
}

NTSTATUS MmUnmapViewInSystemSpace(PVOID base)
{
    auto done = mm::memory().sections.unmap_in_system(reinterpret_cast<uintptr_t>(base));
    if (!done.ok())
        ke::bug_check(DRIVER_UNMAPPING_INVALID_VIEW, reinterpret_cast<uint64_t>(base), 0, 0, 0,
                      "MmUnmapViewInSystemSpace was given an address that no view begins at");
    return STATUS_SUCCESS;
}

} // namespace ringside::ps
