// SPDX-License-Identifier: MIT
// Objects that a driver makes itself, and opens by name for any type. What it makes has only the body it asked for: no
// room has a record of it, so its end is the end of its memory.
#include "ob/ddi.h"

#include "ke/gate.h"
#include "ob/capture.h"
#include "ob/manager.h"
#include "ob/security.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr uint32_t kDriverMadeTag = 'jbOD'; // "DObj"
constexpr size_t kBodyBytesMin = 0x200;     // no service of ours reads further in a body
constexpr size_t kBodyBytesMax = 0x10000;

// Types whose state the kernel keeps beside the body: one that a driver made would have none.
bool needs_a_record(Type const& type)
{
    return &type == &process_type || &type == &thread_type || &type == &key_type || &type == &device_type
        || &type == &section_type;
}

} // namespace

// The mode says whose the attributes are: ObInsertObject asks for a user-mode caller, or with OBJ_FORCE_ACCESS_CHECK.
NTSTATUS ObCreateObject(KPROCESSOR_MODE mode, OBJECT_TYPE* type, OBJECT_ATTRIBUTES* attributes, KPROCESSOR_MODE, PVOID,
                        ULONG body_bytes, ULONG, ULONG, PVOID* object)
{
    put(object, nullptr);
    Type* wanted = type_of_guest(type);
    if (!wanted || body_bytes > kBodyBytesMax)
        return STATUS_INVALID_PARAMETER;
    if (needs_a_record(*wanted))
        return STATUS_NOT_IMPLEMENTED;
    auto captured = read_attributes(attributes, mode);
    if (!captured.ok())
        return captured.status();
    auto body = create(*wanted, std::max<size_t>(body_bytes, kBodyBytesMin), kDriverMadeTag);
    if (!body.ok())
        return body.status();
    Record& record = manager().require(*body);
    record.made_by_driver = true;
    record.exclusive = captured->flags & OBJ_EXCLUSIVE;
    if (captured->root)
        reference(captured->root);
    manager().uninserted.emplace(record.number, captured.take());
    put(object, *body);
    return STATUS_SUCCESS;
}

// Gives the object its name and a handle. The reference that ObCreateObject left with the caller is used up, whatever
// becomes of it; `bias` further ones are the caller's.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-obinsertobject
NTSTATUS ObInsertObject(PVOID object, ACCESS_STATE* access_state, ACCESS_MASK desired, ULONG bias, PVOID* new_object,
                        HANDLE* handle)
{
    ObjectManager& m = manager();
    Record& record = m.require(object);
    auto it = m.uninserted.find(record.number);
    if (it == m.uninserted.end())
        return STATUS_INVALID_PARAMETER;
    if (handle)
        put(handle, nullptr);
    if (access_state)
        desired |= get(access_state).RemainingDesiredAccess;
    Attributes const attributes = std::move(it->second);
    m.uninserted.erase(it);
    Held root(attributes.root);
    Held creation(object);
    if (ke::fails_inside()) // not before: who inserts an object has no reference any more, however it ends
        return STATUS_INSUFFICIENT_RESOURCES;
    void* body = object;
    Held existing(nullptr);
    NTSTATUS status = STATUS_SUCCESS;
    ACCESS_MASK granted = granted_access(*record.type, desired);
    void const* given = attributes.security.empty() ? nullptr : attributes.security.data();
    if (attributes.named) {
        status = insert(object, attributes.name(), attributes.permanent(), { given, attributes.checked() }).status();
        if (status == STATUS_OBJECT_NAME_COLLISION && (attributes.flags & OBJ_OPENIF)) {
            auto found = look_up(attributes.name());
            if (!found.ok())
                return found.status();
            existing.reset(found->body);
            if (found->type != record.type || !found->remaining.empty())
                return STATUS_OBJECT_TYPE_MISMATCH;
            auto const allowed = allowed_access(found->body, desired, attributes.mode, attributes.flags);
            if (!allowed.ok())
                return allowed.status();
            granted = allowed.value();
            body = found->body;
            status = STATUS_OBJECT_NAME_EXISTS;
        }
    } else if (given)
        status = assign_security(record, nullptr, given, attributes.checked()).status();
    if (NT_ERROR(status))
        return status;
    for (ULONG i = 0; i < bias; ++i)
        reference(body);
    if (new_object)
        put(new_object, body);
    if (!handle)
        return status;
    auto opened = open_handle(current_process(), body, { granted, attributes.handle_flags() });
    if (!opened.ok()) {
        for (ULONG i = 0; i < bias; ++i)
            dereference(body);
        return opened.status();
    }
    put(handle, *opened);
    return status;
}

NTSTATUS ObOpenObjectByName(OBJECT_ATTRIBUTES* attributes, OBJECT_TYPE* type, KPROCESSOR_MODE mode,
                            ACCESS_STATE* access_state, ACCESS_MASK desired, PVOID, HANDLE* handle)
{
    put(handle, nullptr);
    Type* wanted = type_of_guest(type);
    if (!attributes || (type && !wanted))
        return STATUS_INVALID_PARAMETER;
    if (access_state)
        desired |= get(access_state).RemainingDesiredAccess;
    auto captured = read_attributes(attributes, mode);
    if (!captured.ok())
        return captured.status();
    if (!wanted) {
        auto found = look_up(captured->name());
        if (!found.ok())
            return found.status();
        wanted = found->type;
        dereference(found->body);
    }
    auto opened = open_named(*wanted, *captured, desired);
    if (!opened.ok())
        return opened.status();
    put(handle, *opened);
    return STATUS_SUCCESS;
}

} // namespace ringside::ob
