// SPDX-License-Identifier: MIT
// One request to a provider, and the memory and IRQL that it needs.
#include "ex/pool.h"
#include "ex/work_queue.h"
#include "io/build.h"
#include "io/event.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ob/object.h"

namespace ringside::io {

bool WmiBuffer::make(size_t bytes)
{
    drop();
    if (!bytes || bytes > kWmiBytesMax)
        return false;
    m_data = static_cast<uint8_t*>(ex::allocate(NonPagedPoolNx, bytes, kWmiTag, ex::Owner::Kernel, true));
    m_bytes = m_data ? bytes : 0;
    return m_data;
}

void WmiBuffer::drop()
{
    if (m_data)
        ex::free(m_data, kWmiTag);
    m_data = nullptr;
    m_bytes = 0;
}

WmiHold::~WmiHold()
{
    if (--m_provider.in_flight == 0 && m_provider.drained)
        set_event(*m_provider.drained);
}

namespace {

WmiAnswer ask_callback(WmiProvider& provider, UCHAR minor, void* path, void* buffer, size_t bytes)
{
    ULONG used = 0;
    NTSTATUS const status
        = ke::through_door(ke::DoorPassage { ke::Door::WmiEntry, nullptr, provider.id }, provider.callback, minor, path,
                           static_cast<ULONG>(bytes), buffer, static_cast<void*>(&provider.callback), &used);
    return { status, used };
}

} // namespace

// @cite(wdk-docs): page=kernel/handling-wmi-requests
WmiAnswer ask_provider(WmiProvider& provider, UCHAR minor, void* path, void* buffer, size_t bytes)
{
    if (!provider.device)
        return ask_callback(provider, minor, path, buffer, bytes);
    DEVICE_OBJECT* const top = top_of(provider.device);
    KEVENT event;
    IO_STATUS_BLOCK status {};
    initialize_event(event, NotificationEvent, false);
    IRP* const irp = make_synchronous_irp(top, &event, &status);
    if (!irp)
        return { STATUS_INSUFFICIENT_RESOURCES, 0, false };
    // What nobody in the stack handles stays as it is.
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IO_STACK_LOCATION& location = *next_location(irp);
    location.MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    location.MinorFunction = minor;
    location.Parameters.WMI.ProviderId = reinterpret_cast<ULONG_PTR>(provider.device);
    location.Parameters.WMI.DataPath = path;
    location.Parameters.WMI.BufferSize = static_cast<ULONG>(bytes);
    location.Parameters.WMI.Buffer = buffer;
    auto& asked = manager().wmi.asked;
    uint32_t const number = record_of(irp)->number;
    asked.push_back(number);
    NTSTATUS const returned = send_and_wait(top, irp, event, status);
    std::erase(asked, number);
    return { returned, status.Information };
}

namespace {

struct Elsewhere {
    void (*function)(void*);
    void* context;
    KEVENT done;
};

void run_elsewhere(void* context)
{
    auto& call = *static_cast<Elsewhere*>(context);
    call.function(call.context);
    set_event(call.done);
}

} // namespace

void at_passive_level(void (*function)(void* context), void* context)
{
    if (ke::Kernel::irql() == PASSIVE_LEVEL)
        return function(context);
    Elsewhere call { function, context, {} };
    initialize_event(call.done, NotificationEvent, false);
    ex::queue_work(&run_elsewhere, &call, DelayedWorkQueue);
    wait_for(call.done);
}

} // namespace ringside::io
