// SPDX-License-Identifier: MIT
#include "io/fast_io.h"

#include "ke/door.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ob/object.h"

#include <cstddef>

namespace ringside::io {

namespace {

// A table that is too short for the routine has none; the driver's own number decides.
template <typename Routine>
Routine routine_of(FAST_IO_DISPATCH const& fast, Routine FAST_IO_DISPATCH::* member)
{
    auto const end
        = reinterpret_cast<uintptr_t>(&(fast.*member)) + sizeof(Routine) - reinterpret_cast<uintptr_t>(&fast);
    return fast.SizeOfFastIoDispatch >= end ? fast.*member : nullptr;
}
#define ROUTINE(name) routine_of(fast, &FAST_IO_DISPATCH::name)

template <typename Routine, typename... Arguments>
bool call(Routine routine, FILE_OBJECT* file, Arguments... arguments)
{
    ke::DoorPassage passage { ke::Door::Other, nullptr, 0, 0, 0, file };
    return ke::through_door(passage, routine, file, arguments...);
}

EPROCESS* caller() { return reinterpret_cast<EPROCESS*>(ke::kernel().current().process->guest); }

bool control(FAST_IO_DISPATCH const& fast, DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request,
             IO_STATUS_BLOCK& status)
{
    auto const routine = ROUTINE(FastIoDeviceControl);
    TransferBuffers const& buffers = request.buffers;
    return routine && probe(buffers.input, buffers.input_bytes, request.mode)
        && probe(buffers.output, buffers.output_bytes, request.mode)
        && call(routine, file, BOOLEAN { TRUE }, buffers.input, buffers.input_bytes, buffers.output,
                buffers.output_bytes, request.code, &status, top);
}

// The routine writes where it is told; a program's buffer is filled afterwards, with what may have gone by then checked.
template <typename Information, typename Routine>
bool query_as(Routine routine, DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request, IO_STATUS_BLOCK& status)
{
    Information answer {};
    if (!routine || request.buffers.output_bytes < sizeof answer)
        return false;
    BOOLEAN const wait = file->Flags & FO_SYNCHRONOUS_IO ? TRUE : FALSE;
    if (!call(routine, file, wait, &answer, &status, top))
        return false;
    if (!NT_ERROR(status.Status) && !ke::copy_guarded(request.buffers.output, &answer, sizeof answer)) {
        status.Status = STATUS_ACCESS_VIOLATION;
        status.Information = 0;
    }
    return true;
}

bool query(FAST_IO_DISPATCH const& fast, DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request,
           IO_STATUS_BLOCK& status)
{
    if (!probe(request.buffers.output, request.buffers.output_bytes, request.mode))
        return false;
    switch (request.code) {
    case FileBasicInformation:
        return query_as<FILE_BASIC_INFORMATION>(ROUTINE(FastIoQueryBasicInfo), top, file, request, status);
    case FileStandardInformation:
        return query_as<FILE_STANDARD_INFORMATION>(ROUTINE(FastIoQueryStandardInfo), top, file, request, status);
    case FileNetworkOpenInformation:
        return query_as<FILE_NETWORK_OPEN_INFORMATION>(ROUTINE(FastIoQueryNetworkOpenInfo), top, file, request, status);
    default:
        return false;
    }
}

bool lock(FAST_IO_DISPATCH const& fast, DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request,
          IO_STATUS_BLOCK& status)
{
    LARGE_INTEGER offset { .QuadPart = request.offset.value_or(0) };
    auto length = *static_cast<LARGE_INTEGER const*>(request.auxiliary);
    if (request.minor == IRP_MN_LOCK) {
        auto const routine = ROUTINE(FastIoLock);
        return routine
            && call(routine, file, &offset, &length, caller(), request.key,
                    BOOLEAN(request.flags & SL_FAIL_IMMEDIATELY ? TRUE : FALSE),
                    BOOLEAN(request.flags & SL_EXCLUSIVE_LOCK ? TRUE : FALSE), &status, top);
    }
    auto const routine = ROUTINE(FastIoUnlockSingle);
    return request.minor == IRP_MN_UNLOCK_SINGLE && routine
        && call(routine, file, &offset, &length, caller(), request.key, &status, top);
}

// Of a cached file, by a thread that may wait. Only outcomes that are the end of the matter count.
bool transfer(FAST_IO_DISPATCH const& fast, DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request,
              IO_STATUS_BLOCK& status)
{
    bool const reads = request.major == IRP_MJ_READ;
    TransferBuffers const& buffers = request.buffers;
    if (!file->PrivateCacheMap || !(file->Flags & FO_SYNCHRONOUS_IO)
        || !probe(reads ? buffers.output : buffers.input, reads ? buffers.output_bytes : buffers.input_bytes,
                  request.mode))
        return false;
    bool const positioned = request.offset && *request.offset >= 0;
    LARGE_INTEGER offset { .QuadPart = positioned ? *request.offset : file->CurrentByteOffset.QuadPart };
    if (!positioned && request.offset && *request.offset == -1)
        offset.QuadPart = -1;
    bool done = false;
    if (auto const routine = reads ? ROUTINE(FastIoRead) : nullptr)
        done = call(routine, file, &offset, ULONG { buffers.output_bytes }, BOOLEAN { TRUE }, request.key,
                    buffers.output, &status, top);
    else if (auto const writes = reads ? nullptr : ROUTINE(FastIoWrite))
        done = call(writes, file, &offset, ULONG { buffers.input_bytes }, BOOLEAN { TRUE }, request.key, buffers.input,
                    &status, top);
    return done
        && (status.Status == STATUS_SUCCESS || status.Status == STATUS_BUFFER_OVERFLOW
            || status.Status == STATUS_END_OF_FILE);
}

} // namespace

bool try_fast(DEVICE_OBJECT* top, FILE_OBJECT* file, Request const& request, IO_STATUS_BLOCK& status)
{
    FAST_IO_DISPATCH const* fast = top->DriverObject->FastIoDispatch;
    if (!fast) [[likely]]
        return false;
    switch (request.major) {
    case IRP_MJ_DEVICE_CONTROL:
        return control(*fast, top, file, request, status);
    case IRP_MJ_QUERY_INFORMATION:
        return query(*fast, top, file, request, status);
    case IRP_MJ_LOCK_CONTROL:
        return request.auxiliary && lock(*fast, top, file, request, status);
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return transfer(*fast, top, file, request, status);
    default:
        return false;
    }
}

bool has_query_open(DEVICE_OBJECT* top)
{
    FAST_IO_DISPATCH const* fast = top->DriverObject->FastIoDispatch;
    return fast && routine_of(*fast, &FAST_IO_DISPATCH::FastIoQueryOpen);
}

bool query_open(IRP* irp, FILE_NETWORK_OPEN_INFORMATION* answer, DEVICE_OBJECT* top)
{
    FAST_IO_DISPATCH const& fast = *top->DriverObject->FastIoDispatch;
    ke::DoorPassage passage { ke::Door::Other, nullptr, 0, 0, 0, irp };
    return ke::through_door(passage, ROUTINE(FastIoQueryOpen), irp, answer, top);
}

bool ask_to_detach(DEVICE_OBJECT* source, DEVICE_OBJECT* target)
{
    FAST_IO_DISPATCH const* table = source->DriverObject->FastIoDispatch;
    auto const routine = table ? routine_of(*table, &FAST_IO_DISPATCH::FastIoDetachDevice) : nullptr;
    if (!routine)
        return false;
    ke::DoorPassage passage { ke::Door::Other, nullptr, 0, 0, 0, source };
    ke::through_door(passage, routine, source, target);
    return true;
}

void unlock_all(FILE_OBJECT* file)
{
    DEVICE_OBJECT* top = target_of(*file);
    if (FAST_IO_DISPATCH const* table = top->DriverObject->FastIoDispatch) {
        FAST_IO_DISPATCH const& fast = *table;
        IO_STATUS_BLOCK status {};
        auto const routine = ROUTINE(FastIoUnlockAll);
        if (routine && call(routine, file, caller(), &status, top))
            return;
    }
    // As a close is: waited for, whatever the file object is, and its outcome is nobody's.
    (void)ask_while_closing(file, IRP_MJ_LOCK_CONTROL, IRP_MN_UNLOCK_ALL);
}

#undef ROUTINE

} // namespace ringside::io
