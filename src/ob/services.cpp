// SPDX-License-Identifier: MIT
// References, handles and names as drivers ask for them. The tags of the ...WithTag forms are a debugger's aid and
// change nothing.
#include "ob/ddi.h"

#include "base/check.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/manager.h"
#include "ob/security.h"

namespace ringside::ob {

using namespace nt;

// @cite(wdk-ddi): page=wdm/nf-wdm-obfreferenceobject
LONG_PTR ObfReferenceObject(PVOID object)
{
    reference(object);
    return references(object);
}

LONG_PTR ObfReferenceObjectWithTag(PVOID object, ULONG) { return ObfReferenceObject(object); }

// @cite(wdk-ddi): page=wdm/nf-wdm-obdereferenceobject
LONG_PTR ObfDereferenceObject(PVOID object) { return LONG_PTR { dereference(object) } - 1; }

LONG_PTR ObfDereferenceObjectWithTag(PVOID object, ULONG) { return ObfDereferenceObject(object); }

// @cite(wdk-ddi): page=wdm/nf-wdm-obdereferenceobjectdeferdelete
void ObDereferenceObjectDeferDelete(PVOID object) { dereference_deferred(object); }

void ObDereferenceObjectDeferDeleteWithTag(PVOID object, ULONG) { dereference_deferred(object); }

// @cite(wdk-ddi): page=wdm/nf-wdm-obreferenceobjectsafe
BOOLEAN ObReferenceObjectSafe(PVOID object)
{
    Record& record = manager().require(object);
    if (record.deleting)
        return FALSE;
    reference(object);
    return TRUE;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-obreferenceobjectbyhandle
NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK desired, OBJECT_TYPE* type, KPROCESSOR_MODE mode,
                                   PVOID* object, OBJECT_HANDLE_INFORMATION* information)
{
    put(object, nullptr);
    Type* wanted = type_of_guest(type);
    if (type && !wanted)
        return STATUS_OBJECT_TYPE_MISMATCH;
    HandleTarget target;
    if (auto found = reference_by_handle(handle, desired, wanted, mode); found.ok())
        target = *found;
    else
        return found.status();
    put(object, target.body);
    if (information)
        put(information, { (target.inherit ? OBJ_INHERIT : 0) | (target.protect ? kProtectClose : 0), target.granted });
    return STATUS_SUCCESS;
}

NTSTATUS ObReferenceObjectByHandleWithTag(HANDLE handle, ACCESS_MASK desired, OBJECT_TYPE* type, KPROCESSOR_MODE mode,
                                          ULONG, PVOID* object, OBJECT_HANDLE_INFORMATION* information)
{
    return ObReferenceObjectByHandle(handle, desired, type, mode, object, information);
}

namespace {

// A type that is given must be the object's; UserMode must give one.
bool type_matches(Record const& record, OBJECT_TYPE* type, KPROCESSOR_MODE mode)
{
    return type ? record.type->guest == type : mode == KernelMode;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-obreferenceobjectbypointer
NTSTATUS ObReferenceObjectByPointer(PVOID object, ACCESS_MASK, OBJECT_TYPE* type, KPROCESSOR_MODE mode)
{
    Record& record = manager().require(object);
    bool const matches = !type || record.type->guest == type;
    if ((!matches || !type) && mode != KernelMode)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (type == symbolic_link_type.guest || (!matches && record.type == &symbolic_link_type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    reference(object);
    return STATUS_SUCCESS;
}

NTSTATUS ObReferenceObjectByPointerWithTag(PVOID object, ACCESS_MASK desired, OBJECT_TYPE* type, KPROCESSOR_MODE mode,
                                           ULONG)
{
    return ObReferenceObjectByPointer(object, desired, type, mode);
}

NTSTATUS ObReferenceObjectByName(UNICODE_STRING* name, ULONG attributes, ACCESS_STATE*, ACCESS_MASK desired,
                                 OBJECT_TYPE* type, KPROCESSOR_MODE mode, PVOID, PVOID* object)
{
    Type* wanted = type_of_guest(type);
    auto path = read_string(name);
    if (!path.ok())
        return path.status();
    auto found = look_up(*path, attributes & OBJ_CASE_INSENSITIVE);
    if (!found.ok())
        return found.status();
    if (!wanted || found->type != wanted || !found->remaining.empty()) {
        dereference(found->body);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (auto granted = allowed_access(found->body, desired, mode, attributes); !granted.ok()) {
        dereference(found->body);
        return granted.status();
    }
    put(object, found->body);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-obopenobjectbypointer
NTSTATUS ObOpenObjectByPointer(PVOID object, ULONG attributes, ACCESS_STATE* access_state, ACCESS_MASK desired,
                               OBJECT_TYPE* type, KPROCESSOR_MODE mode, HANDLE* handle)
{
    constexpr ULONG kValid = OBJ_EXCLUSIVE | OBJ_FORCE_ACCESS_CHECK | OBJ_INHERIT | OBJ_KERNEL_HANDLE;
    put(handle, nullptr);
    if ((attributes & ~kValid) || (attributes & (OBJ_EXCLUSIVE | OBJ_INHERIT)) == (OBJ_EXCLUSIVE | OBJ_INHERIT))
        return STATUS_INVALID_PARAMETER;
    Record& record = manager().require(object);
    if (!type_matches(record, type, mode))
        return STATUS_OBJECT_TYPE_MISMATCH;
    // What the access state has been granted before is not asked again.
    ACCESS_MASK before = 0;
    if (access_state) {
        ACCESS_STATE const state = get(access_state);
        desired |= state.RemainingDesiredAccess;
        before = state.PreviouslyGrantedAccess;
    }
    auto const granted = allowed_access(object, desired, mode, attributes);
    if (!granted.ok())
        return granted.status();
    auto opened = open_handle(
        current_process(), object,
        { granted.value() | before, attributes & (OBJ_EXCLUSIVE | OBJ_INHERIT | OBJ_KERNEL_HANDLE) });
    if (!opened.ok())
        return opened.status();
    put(handle, *opened);
    return STATUS_SUCCESS;
}

NTSTATUS ObOpenObjectByPointerWithTag(PVOID object, ULONG attributes, ACCESS_STATE* access_state, ACCESS_MASK desired,
                                      OBJECT_TYPE* type, KPROCESSOR_MODE mode, ULONG, HANDLE* handle)
{
    return ObOpenObjectByPointer(object, attributes, access_state, desired, type, mode, handle);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-obquerynamestring
NTSTATUS ObQueryNameString(PVOID object, OBJECT_NAME_INFORMATION* information, ULONG length, ULONG* return_length)
{
    std::u16string const name = full_name(object);
    size_t const bytes = name.size() * sizeof(char16_t);
    size_t const needed = sizeof(OBJECT_NAME_INFORMATION) + (name.empty() ? 0 : bytes + sizeof(char16_t));
    put(return_length, static_cast<ULONG>(needed));
    if (length < needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (name.empty()) {
        put(information, {});
        return STATUS_SUCCESS;
    }
    auto* text = reinterpret_cast<PWSTR>(information + 1);
    put(information, { { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)), text } });
    ke::copy_or_raise(text, name.c_str(), bytes + sizeof(char16_t));
    return STATUS_SUCCESS;
}

OBJECT_TYPE* ObGetObjectType(PVOID object) { return manager().require(object).type->guest; }

// @cite(wdk-ddi): page=wdm/nf-wdm-zwmaketemporaryobject
void ObMakeTemporaryObject(PVOID object) { make_temporary(object); }

NTSTATUS ZwMakeTemporaryObject(HANDLE handle)
{
    auto target = reference_by_handle(handle, DELETE, nullptr, KernelMode);
    if (!target.ok())
        return target.status();
    make_temporary(target->body);
    dereference(target->body);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-obclosehandle
NTSTATUS ObCloseHandle(HANDLE handle, KPROCESSOR_MODE mode)
{
    return close_handle(current_process(), handle, mode).status();
}

NTSTATUS ZwClose(HANDLE handle) { return ObCloseHandle(handle, KernelMode); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntclose
NTSTATUS NtClose(HANDLE handle) { return ObCloseHandle(handle, previous_mode()); }

BOOLEAN ObIsKernelHandle(HANDLE handle) { return is_kernel_handle(handle); }

} // namespace ringside::ob
