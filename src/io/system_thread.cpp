// SPDX-License-Identifier: MIT
#include "io/system_thread.h"

#include "ex/pool.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "ob/object.h"
#include "ps/ddi.h"

namespace ringside::io {

namespace {

constexpr ULONG kThreadTag = 0x68546F49; // 'IoTh'

struct Start {
    void* object; // referenced
    PKSTART_ROUTINE routine;
    void* context;
};

NTAPI void run(void* block)
{
    Start const start = *static_cast<Start*>(block);
    ex::free(block, kThreadTag);
    ke::through_door(ke::DoorPassage { ke::Door::ThreadStart, nullptr, ke::kernel().current().number }, start.routine,
                     start.context);
    ob::dereference(start.object);
}

bool is_driver_or_device(void* object)
{
    auto const type = *static_cast<CSHORT*>(object);
    return type == IO_TYPE_DRIVER || type == IO_TYPE_DEVICE;
}

} // namespace

NTSTATUS IoCreateSystemThread(void* object, HANDLE* handle, ULONG desired, OBJECT_ATTRIBUTES* attributes,
                              HANDLE process, CLIENT_ID* client_id, PKSTART_ROUTINE routine, void* context)
{
    if (!is_driver_or_device(object))
        return STATUS_INVALID_PARAMETER;
    auto* start = static_cast<Start*>(ex::allocate(NonPagedPoolNx, sizeof(Start), kThreadTag, ex::Owner::Kernel, true));
    if (!start)
        return STATUS_INSUFFICIENT_RESOURCES;
    *start = { object, routine, context };
    ob::reference(object);
    NTSTATUS const status = ps::PsCreateSystemThread(handle, desired, attributes, process, client_id, &run, start);
    if (!NT_SUCCESS(status)) {
        ob::dereference(object);
        ex::free(start, kThreadTag);
    }
    return status;
}

} // namespace ringside::io
