// SPDX-License-Identifier: MIT
// Object directories and symbolic links by handle.
#include "ob/ddi.h"

#include "ob/capture.h"
#include "ob/manager.h"
#include "ob/service.h"

#include <algorithm>
#include <cstring>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr uint32_t kLinkTag = 'bmyS';      // "Symb"
constexpr size_t kLinkBytes = 0x20;
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
    auto created = create_named(
        directory_type, kDirectoryBytes, kDirectoryTag, *captured, desired, [](void*, void*) { }, nullptr);
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

// Entries stand at the front of the buffer and end with an empty one; their strings follow. The context is the place in
// the directory's order of birth from which the next call goes on, so that names that come and go between calls neither
// hide others nor appear twice.
NTSTATUS ZwQueryDirectoryObject(HANDLE handle, PVOID into, ULONG length, BOOLEAN single, BOOLEAN restart,
                                ULONG* context, ULONG* return_length)
{
    auto found = reference_by_handle(handle, DIRECTORY_QUERY, &directory_type, KernelMode);
    if (!found.ok())
        return found.status();
    Held held(found->body);
    auto const& children = manager().require(held.body()).children->by_birth;
    uint64_t const from = restart ? 0 : get(context);
    auto const first = children.lower_bound(from);
    // What fits: each name takes an entry and its two strings; the last, empty entry is there always.
    size_t bytes = sizeof(OBJECT_DIRECTORY_INFORMATION);
    size_t count = 0;
    auto end = first;
    auto const bytes_of = [](Record const& record) {
        return sizeof(OBJECT_DIRECTORY_INFORMATION)
            + (record.name.size() + 1 + std::strlen(record.type->name) + 1) * sizeof(char16_t);
    };
    for (; end != children.end() && (!single || !count) && bytes + bytes_of(*end->second) <= length; ++end, ++count)
        bytes += bytes_of(*end->second);
    if (first == children.end()) {
        if (return_length)
            put(return_length, 0u);
        return STATUS_NO_MORE_ENTRIES;
    }
    if (!count) {
        if (return_length)
            put(return_length, static_cast<ULONG>(bytes + bytes_of(*first->second)));
        return single ? STATUS_BUFFER_TOO_SMALL : STATUS_MORE_ENTRIES;
    }
    auto* entry = static_cast<OBJECT_DIRECTORY_INFORMATION*>(into);
    auto* text = reinterpret_cast<uint8_t*>(entry + count + 1);
    auto const add = [&text](auto const& from, size_t characters) {
        for (size_t i = 0; i <= characters; ++i)
            put(reinterpret_cast<char16_t*>(text) + i, i < characters ? static_cast<char16_t>(from[i]) : u'\0');
        auto const bytes = static_cast<USHORT>(characters * sizeof(char16_t));
        UNICODE_STRING string { bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), reinterpret_cast<PWSTR>(text) };
        text += bytes + sizeof(char16_t);
        return string;
    };
    for (auto it = first; it != end; ++it, ++entry) {
        UNICODE_STRING const name = add(it->second->name, it->second->name.size());
        put(entry, { name, add(it->second->type->name, std::strlen(it->second->type->name)) });
    }
    put(entry, {});
    put(context, static_cast<ULONG>(end == children.end() ? children.rbegin()->first + 1 : end->first));
    if (return_length)
        put(return_length, static_cast<ULONG>(bytes));
    return end == children.end() || single ? STATUS_SUCCESS : STATUS_MORE_ENTRIES;
}

NTSTATUS ZwCreateSymbolicLinkObject(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes,
                                    UNICODE_STRING* target)
{
    static_cast<void>(read_string(target)); // its faults come before this frame owns a string
    auto captured = read_attributes(attributes, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto text = read_string(target);
    if (!text.ok() || text->empty())
        return STATUS_INVALID_PARAMETER;
    auto created = create_named(
        symbolic_link_type, kLinkBytes, kLinkTag, *captured, desired,
        [](void* body, void* context) {
            manager().require(body).target = std::move(*static_cast<std::u16string*>(context));
        },
        &*text);
    if (!created.ok())
        return created.status();
    put(handle, created->handle);
    return created->existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
}

} // namespace ringside::ob
