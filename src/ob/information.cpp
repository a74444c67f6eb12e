// SPDX-License-Identifier: MIT
// What can be asked about an object by handle, and the handle's own attributes.
#include "ob/ddi.h"

#include "ob/capture.h"
#include "ob/manager.h"
#include "ob/service.h"

#include <cstring>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr size_t kNameBytesMax = 64;

// The lengths that every class reports, also when it fails for want of them.
NTSTATUS report(ULONG* return_length, size_t bytes, NTSTATUS status)
{
    if (return_length)
        put(return_length, static_cast<ULONG>(bytes));
    return status;
}

size_t name_bytes(Type const& type) { return std::strlen(type.name) * sizeof(char16_t); }
size_t type_bytes(Type const& type) { return sizeof(OBJECT_TYPE_INFORMATION) + name_bytes(type) + sizeof(char16_t); }

void put_type(void* at, Type const& type)
{
    TypeCounts const& counts = manager().counts_of(type);
    size_t const bytes = name_bytes(type);
    auto* text = reinterpret_cast<PWSTR>(static_cast<uint8_t*>(at) + sizeof(OBJECT_TYPE_INFORMATION));
    OBJECT_TYPE_INFORMATION information {};
    information.TypeName = { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)), text };
    information.TotalNumberOfObjects = counts.objects;
    information.TotalNumberOfHandles = counts.handles;
    information.HighWaterNumberOfObjects = counts.most_objects;
    information.HighWaterNumberOfHandles = counts.most_handles;
    information.GenericMapping = type.mapping;
    information.ValidAccessMask = type.all_access | (type.wait_offset >= 0 ? SYNCHRONIZE : 0);
    information.SecurityRequired = type.name_survives_handles;
    information.TypeIndex = type_index(type);
    information.PoolType = NonPagedPoolNx;
    put(static_cast<OBJECT_TYPE_INFORMATION*>(at), information);
    char16_t wide[kNameBytesMax / sizeof(char16_t)] {};
    for (size_t i = 0; type.name[i]; ++i)
        wide[i] = static_cast<char16_t>(type.name[i]);
    ke::copy_or_raise(text, wide, bytes + sizeof(char16_t));
}

ULONG attributes_of(HandleTarget const& target)
{
    Record const& record = manager().require(target.body);
    return (target.inherit ? OBJ_INHERIT : 0) | (target.protect ? kProtectClose : 0)
        | (record.permanent ? OBJ_PERMANENT : 0) | (record.exclusive ? OBJ_EXCLUSIVE : 0);
}

NTSTATUS basic(HandleTarget const& target, PVOID into, ULONG length, ULONG* return_length)
{
    if (length != sizeof(OBJECT_BASIC_INFORMATION))
        return report(return_length, sizeof(OBJECT_BASIC_INFORMATION), STATUS_INFO_LENGTH_MISMATCH);
    Record const& record = manager().require(target.body);
    OBJECT_BASIC_INFORMATION information {};
    information.Attributes = attributes_of(target);
    information.GrantedAccess = target.granted;
    information.HandleCount = record.handles;
    information.PointerCount = record.pointers - 1; // without the one that this query holds
    if (record.directory)
        information.NameInfoSize = static_cast<ULONG>(sizeof(OBJECT_NAME_INFORMATION)
                                                      + (full_name(target.body).size() + 1) * sizeof(char16_t));
    information.TypeInfoSize = static_cast<ULONG>(type_bytes(*target.type));
    put(static_cast<OBJECT_BASIC_INFORMATION*>(into), information);
    return report(return_length, sizeof information, STATUS_SUCCESS);
}

NTSTATUS type(HandleTarget const& target, PVOID into, ULONG length, ULONG* return_length)
{
    size_t const bytes = type_bytes(*target.type);
    if (length < bytes)
        return report(return_length, bytes, STATUS_INFO_LENGTH_MISMATCH);
    put_type(into, *target.type);
    return report(return_length, bytes, STATUS_SUCCESS);
}

NTSTATUS types(PVOID into, ULONG length, ULONG* return_length)
{
    auto const round = [](size_t bytes) { return (bytes + 7) & ~size_t { 7 }; };
    size_t bytes = round(sizeof(OBJECT_TYPES_INFORMATION));
    for (Type const* each : kTypes)
        bytes += round(type_bytes(*each));
    if (length < bytes)
        return report(return_length, bytes, STATUS_INFO_LENGTH_MISMATCH);
    put(static_cast<OBJECT_TYPES_INFORMATION*>(into), { static_cast<ULONG>(kTypeCount) });
    auto* at = static_cast<uint8_t*>(into) + round(sizeof(OBJECT_TYPES_INFORMATION));
    for (Type const* each : kTypes) {
        put_type(at, *each);
        at += round(type_bytes(*each));
    }
    return report(return_length, bytes, STATUS_SUCCESS);
}

NTSTATUS flags(HandleTarget const& target, PVOID into, ULONG length, ULONG* return_length)
{
    if (length != sizeof(OBJECT_HANDLE_FLAG_INFORMATION))
        return report(return_length, sizeof(OBJECT_HANDLE_FLAG_INFORMATION), STATUS_INFO_LENGTH_MISMATCH);
    put(static_cast<OBJECT_HANDLE_FLAG_INFORMATION*>(into), { target.inherit, target.protect });
    return report(return_length, length, STATUS_SUCCESS);
}

NTSTATUS query(HANDLE handle, OBJECT_INFORMATION_CLASS what, PVOID into, ULONG length, ULONG* return_length,
               KPROCESSOR_MODE mode)
{
    if (NTSTATUS status = probe(mode, into, length, sizeof(ULONG)); status)
        return status;
    if (NTSTATUS status = probe(mode, return_length, sizeof(ULONG), sizeof(ULONG)); status)
        return status;
    if (what == ObjectTypesInformation) // about no object in particular: any handle will do
        return types(into, length, return_length);
    if (what < ObjectBasicInformation || what > ObjectHandleFlagInformation)
        return STATUS_INVALID_INFO_CLASS;
    auto found = reference_by_handle(handle, 0, nullptr, mode);
    if (!found.ok())
        return found.status();
    Held held(found->body);
    switch (what) {
    case ObjectBasicInformation:
        return basic(*found, into, length, return_length);
    case ObjectNameInformation: {
        ULONG needed = 0;
        NTSTATUS const status
            = ObQueryNameString(held.body(), static_cast<OBJECT_NAME_INFORMATION*>(into), length, &needed);
        return report(return_length, needed, status);
    }
    case ObjectTypeInformation:
        return type(*found, into, length, return_length);
    default:
        return flags(*found, into, length, return_length);
    }
}

} // namespace

UCHAR type_index(Type const& type)
{
    constexpr UCHAR kFirst = 2; // as on Windows, where 0 and 1 are no types
    return static_cast<UCHAR>(kFirst + (reinterpret_cast<uintptr_t>(type.guest) - kGuestTypes) / kGuestTypeBytes);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwqueryobject
NTSTATUS ZwQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS what, PVOID into, ULONG length, ULONG* return_length)
{
    return query(handle, what, into, length, return_length, KernelMode);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntqueryobject
NTSTATUS NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS what, PVOID into, ULONG length, ULONG* return_length)
{
    KPROCESSOR_MODE const mode = previous_mode();
    return as_service(mode, [&] { return query(handle, what, into, length, return_length, mode); });
}

NTSTATUS ZwSetInformationObject(HANDLE handle, OBJECT_INFORMATION_CLASS what, PVOID information, ULONG length)
{
    if (what != ObjectHandleFlagInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(OBJECT_HANDLE_FLAG_INFORMATION))
        return STATUS_INFO_LENGTH_MISMATCH;
    return ObSetHandleAttributes(handle, static_cast<OBJECT_HANDLE_FLAG_INFORMATION*>(information), KernelMode);
}

NTSTATUS ObSetHandleAttributes(HANDLE handle, OBJECT_HANDLE_FLAG_INFORMATION* flags, KPROCESSOR_MODE mode)
{
    OBJECT_HANDLE_FLAG_INFORMATION const given = get(flags);
    return set_handle_flags(current_process(), handle, mode, given.Inherit, given.ProtectFromClose).status();
}

} // namespace ringside::ob
