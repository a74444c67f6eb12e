// SPDX-License-Identifier: MIT
// Object directories and symbolic links by handle.
#include "ob/ddi.h"

#include "ob/capture.h"

namespace ringside::ob {

using namespace nt;

namespace {

constexpr uint32_t kDirectoryTag = 'eriD'; // "Dire"
constexpr size_t kDirectoryBytes = 0x158;

NTSTATUS open(Type& type, HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    if (!attributes)
        return STATUS_INVALID_PARAMETER;
    auto captured = read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto opened = open_named(type, *captured, desired);
    if (!opened.ok())
        return opened.status();
    put(handle, *opened);
    return STATUS_SUCCESS;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatedirectoryobject
NTSTATUS ZwCreateDirectoryObject(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    auto captured = read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto created = create_named(directory_type, kDirectoryBytes, kDirectoryTag, *captured, desired,
                                [](void*, void*) {}, nullptr);
    if (!created.ok())
        return created.status();
    put(handle, created->handle);
    return created->existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwopendirectoryobject
NTSTATUS ZwOpenDirectoryObject(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    return open(directory_type, handle, desired, attributes);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwopensymboliclinkobject
NTSTATUS ZwOpenSymbolicLinkObject(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    return open(symbolic_link_type, handle, desired, attributes);
}

// A caller that asks for the length also gets the terminating zero, and the length counts it.
// @cite(wdk-ddi): page=wdm/nf-wdm-zwquerysymboliclinkobject
NTSTATUS ZwQuerySymbolicLinkObject(HANDLE handle, UNICODE_STRING* target, ULONG* returned_length)
{
    UNICODE_STRING into = get(target);
    auto found = reference_by_handle(handle, SYMBOLIC_LINK_QUERY, &symbolic_link_type, KernelMode);
    if (!found.ok())
        return found.status();
    Held link(found->body);
    std::u16string const& text = target_of_link(link.body());
    auto const bytes = static_cast<ULONG>(text.size() * sizeof(char16_t));
    ULONG const copied = returned_length ? bytes + sizeof(char16_t) : bytes;
    if (returned_length)
        put(returned_length, copied);
    if (into.MaximumLength < copied)
        return STATUS_BUFFER_TOO_SMALL;
    ke::copy_or_raise(into.Buffer, text.c_str(), copied);
    into.Length = static_cast<USHORT>(bytes);
    put(target, into);
    return STATUS_SUCCESS;
}

} // namespace ringside::ob
