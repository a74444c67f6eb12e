// SPDX-License-Identifier: MIT
// Callback objects: named lists of routines. A routine that is being called stays in the list until it returned, and
// ExUnregisterCallback waits for that.
// @cite(wdk-docs): page=kernel/callback-objects
#include "ob/callbacks.h"

#include "base/check.h"
#include "ex/pool.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/ddi.h"
#include "ob/manager.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

// Begins with the signature that a debugger shows.
struct CallbackObject {
    uint32_t signature;
    uint32_t allow_multiple;
};

namespace {

constexpr uint32_t kCallbackTag = 'llaC';     // "Call"
constexpr uint32_t kRegistrationTag = 'eRBC'; // "CBRe"

Record& callback_record(void* body)
{
    Record& record = manager().require(body);
    if (record.type != &callback_type)
        ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(callback_type.guest),
                      reinterpret_cast<uint64_t>(body), 0, 0, "an object that is no callback object was used as one");
    return record;
}

// A list that is being walked keeps its nodes: what was unregistered meanwhile goes when the last walk ends.
void forget_registrations(ObjectManager& m)
{
    if (!m.notifying)
        m.registrations.remove_if([](Registration const& registration) { return !registration.object; });
}

// These two hold also when a routine raises an exception through ExNotifyCallback.
class Notifying {
public:
    explicit Notifying(ObjectManager& m) : m_manager(m) { ++m.notifying; }
    ~Notifying()
    {
        --m_manager.notifying;
        forget_registrations(m_manager);
    }

private:
    ObjectManager& m_manager;
};

class Busy {
public:
    explicit Busy(Registration& registration) : m_registration(registration) { ++registration.busy; }
    ~Busy()
    {
        if (--m_registration.busy == 0 && m_registration.leaving)
            ke::KeSetEvent(m_registration.idle, IO_NO_INCREMENT, FALSE);
    }

private:
    Registration& m_registration;
};

} // namespace

void ObjectManager::make_system_callbacks(Windows windows)
{
    for (auto path : { u"\\Callback\\SetSystemTime", u"\\Callback\\PowerState", u"\\Callback\\ProcessorAdd" }) {
        if (windows < Windows::vista && path == std::u16string_view(u"\\Callback\\ProcessorAdd"))
            continue;
        auto body = create(callback_type, sizeof(CallbackObject), kCallbackTag);
        CHECK(body.ok(), "physical memory is too small to boot");
        *static_cast<CallbackObject*>(*body) = { kCallbackTag, true };
        CHECK(insert(*body, path, true, true).ok());
        dereference(*body);
    }
}

// @cite(wdk-ddi): page=wdm/nf-wdm-excreatecallback
NTSTATUS ExCreateCallback(CallbackObject** callback, OBJECT_ATTRIBUTES* attributes, BOOLEAN create,
                          BOOLEAN allow_multiple)
{
    auto captured = read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    if (captured->path.empty())
        return STATUS_UNSUCCESSFUL;
    auto found = look_up(captured->name());
    if (found.ok()) {
        Held held(found->body);
        if (found->type != &callback_type)
            return STATUS_OBJECT_TYPE_MISMATCH;
        put(callback, static_cast<CallbackObject*>(held.body()));
        held.release();
        return STATUS_SUCCESS;
    }
    if (!create)
        return found.status();
    captured->flags |= OBJ_KERNEL_HANDLE;
    CallbackObject initial { kCallbackTag, allow_multiple };
    auto created = create_named(callback_type, sizeof(CallbackObject), kCallbackTag, *captured, STANDARD_RIGHTS_ALL,
                                [](void* body, void* context) {
                                    *static_cast<CallbackObject*>(body) = *static_cast<CallbackObject*>(context);
                                },
                                &initial);
    if (!created.ok())
        return created.status();
    reference(created->body);
    // The handle was only the way to a name: a temporary object's goes with it.
    CHECK(close_handle(current_process(), created->handle, KernelMode).ok());
    put(callback, static_cast<CallbackObject*>(created->body));
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-exregistercallback
PVOID ExRegisterCallback(CallbackObject* callback, PCALLBACK_FUNCTION function, PVOID context)
{
    ObjectManager& m = manager();
    Record& object = callback_record(callback);
    if (!static_cast<CallbackObject*>(object.body)->allow_multiple)
        for (auto const& registration : m.registrations)
            if (registration.object == &object && !registration.leaving)
                return nullptr;
    auto* idle = static_cast<KEVENT*>(ex::allocate(NonPagedPoolNx, sizeof(KEVENT), kRegistrationTag, ex::Owner::Kernel,
                                                   true));
    if (!idle)
        return nullptr;
    ke::KeInitializeEvent(idle, NotificationEvent, FALSE);
    reference(callback);
    m.registrations.push_back({ idle, &object, function, context, 0, false });
    return idle;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-exunregistercallback
void ExUnregisterCallback(PVOID handle)
{
    ObjectManager& m = manager();
    for (Registration& registration : m.registrations) {
        if (!handle || registration.idle != handle || registration.leaving)
            continue;
        registration.leaving = true;
        while (registration.busy)
            ke::KeWaitForSingleObject(registration.idle, Executive, KernelMode, FALSE, nullptr);
        void* const body = registration.object->body;
        ex::free(registration.idle, kRegistrationTag);
        registration.idle = nullptr;
        registration.object = nullptr;
        forget_registrations(m);
        dereference(body);
        return;
    }
    ke::bug_check(BAD_POOL_CALLER, 0x46, reinterpret_cast<uint64_t>(handle), 0, 0,
                  "ExUnregisterCallback was given what ExRegisterCallback never returned, or twice");
}

void notify_callback(void* body, void* argument1, void* argument2)
{
    ObjectManager& m = manager();
    Record& object = callback_record(body);
    Notifying notifying(m);
    for (Registration& registration : m.registrations) {
        if (registration.object != &object || registration.leaving)
            continue;
        Busy busy(registration);
        ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, object.number }, registration.function,
                         registration.context, argument1, argument2);
    }
}

// @cite(wdk-ddi): page=wdm/nf-wdm-exnotifycallback
void ExNotifyCallback(CallbackObject* callback, PVOID argument1, PVOID argument2)
{
    notify_callback(callback, argument1, argument2);
}

size_t registered_callbacks()
{
    return static_cast<size_t>(std::ranges::count_if(manager().registrations,
                                                     [](Registration const& r) { return r.object != nullptr; }));
}

} // namespace ringside::ob
