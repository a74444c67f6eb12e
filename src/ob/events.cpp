// SPDX-License-Identifier: MIT
// Event objects by handle and by name, and waits for handles.
#include "ob/ddi.h"

#include "ex/pool.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"
#include "ob/capture.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr uint32_t kEventTag = 'nevE'; // "Even"
constexpr uint32_t kWaitTag = 'tiaW';  // "Wait"

struct Initial {
    EVENT_TYPE type;
    bool signalled;
};

Result<Created> create_event(Attributes const& attributes, ACCESS_MASK desired, Initial initial)
{
    return create_named(
        event_type, sizeof(KEVENT), kEventTag, attributes, desired,
        [](void* body, void* context) {
            auto const& how = *static_cast<Initial*>(context);
            ke::KeInitializeEvent(static_cast<KEVENT*>(body), how.type, how.signalled);
        },
        &initial);
}

NTSTATUS change(HANDLE handle, LONG* previous_state, bool set)
{
    auto found = reference_by_handle(handle, EVENT_MODIFY_STATE, &event_type, KernelMode);
    if (!found.ok())
        return found.status();
    Held held(found->body);
    auto& event = *static_cast<KEVENT*>(held.body());
    LONG const before = event.Header.SignalState;
    if (previous_state)
        put(previous_state, before);
    if (set)
        ke::KeSetEvent(&event, EVENT_INCREMENT, FALSE);
    else
        event.Header.SignalState = 0;
    return STATUS_SUCCESS;
}

KEVENT* create_io_event(UNICODE_STRING* name, HANDLE* handle, EVENT_TYPE type)
{
    auto path = read_string(name);
    if (!path.ok())
        return nullptr;
    Attributes attributes;
    attributes.path = path.take();
    attributes.named = true;
    attributes.flags = OBJ_OPENIF | OBJ_KERNEL_HANDLE;
    auto created = create_event(attributes, EVENT_ALL_ACCESS, { type, true });
    if (!created.ok())
        return nullptr;
    put(handle, created->handle);
    return static_cast<KEVENT*>(created->body);
}

NTSTATUS wait_for_handle(HANDLE handle, KPROCESSOR_MODE mode, bool alertable, LARGE_INTEGER const* timeout)
{
    LARGE_INTEGER limit {};
    if (timeout)
        limit = get(timeout);
    auto found = reference_by_handle(handle, SYNCHRONIZE, nullptr, mode);
    if (!found.ok())
        return found.status();
    Held held(found->body);
    if (found->type->wait_offset < 0)
        return STATUS_OBJECT_TYPE_MISMATCH;
    void* object = static_cast<uint8_t*>(held.body()) + found->type->wait_offset;
    return ke::kernel().wait(1, &object, WaitAny, UserRequest, mode, alertable, timeout ? &limit : nullptr, nullptr);
}

struct WaitSet {
    WaitSet()
        : blocks(static_cast<KWAIT_BLOCK*>(ex::allocate(
              NonPagedPoolNx, (MAXIMUM_WAIT_OBJECTS + 1) * sizeof(KWAIT_BLOCK), kWaitTag, ex::Owner::Kernel, true)))
    {
    }
    ~WaitSet()
    {
        for (size_t i = 0; i < count; ++i)
            dereference(bodies[i]);
        if (blocks)
            ex::free(blocks, kWaitTag);
    }
    WaitSet(WaitSet const&) = delete;
    WaitSet& operator=(WaitSet const&) = delete;

    KWAIT_BLOCK* blocks;
    size_t count = 0;
    void* bodies[MAXIMUM_WAIT_OBJECTS];
    void* objects[MAXIMUM_WAIT_OBJECTS];
};

} // namespace

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwcreateevent
NTSTATUS ZwCreateEvent(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, EVENT_TYPE type,
                       BOOLEAN initial_state)
{
    if (type != NotificationEvent && type != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER_4;
    auto captured = read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto created = create_event(*captured, desired, { type, initial_state != 0 });
    if (!created.ok())
        return created.status();
    put(handle, created->handle);
    return created->existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwopenevent
NTSTATUS ZwOpenEvent(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    if (!attributes)
        return STATUS_INVALID_PARAMETER;
    auto captured = read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto opened = open_named(event_type, *captured, desired);
    if (!opened.ok())
        return opened.status();
    put(handle, *opened);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwsetevent
NTSTATUS ZwSetEvent(HANDLE handle, LONG* previous_state) { return change(handle, previous_state, true); }

NTSTATUS ZwClearEvent(HANDLE handle) { return change(handle, nullptr, false); }

NTSTATUS ZwResetEvent(HANDLE handle, LONG* previous_state) { return change(handle, previous_state, false); }

NTSTATUS ZwPulseEvent(HANDLE handle, LONG* previous_state)
{
    auto found = reference_by_handle(handle, EVENT_MODIFY_STATE, &event_type, KernelMode);
    if (!found.ok())
        return found.status();
    Held held(found->body);
    LONG const before = ke::KePulseEvent(static_cast<KEVENT*>(held.body()), EVENT_INCREMENT, FALSE);
    if (previous_state)
        put(previous_state, before);
    return STATUS_SUCCESS;
}

// The pointer is good for as long as the handle is open.
// @cite(wdk-ddi): page=wdm/nf-wdm-iocreatenotificationevent
KEVENT* IoCreateNotificationEvent(UNICODE_STRING* name, HANDLE* handle)
{
    return create_io_event(name, handle, NotificationEvent);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocreatesynchronizationevent
KEVENT* IoCreateSynchronizationEvent(UNICODE_STRING* name, HANDLE* handle)
{
    return create_io_event(name, handle, SynchronizationEvent);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwwaitforsingleobject
NTSTATUS ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, LARGE_INTEGER* timeout)
{
    return wait_for_handle(handle, KernelMode, alertable, timeout);
}

// The objects stay referenced while the wait lasts, in kernel memory with the wait blocks: an exception frees both.
NTSTATUS ZwWaitForMultipleObjects(ULONG count, HANDLE* handles, WAIT_TYPE type, BOOLEAN alertable,
                                  LARGE_INTEGER* timeout)
{
    if (!count || count > MAXIMUM_WAIT_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    if (type != WaitAll && type != WaitAny)
        return STATUS_INVALID_PARAMETER_3;
    LARGE_INTEGER limit {};
    if (timeout)
        limit = get(timeout);
    WaitSet set;
    if (!set.blocks)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < count; ++i) {
        auto found = reference_by_handle(get(handles + i), SYNCHRONIZE, nullptr, KernelMode);
        if (!found.ok())
            return found.status();
        set.bodies[set.count++] = found->body;
        if (found->type->wait_offset < 0)
            return STATUS_OBJECT_TYPE_MISMATCH;
        set.objects[i] = static_cast<uint8_t*>(found->body) + found->type->wait_offset;
        if (type == WaitAll && std::find(set.objects, set.objects + i, set.objects[i]) != set.objects + i)
            return STATUS_INVALID_PARAMETER_MIX;
    }
    return ke::kernel().wait(count, set.objects, type, UserRequest, KernelMode, alertable, timeout ? &limit : nullptr,
                             set.blocks);
}

NTSTATUS NtWaitForSingleObject(HANDLE handle, BOOLEAN alertable, LARGE_INTEGER* timeout)
{
    KPROCESSOR_MODE const mode = previous_mode();
    if (mode == UserMode && timeout && !hal::is_user(reinterpret_cast<uintptr_t>(timeout) + sizeof *timeout - 1))
        return STATUS_ACCESS_VIOLATION;
    NTSTATUS status = STATUS_SUCCESS;
    NTSTATUS const raised = ke::guard_raise([&] { status = wait_for_handle(handle, mode, alertable, timeout); });
    return raised ? raised : status;
}

} // namespace ringside::ob
