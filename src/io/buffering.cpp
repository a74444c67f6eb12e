// SPDX-License-Identifier: MIT
#include "io/buffering.h"

#include "ex/pool.h"
#include "hal/layout.h"
#include "io/manager.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "mm/mdl.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ringside::io {

namespace {

constexpr ULONG kSystemBufferTag = 0x42536F49; // 'IoSB'

// Touches each page as ProbeForWrite does, so that a buffer that cannot be written is refused before the driver runs.
bool writable(void* address, size_t bytes)
{
    auto const first = reinterpret_cast<uintptr_t>(address);
    for (uintptr_t at = first; at < first + bytes; at = hal::page_of(at) + hal::kPageSize) {
        auto* word = reinterpret_cast<uint64_t*>(at & ~uintptr_t { 7 });
        auto value = ke::read_guarded<uint64_t>(word);
        if (!value || !ke::write_guarded(word, *value))
            return false;
    }
    return true;
}

bool probe_for_write(void* address, size_t bytes, KPROCESSOR_MODE mode)
{
    return mode == KernelMode || bytes == 0 || (probe(address, bytes, mode) && writable(address, bytes));
}

// A kernel address that cannot be touched is the caller's bug check, a user address a status.
bool copy(void* to, void const* from, size_t bytes)
{
    if (hal::is_user(reinterpret_cast<uintptr_t>(from)) || hal::is_user(reinterpret_cast<uintptr_t>(to)))
        return ke::copy_guarded(to, from, bytes);
    ke::copy_or_raise(to, from, bytes);
    return true;
}

Result<void> attach_system_buffer(IrpRecord& record, size_t bytes, void const* input, size_t input_bytes)
{
    void* buffer = manager().buffers().allocate(bytes, record.system_buffer_class);
    if (!buffer)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    record.system_buffer = buffer;
    record.irp->AssociatedIrp.SystemBuffer = buffer;
    record.irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (input_bytes && !copy(buffer, input, input_bytes)) {
        free_system_buffer(record);
        return Failure { STATUS_ACCESS_VIOLATION };
    }
    return {};
}

Result<void> attach_mdl(IrpRecord& record, void* address, uint32_t bytes, KPROCESSOR_MODE mode, LOCK_OPERATION access)
{
    MDL* mdl = mm::IoAllocateMdl(address, bytes, 0, 1, record.irp);
    if (!mdl) {
        free_system_buffer(record);
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    }
    NTSTATUS const status = ke::guard_raise([&] { mm::MmProbeAndLockPages(mdl, mode, access); });
    if (!NT_SUCCESS(status)) {
        mm::IoFreeMdl(mdl);
        record.irp->MdlAddress = nullptr;
        free_system_buffer(record);
        return Failure { status };
    }
    return {};
}

} // namespace

SystemBuffers::SystemBuffers() : m_keep(ke::g_binding == ke::Binding::Bare) {}

SystemBuffers::~SystemBuffers()
{
    for (void* buffer : m_free)
        while (buffer) {
            void* next = *static_cast<void**>(buffer);
            ex::free(buffer, kSystemBufferTag);
            buffer = next;
        }
}

void* SystemBuffers::allocate(size_t bytes, uint8_t& size_class)
{
    size_class = kOwnBlock;
    if (m_keep && bytes <= size_t { 1 } << (kSmallest + kClasses - 1)) {
        unsigned const width = static_cast<unsigned>(std::bit_width(bytes - 1));
        size_class = static_cast<uint8_t>(width <= kSmallest ? 0 : width - kSmallest);
        if (void* buffer = m_free[size_class]) {
            m_free[size_class] = *static_cast<void**>(buffer);
            return buffer;
        }
        bytes = size_t { 1 } << (size_class + kSmallest);
    }
    return ex::allocate(NonPagedPoolNx, bytes, kSystemBufferTag, ex::Owner::Kernel, false);
}

void SystemBuffers::free(void* buffer, uint8_t size_class)
{
    if (size_class == kOwnBlock) {
        ex::free(buffer, kSystemBufferTag);
        return;
    }
    *static_cast<void**>(buffer) = m_free[size_class];
    m_free[size_class] = buffer;
}

bool probe(void const* address, size_t bytes, KPROCESSOR_MODE mode)
{
    if (mode == KernelMode || bytes == 0)
        return true;
    auto const first = reinterpret_cast<uintptr_t>(address);
    return first + bytes >= first && first + bytes <= hal::kUserProbeAddress;
}

Result<void> buffer_device_control(IrpRecord& record, uint32_t code, TransferBuffers const& buffers,
                                   KPROCESSOR_MODE mode)
{
    IRP* irp = record.irp;
    IO_STACK_LOCATION* location = next_location(irp);
    ULONG const method = METHOD_FROM_CTL_CODE(code);
    location->Parameters.DeviceIoControl.IoControlCode = code;
    location->Parameters.DeviceIoControl.InputBufferLength = buffers.input_bytes;
    location->Parameters.DeviceIoControl.OutputBufferLength = buffers.output_bytes;
    record.output_bytes = buffers.output_bytes;

    if (method == METHOD_NEITHER) {
        location->Parameters.DeviceIoControl.Type3InputBuffer = buffers.input;
        irp->UserBuffer = buffers.output;
        return {};
    }
    if (!probe(buffers.input, buffers.input_bytes, mode))
        return Failure { STATUS_ACCESS_VIOLATION };
    if (method == METHOD_BUFFERED) {
        if (!probe_for_write(buffers.output, buffers.output_bytes, mode))
            return Failure { STATUS_ACCESS_VIOLATION };
        size_t const bytes = std::max(buffers.input_bytes, buffers.output_bytes);
        irp->UserBuffer = buffers.output;
        if (bytes == 0)
            return {};
        TRY(attach_system_buffer(record, bytes, buffers.input, buffers.input_bytes));
        if (buffers.output_bytes)
            irp->Flags |= IRP_INPUT_OPERATION;
        return {};
    }
    if (buffers.input_bytes)
        TRY(attach_system_buffer(record, buffers.input_bytes, buffers.input, buffers.input_bytes));
    if (buffers.output_bytes)
        TRY(attach_mdl(record, buffers.output, buffers.output_bytes, mode,
                       method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess));
    return {};
}

Result<void> buffer_read(IrpRecord& record, DEVICE_OBJECT const& top, void* buffer, uint32_t bytes,
                         KPROCESSOR_MODE mode)
{
    if (!probe_for_write(buffer, bytes, mode))
        return Failure { STATUS_ACCESS_VIOLATION };
    IRP* irp = record.irp;
    record.output_bytes = bytes;
    if (top.Flags & DO_BUFFERED_IO) {
        irp->Flags |= IRP_BUFFERED_IO | IRP_INPUT_OPERATION;
        irp->UserBuffer = buffer;
        if (bytes)
            TRY(attach_system_buffer(record, bytes, nullptr, 0));
    } else if (top.Flags & DO_DIRECT_IO) {
        if (bytes)
            TRY(attach_mdl(record, buffer, bytes, mode, IoWriteAccess));
    } else
        irp->UserBuffer = buffer;
    return {};
}

Result<void> buffer_write(IrpRecord& record, DEVICE_OBJECT const& top, void const* buffer, uint32_t bytes,
                          KPROCESSOR_MODE mode)
{
    if (!probe(buffer, bytes, mode))
        return Failure { STATUS_ACCESS_VIOLATION };
    IRP* irp = record.irp;
    void* user = const_cast<void*>(buffer);
    if (top.Flags & DO_BUFFERED_IO) {
        irp->Flags |= IRP_BUFFERED_IO;
        irp->UserBuffer = user;
        if (bytes)
            TRY(attach_system_buffer(record, bytes, buffer, bytes));
    } else if (top.Flags & DO_DIRECT_IO) {
        if (bytes)
            TRY(attach_mdl(record, user, bytes, mode, IoReadAccess));
    } else
        irp->UserBuffer = user;
    return {};
}

Result<void> buffer_query(IrpRecord& record, void* buffer, uint32_t bytes, KPROCESSOR_MODE mode)
{
    if (!probe_for_write(buffer, bytes, mode))
        return Failure { STATUS_ACCESS_VIOLATION };
    record.output_bytes = bytes;
    record.irp->UserBuffer = buffer;
    record.irp->Flags |= IRP_INPUT_OPERATION;
    if (bytes)
        TRY(attach_system_buffer(record, bytes, nullptr, 0));
    return {};
}

Result<void> buffer_set(IrpRecord& record, void const* buffer, uint32_t bytes, KPROCESSOR_MODE mode)
{
    if (!probe(buffer, bytes, mode))
        return Failure { STATUS_ACCESS_VIOLATION };
    record.irp->UserBuffer = const_cast<void*>(buffer);
    if (bytes)
        TRY(attach_system_buffer(record, bytes, buffer, bytes));
    return {};
}

// Success, information and warnings give their bytes back, errors do not. A driver that reports more bytes than the
// issuer's buffer holds gets no more than those copied.
// @cite(wdk-docs): page=kernel/using-buffered-i-o
NTSTATUS copy_back(IrpRecord const& record)
{
    IRP* irp = record.irp;
    if (!(irp->Flags & IRP_BUFFERED_IO) || !(irp->Flags & IRP_INPUT_OPERATION))
        return STATUS_SUCCESS;
    NTSTATUS const status = irp->IoStatus.Status;
    if (NT_ERROR(status) || status == STATUS_VERIFY_REQUIRED || !irp->AssociatedIrp.SystemBuffer)
        return STATUS_SUCCESS;
    size_t const bytes = std::min<size_t>(irp->IoStatus.Information, record.output_bytes);
    if (bytes && !copy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, bytes))
        return STATUS_ACCESS_VIOLATION;
    return STATUS_SUCCESS;
}

void free_system_buffer(IrpRecord& record)
{
    IRP* irp = record.irp;
    void* theirs = irp->Flags & IRP_DEALLOCATE_BUFFER ? irp->AssociatedIrp.SystemBuffer : nullptr;
    irp->Flags &= ~IRP_DEALLOCATE_BUFFER;
    irp->AssociatedIrp.SystemBuffer = nullptr;
    if (void* ours = record.system_buffer) {
        record.system_buffer = nullptr;
        manager().buffers().free(ours, record.system_buffer_class);
        if (theirs == ours)
            return;
    }
    // A driver put a pool block of its own there: the I/O manager frees what it finds.
    if (theirs)
        ex::free(theirs, 0);
}

void unlock_mdls(IRP* irp)
{
    for (MDL* mdl = irp->MdlAddress; mdl; mdl = mdl->Next)
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            mm::MmUnlockPages(mdl);
}

void free_mdls(IRP* irp)
{
    for (MDL* mdl = irp->MdlAddress; mdl;) {
        MDL* next = mdl->Next;
        mm::IoFreeMdl(mdl);
        mdl = next;
    }
    irp->MdlAddress = nullptr;
}

} // namespace ringside::io
