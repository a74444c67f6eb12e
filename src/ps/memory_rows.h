// SPDX-License-Identifier: MIT
// The memory services that take a process: room mm does the work, this room knows handles, modes and processes.
//
//   virtual_memory.cpp   Zw/NtAllocateVirtualMemory and their kin, MmCopyVirtualMemory
//   section.cpp          section objects: creation, opening, \Device\PhysicalMemory
//   section_view.cpp     views of them
#pragma once

#include "base/contract.h"
#include "ke/thread.h"
#include "nt/mm_virtual.h"
#include "nt/nt.h"

#include <span>

namespace ringside::mm {
struct Section;
}

namespace ringside::ps {

std::span<Ddi const> memory_rows();

// Makes \Device\PhysicalMemory and teaches the object manager what a section is: once per machine, after this room.
void make_section_objects();

// virtual_memory.cpp
nt::NTSTATUS ZwAllocateVirtualMemory(nt::HANDLE process, nt::PVOID* base, nt::ULONG_PTR zero_bits, nt::SIZE_T* size,
                                     nt::ULONG type, nt::ULONG protect);
nt::NTSTATUS NtAllocateVirtualMemory(nt::HANDLE process, nt::PVOID* base, nt::ULONG_PTR zero_bits, nt::SIZE_T* size,
                                     nt::ULONG type, nt::ULONG protect);
nt::NTSTATUS ZwFreeVirtualMemory(nt::HANDLE process, nt::PVOID* base, nt::SIZE_T* size, nt::ULONG type);
nt::NTSTATUS NtFreeVirtualMemory(nt::HANDLE process, nt::PVOID* base, nt::SIZE_T* size, nt::ULONG type);
nt::NTSTATUS ZwProtectVirtualMemory(nt::HANDLE process, nt::PVOID* base, nt::SIZE_T* size, nt::ULONG protect,
                                    nt::ULONG* before);
nt::NTSTATUS ZwQueryVirtualMemory(nt::HANDLE process, nt::PVOID base, nt::MEMORY_INFORMATION_CLASS what,
                                  nt::PVOID information, nt::SIZE_T length, nt::SIZE_T* returned);
nt::NTSTATUS NtQueryVirtualMemory(nt::HANDLE process, nt::PVOID base, nt::MEMORY_INFORMATION_CLASS what,
                                  nt::PVOID information, nt::SIZE_T length, nt::SIZE_T* returned);
nt::NTSTATUS ZwFlushVirtualMemory(nt::HANDLE process, nt::PVOID* base, nt::SIZE_T* size, nt::IO_STATUS_BLOCK* status);
void MmProbeAndLockProcessPages(nt::MDL* mdl, nt::PEPROCESS process, nt::KPROCESSOR_MODE mode,
                                nt::LOCK_OPERATION operation);
nt::NTSTATUS MmCopyVirtualMemory(nt::PEPROCESS from_process, nt::PVOID from, nt::PEPROCESS to_process, nt::PVOID to,
                                 nt::SIZE_T bytes, nt::KPROCESSOR_MODE mode, nt::SIZE_T* copied);

// section.cpp
nt::NTSTATUS ZwCreateSection(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                             nt::LARGE_INTEGER* size, nt::ULONG protect, nt::ULONG kind, nt::HANDLE file);
nt::NTSTATUS NtCreateSection(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                             nt::LARGE_INTEGER* size, nt::ULONG protect, nt::ULONG kind, nt::HANDLE file);
nt::NTSTATUS NtCreateSectionEx(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                               nt::LARGE_INTEGER* size, nt::ULONG protect, nt::ULONG kind, nt::HANDLE file,
                               nt::PVOID extended, nt::ULONG extended_count);
nt::NTSTATUS ZwOpenSection(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes);
nt::NTSTATUS ZwQuerySection(nt::HANDLE handle, nt::SECTION_INFORMATION_CLASS what, nt::PVOID information,
                            nt::SIZE_T length, nt::SIZE_T* returned);
nt::NTSTATUS MmCreateSection(nt::PVOID* object, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                             nt::LARGE_INTEGER* size, nt::ULONG protect, nt::ULONG kind, nt::HANDLE file,
                             nt::FILE_OBJECT* file_object);

// section_view.cpp
nt::NTSTATUS ZwMapViewOfSection(nt::HANDLE section, nt::HANDLE process, nt::PVOID* base, nt::ULONG_PTR zero_bits,
                                nt::SIZE_T commit, nt::LARGE_INTEGER* offset, nt::SIZE_T* size,
                                nt::SECTION_INHERIT inherit, nt::ULONG type, nt::ULONG protect);
nt::NTSTATUS NtMapViewOfSection(nt::HANDLE section, nt::HANDLE process, nt::PVOID* base, nt::ULONG_PTR zero_bits,
                                nt::SIZE_T commit, nt::LARGE_INTEGER* offset, nt::SIZE_T* size,
                                nt::SECTION_INHERIT inherit, nt::ULONG type, nt::ULONG protect);
nt::NTSTATUS ZwUnmapViewOfSection(nt::HANDLE process, nt::PVOID base);
nt::NTSTATUS MmMapViewOfSection(nt::PVOID section, nt::PEPROCESS process, nt::PVOID* base, nt::ULONG_PTR zero_bits,
                                nt::SIZE_T commit, nt::LARGE_INTEGER* offset, nt::SIZE_T* size,
                                nt::SECTION_INHERIT inherit, nt::ULONG type, nt::ULONG protect);
nt::NTSTATUS MmUnmapViewOfSection(nt::PEPROCESS process, nt::PVOID base);
nt::NTSTATUS MmMapViewInSystemSpace(nt::PVOID section, nt::PVOID* base, nt::SIZE_T* size);
nt::NTSTATUS MmMapViewInSystemSpaceEx(nt::PVOID section, nt::PVOID* base, nt::SIZE_T* size, nt::LARGE_INTEGER* offset,
                                      nt::ULONG_PTR flags);
nt::NTSTATUS MmUnmapViewInSystemSpace(nt::PVOID base);

// Shared by these files.

// A process by handle, for the length of a call.
class ProcessByHandle {
public:
    ProcessByHandle(nt::HANDLE handle, nt::ACCESS_MASK desired, nt::KPROCESSOR_MODE mode);
    ~ProcessByHandle();
    ProcessByHandle(ProcessByHandle const&) = delete;
    ProcessByHandle& operator=(ProcessByHandle const&) = delete;

    nt::NTSTATUS status() const { return m_status; }
    ke::Process& process() { return *m_process; }

private:
    nt::NTSTATUS m_status = 0;
    void* m_body = nullptr;
    ke::Process* m_process = nullptr;
};

// Gives the System process its user addresses when it is the one that needs some.
nt::NTSTATUS with_addresses(ke::Process& process);
// The section behind a body; null for a body that is no section.
mm::Section* section_of(void* body);
// Runs an Nt service's work: what it raises becomes its status.
template <typename Work>
nt::NTSTATUS native_service(Work work);

} // namespace ringside::ps

#include "ke/exception.h"

namespace ringside::ps {

template <typename Work>
nt::NTSTATUS native_service(Work work)
{
    nt::NTSTATUS status = 0;
    nt::NTSTATUS const raised = ke::guard_raise([&] { status = work(); });
    return raised ? raised : status;
}

} // namespace ringside::ps
