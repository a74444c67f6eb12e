// SPDX-License-Identifier: MIT
// Virtual memory of processes, by handle.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwallocatevirtualmemory
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwfreevirtualmemory
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwqueryvirtualmemory
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwflushvirtualmemory
#include "mm/virtual_memory.h"

#include "ke/kernel.h"
#include "mm/mdl.h"
#include "mm/mdl_rules.h"
#include "mm/memory.h"
#include "mm/probe.h"
#include "mm/process_copy.h"
#include "ob/capture.h"
#include "ps/memory_rows.h"
#include "ps/process.h"

namespace ringside::ps {

using namespace nt;

ProcessByHandle::ProcessByHandle(HANDLE handle, ACCESS_MASK desired, KPROCESSOR_MODE mode)
{
    auto found = ob::reference_by_handle(handle, desired, &ob::process_type, mode);
    if (!found.ok()) {
        m_status = found.status();
        return;
    }
    m_body = found->body;
    m_process = &required_process(m_body);
}

ProcessByHandle::~ProcessByHandle()
{
    if (m_body)
        ob::dereference(m_body);
}

NTSTATUS with_addresses(ke::Process& process)
{
    if (process.slice)
        return STATUS_SUCCESS;
    if (&process != &manager().system())
        return STATUS_PROCESS_IS_TERMINATING;
    auto made = mm::create_system_slice(process);
    if (ke::kernel().current().attached == &process)
        mm::use_slice(&process);
    return made.status();
}

namespace {

// A caller in user mode may name user memory only.
template <typename T>
void probe_out(T* pointer, KPROCESSOR_MODE mode)
{
    if (mode == UserMode && pointer)
        mm::ProbeForWrite(pointer, sizeof *pointer, alignof(ULONG));
}

NTSTATUS allocate(HANDLE handle, PVOID* base, ULONG_PTR zero_bits, SIZE_T* size, ULONG type, ULONG protect,
                  KPROCESSOR_MODE mode)
{
    probe_out(base, mode);
    probe_out(size, mode);
    auto const wanted = reinterpret_cast<uintptr_t>(ob::get(base));
    SIZE_T const bytes = ob::get(size);
    ProcessByHandle target(handle, PROCESS_VM_OPERATION, mode);
    if (target.status())
        return target.status();
    if (NTSTATUS status = with_addresses(target.process()))
        return status;
    auto region = mm::allocate_memory(target.process(), wanted, zero_bits, bytes, type, protect);
    if (!region.ok())
        return region.status();
    ob::put(size, region->bytes);
    ob::put(base, reinterpret_cast<void*>(region->base));
    return STATUS_SUCCESS;
}

NTSTATUS free(HANDLE handle, PVOID* base, SIZE_T* size, ULONG type, KPROCESSOR_MODE mode)
{
    probe_out(base, mode);
    probe_out(size, mode);
    auto const address = reinterpret_cast<uintptr_t>(ob::get(base));
    SIZE_T const bytes = ob::get(size);
    ProcessByHandle target(handle, PROCESS_VM_OPERATION, mode);
    if (target.status())
        return target.status();
    if (NTSTATUS status = with_addresses(target.process()))
        return status;
    auto region = mm::free_memory(target.process(), address, bytes, type, mode);
    if (!region.ok())
        return region.status();
    ob::put(size, region->bytes);
    ob::put(base, reinterpret_cast<void*>(region->base));
    return STATUS_SUCCESS;
}

NTSTATUS query(HANDLE handle, PVOID base, MEMORY_INFORMATION_CLASS what, PVOID information, SIZE_T length,
               SIZE_T* returned, KPROCESSOR_MODE mode)
{
    if (what != MemoryBasicInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (length < sizeof(MEMORY_BASIC_INFORMATION))
        return STATUS_INFO_LENGTH_MISMATCH;
    probe_out(static_cast<MEMORY_BASIC_INFORMATION*>(information), mode);
    probe_out(returned, mode);
    ProcessByHandle target(handle, PROCESS_QUERY_INFORMATION, mode);
    if (target.status())
        return target.status();
    auto info = mm::query_memory(target.process(), reinterpret_cast<uintptr_t>(base));
    if (!info.ok())
        return info.status();
    ob::put(static_cast<MEMORY_BASIC_INFORMATION*>(information), *info);
    if (returned)
        ob::put(returned, sizeof(MEMORY_BASIC_INFORMATION));
    return STATUS_SUCCESS;
}

} // namespace

NTSTATUS ZwAllocateVirtualMemory(HANDLE process, PVOID* base, ULONG_PTR zero_bits, SIZE_T* size, ULONG type,
                                 ULONG protect)
{
    return allocate(process, base, zero_bits, size, type, protect, KernelMode);
}

NTSTATUS NtAllocateVirtualMemory(HANDLE process, PVOID* base, ULONG_PTR zero_bits, SIZE_T* size, ULONG type,
                                 ULONG protect)
{
    return native_service([&] { return allocate(process, base, zero_bits, size, type, protect, ob::previous_mode()); });
}

NTSTATUS ZwFreeVirtualMemory(HANDLE process, PVOID* base, SIZE_T* size, ULONG type)
{
    return free(process, base, size, type, KernelMode);
}

NTSTATUS NtFreeVirtualMemory(HANDLE process, PVOID* base, SIZE_T* size, ULONG type)
{
    return native_service([&] { return free(process, base, size, type, ob::previous_mode()); });
}

NTSTATUS ZwProtectVirtualMemory(HANDLE process, PVOID* base, SIZE_T* size, ULONG protect, ULONG* before)
{
    auto const address = reinterpret_cast<uintptr_t>(ob::get(base));
    SIZE_T const bytes = ob::get(size);
    ProcessByHandle target(process, PROCESS_VM_OPERATION, KernelMode);
    if (target.status())
        return target.status();
    if (NTSTATUS status = with_addresses(target.process()))
        return status;
    auto done = mm::protect_memory(target.process(), address, bytes, protect, KernelMode);
    if (!done.ok())
        return done.status();
    ob::put(size, done->region.bytes);
    ob::put(base, reinterpret_cast<void*>(done->region.base));
    ob::put(before, done->before);
    return STATUS_SUCCESS;
}

NTSTATUS ZwQueryVirtualMemory(HANDLE process, PVOID base, MEMORY_INFORMATION_CLASS what, PVOID information,
                              SIZE_T length, SIZE_T* returned)
{
    return query(process, base, what, information, length, returned, KernelMode);
}

NTSTATUS NtQueryVirtualMemory(HANDLE process, PVOID base, MEMORY_INFORMATION_CLASS what, PVOID information,
                              SIZE_T length, SIZE_T* returned)
{
    return native_service(
        [&] { return query(process, base, what, information, length, returned, ob::previous_mode()); });
}

// No view shows a file: what is mapped has nothing to be written to, and is flushed as soon as asked.
NTSTATUS ZwFlushVirtualMemory(HANDLE process, PVOID* base, SIZE_T* size, IO_STATUS_BLOCK* io_status)
{
    auto const address = reinterpret_cast<uintptr_t>(ob::get(base));
    SIZE_T bytes = ob::get(size);
    if (address >= hal::kUserProbeAddress || bytes > hal::kUserProbeAddress - address)
        return STATUS_INVALID_PARAMETER_2;
    ProcessByHandle target(process, PROCESS_VM_OPERATION, KernelMode);
    if (target.status())
        return target.status();
    auto info = mm::query_memory(target.process(), address);
    if (!info.ok() || info->Type != MEM_MAPPED)
        return STATUS_NOT_MAPPED_VIEW;
    uintptr_t const begin = hal::page_of(address);
    bytes = bytes ? hal::page_round_up(address + bytes) - begin : info->RegionSize;
    ob::put(base, reinterpret_cast<void*>(begin));
    ob::put(size, bytes);
    NTSTATUS const status = mm::memory().sections.flush_view(target.process(), begin, bytes).status();
    ob::put(io_status, { { status }, status ? 0 : bytes });
    return status;
}

// As after KeStackAttachProcess, so that the locks count for that process.
void MmProbeAndLockProcessPages(MDL* mdl, PEPROCESS process, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    mm::verify_before_lock(mdl, 0xB1);
    ke::Process& target = required_process(process);
    ke::Process* const before = ke::kernel().current().attached;
    ke::kernel().use_process(&target);
    NTSTATUS const raised = ke::guard_raise([&] { mm::MmProbeAndLockPages(mdl, mode, operation); });
    ke::kernel().use_process(before);
    if (raised)
        ke::raise(raised);
}

NTSTATUS MmCopyVirtualMemory(PEPROCESS from_process, PVOID from, PEPROCESS to_process, PVOID to, SIZE_T bytes,
                             KPROCESSOR_MODE mode, SIZE_T* copied)
{
    ob::put(copied, 0);
    if (!bytes)
        return STATUS_SUCCESS;
    mm::Place const source { &required_process(from_process), reinterpret_cast<uintptr_t>(from) };
    mm::Place const target { &required_process(to_process), reinterpret_cast<uintptr_t>(to) };
    if (mode != KernelMode)
        for (mm::Place const& place : { source, target })
            if (place.address >= hal::kUserProbeAddress || bytes > hal::kUserProbeAddress - place.address)
                return STATUS_ACCESS_VIOLATION;
    for (mm::Place const& place : { source, target })
        if (hal::is_user(place.address) && !place.process->slice && place.process != &manager().system())
            return STATUS_PROCESS_IS_TERMINATING;
    mm::Copied const done = mm::copy_between(target, source, bytes);
    ob::put(copied, done.bytes);
    return done.status == STATUS_SUCCESS ? STATUS_SUCCESS : done.bytes ? STATUS_PARTIAL_COPY : done.status;
}

} // namespace ringside::ps
