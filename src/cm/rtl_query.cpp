// SPDX-License-Identifier: MIT
// RtlQueryRegistryValues: a table of questions about the values of a key and its subkeys. The data of each answer is
// copied to pool first, because the driver's routine may change the registry while it looks at it.
// @cite(wdk-ddi): page=wdm/nf-wdm-rtlqueryregistryvalues
// @cite(wdk-ddi): page=wdm/nc-wdm-rtl_query_registry_routine
#include "cm/ddi.h"

#include "cm/environment.h"
#include "cm/objects.h"
#include "cm/relative_key.h"
#include "cm/value_data.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "rtl/allocator.h"

#include <algorithm>
#include <optional>

namespace ringside::cm {

using namespace nt;

namespace {

constexpr ULONG kTypeCheck = 0x100; // RTL_QUERY_REGISTRY_TYPECHECK
constexpr ULONG kTypeCheckShift = 24;
constexpr uint64_t kUnsafeRegistryAccess = 0x18; // FAST_FAIL_UNSAFE_REGISTRY_ACCESS

bool is_string(ULONG type) { return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ; }

// One answer: a value's or the table's default. The bytes are followed by two zero characters that do not count.
struct Answer {
    PCWSTR name;
    ULONG type;
    uint8_t* data;
    ULONG length;
};

struct Query {
    RTL_QUERY_REGISTRY_TABLE entry;
    PVOID context;
    PVOID environment;

    bool is(ULONG flag) const { return entry.Flags & flag; }
};

// Characters up to a terminating zero, and it; at most what the data holds.
ULONG string_length(uint8_t const* data, ULONG bytes)
{
    auto const* text = reinterpret_cast<char16_t const*>(data);
    ULONG const count = bytes / sizeof(char16_t);
    ULONG at = 0;
    while (at < count && text[at])
        ++at;
    return (at + 1) * sizeof(char16_t);
}

NTSTATUS call_routine(Query const& query, PCWSTR name, ULONG type, PVOID data, ULONG length)
{
    NTSTATUS const status
        = ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, query.entry.QueryRoutine,
                           const_cast<PWSTR>(name), type, data, length, query.context, query.entry.EntryContext);
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
}

NTSTATUS store_string(UNICODE_STRING* into, Answer const& answer)
{
    // Data that somebody stored without a terminating zero gets one.
    ULONG length = answer.length & ~1u;
    auto const* text = reinterpret_cast<char16_t const*>(answer.data);
    if (!length || text[length / sizeof(char16_t) - 1])
        length += sizeof(char16_t);
    if (length > 0xFFFF)
        return STATUS_BUFFER_TOO_SMALL;
    UNICODE_STRING string = ob::get(into);
    if (!string.Buffer) {
        string.Buffer = static_cast<PWSTR>(rtl::g_allocator.allocate(length));
        if (!string.Buffer)
            return STATUS_INSUFFICIENT_RESOURCES;
        string.MaximumLength = static_cast<USHORT>(length);
    } else if (length > string.MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    ke::copy_or_raise(string.Buffer, answer.data, length);
    string.Length = static_cast<USHORT>(length - sizeof(char16_t));
    ob::put(into, string);
    return STATUS_SUCCESS;
}

NTSTATUS store(Query const& query, Answer const& answer)
{
    void* const into = query.entry.EntryContext;
    if (is_string(answer.type))
        return store_string(static_cast<UNICODE_STRING*>(into), answer);
    if (answer.length <= sizeof(ULONG)) {
        ke::copy_or_raise(into, answer.data, answer.length);
        return STATUS_SUCCESS;
    }
    auto const capacity = int64_t { ob::get(static_cast<LONG const*>(into)) };
    auto* bytes = static_cast<uint8_t*>(into);
    if (capacity < 0) {
        if (-capacity < answer.length)
            return STATUS_BUFFER_TOO_SMALL;
    } else {
        if (capacity < int64_t { answer.length } + int64_t { 2 * sizeof(ULONG) })
            return STATUS_BUFFER_TOO_SMALL;
        ob::put(reinterpret_cast<ULONG*>(bytes), answer.length);
        ob::put(reinterpret_cast<ULONG*>(bytes) + 1, answer.type);
        bytes += 2 * sizeof(ULONG);
    }
    ke::copy_or_raise(bytes, answer.data, answer.length);
    return STATUS_SUCCESS;
}

NTSTATUS deliver(Query const& query, Answer const& given)
{
    Answer answer = given;
    Expanded expanded;
    if (answer.type == REG_EXPAND_SZ && !query.is(RTL_QUERY_REGISTRY_NOEXPAND)) {
        std::u16string_view const text(reinterpret_cast<char16_t const*>(answer.data),
                                       answer.length / sizeof(char16_t));
        expand_environment(text.substr(0, text.find(u'\0')), query.environment, expanded);
        if (!expanded.block->ok())
            return STATUS_INSUFFICIENT_RESOURCES;
        answer = { answer.name, REG_SZ, expanded.block->data(), expanded.bytes };
    }
    bool const expand = !query.is(RTL_QUERY_REGISTRY_NOEXPAND);
    if (query.is(RTL_QUERY_REGISTRY_DIRECT)) {
        if (answer.type == REG_MULTI_SZ && expand)
            return STATUS_INVALID_PARAMETER;
        return store(query, answer);
    }
    if (expand && answer.type == REG_MULTI_SZ) {
        for (ULONG at = 0; at + sizeof(char16_t) <= answer.length;) {
            uint8_t* const piece = answer.data + at;
            ULONG const length = string_length(piece, answer.length - at);
            if (length == sizeof(char16_t))
                break; // the empty string that ends the list
            if (NTSTATUS status = call_routine(query, answer.name, REG_SZ, piece, length); !NT_SUCCESS(status))
                return status;
            at += length;
        }
        return STATUS_SUCCESS;
    }
    return call_routine(query, answer.name, answer.type, answer.data, answer.length);
}

// Windows 8 and later end the machine when a driver stores what an untrusted hive holds without looking at its type.
void require_safe_access(Query const& query, HANDLE handle)
{
    if (registry().windows() < Windows::win8 || !query.is(RTL_QUERY_REGISTRY_DIRECT) || query.is(kTypeCheck))
        return;
    KeyOfHandle const key(handle, 0);
    if (key.status())
        return; // the query will say so
    for (Key const* at = &key.key(); at->parent && at->parent->parent; at = at->parent)
        if (!at->parent->parent->parent && at->parent->upper == u"MACHINE")
            for (std::u16string_view hive : { u"HARDWARE", u"SOFTWARE", u"SYSTEM", u"SECURITY", u"SAM" })
                if (at->upper == hive)
                    return;
    ke::bug_check(KERNEL_SECURITY_CHECK_FAILURE, kUnsafeRegistryAccess, 0, 0, 0,
                  "RtlQueryRegistryValues with RTL_QUERY_REGISTRY_DIRECT and without RTL_QUERY_REGISTRY_TYPECHECK "
                  "read a key that is in no system hive");
}

// A value as ZwQueryValueKey or ZwEnumerateValueKey returns it, in a block as large as it needs.
class Fetched {
public:
    template <typename Service>
    NTSTATUS fetch(Service service)
    {
        for (ULONG length = kFirstTry;;) {
            m_block.emplace(length);
            if (!m_block->ok())
                return STATUS_INSUFFICIENT_RESOURCES;
            NTSTATUS const status = service(m_block->data(), length, &length);
            if (status != STATUS_BUFFER_OVERFLOW && status != STATUS_BUFFER_TOO_SMALL)
                return status;
        }
    }
    KEY_VALUE_FULL_INFORMATION const& info() const
    {
        return *reinterpret_cast<KEY_VALUE_FULL_INFORMATION const*>(m_block->data());
    }
    std::u16string_view name() const { return { info().Name, info().NameLength / sizeof(char16_t) }; }
    uint8_t const* bytes() const { return m_block->data() + info().DataOffset; }

private:
    static constexpr ULONG kFirstTry = 256;
    std::optional<PoolBytes> m_block;
};

NTSTATUS answer_with_value(Query const& query, Fetched const& value)
{
    KEY_VALUE_FULL_INFORMATION const& info = value.info();
    if (query.is(kTypeCheck) && query.is(RTL_QUERY_REGISTRY_DIRECT)
        && query.entry.DefaultType >> kTypeCheckShift != info.Type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    // Name and data stand in one block: the name, its zero, then the data with two zeros, 8-byte aligned.
    size_t const name_bytes = (info.NameLength + sizeof(char16_t) + 7) & ~size_t { 7 };
    PoolBytes const block(name_bytes + info.DataLength + 2 * sizeof(char16_t) + 1);
    if (!block.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(block.data(), info.Name, info.NameLength);
    if (info.DataLength)
        std::memcpy(block.data() + name_bytes, value.bytes(), info.DataLength);
    return deliver(query,
                   { reinterpret_cast<PCWSTR>(block.data()), info.Type, block.data() + name_bytes, info.DataLength });
}

ULONG default_length(ULONG type, void const* data, ULONG given)
{
    if (given || !is_string(type) || !data)
        return given;
    auto const* text = static_cast<char16_t const*>(data);
    size_t count = 0;
    do {
        while (ob::get(text + count))
            ++count;
        ++count;
    } while (type == REG_MULTI_SZ && ob::get(text + count));
    if (type == REG_MULTI_SZ)
        ++count;
    return static_cast<ULONG>(count * sizeof(char16_t));
}

NTSTATUS answer_with_default(Query const& query)
{
    ULONG const type = query.entry.DefaultType & 0xFF;
    if (type == REG_NONE)
        return STATUS_SUCCESS;
    ULONG const length = default_length(type, query.entry.DefaultData, query.entry.DefaultLength);
    PoolBytes const block(length + 2 * sizeof(char16_t) + 1);
    if (!block.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    if (length)
        ke::copy_or_raise(block.data(), query.entry.DefaultData, length);
    return deliver(query, { query.entry.Name, type, block.data(), length });
}

NTSTATUS answer_by_name(Query const& query, HANDLE key)
{
    UNICODE_STRING name {};
    size_t length = 0;
    while (ob::get(query.entry.Name + length))
        ++length;
    if (length > kValueNameMax)
        return STATUS_NAME_TOO_LONG;
    name.Length = name.MaximumLength = static_cast<USHORT>(length * sizeof(char16_t));
    name.Buffer = const_cast<PWSTR>(query.entry.Name);
    Fetched value;
    NTSTATUS status = value.fetch([&](PVOID buffer, ULONG room, ULONG* needed) {
        return ZwQueryValueKey(key, &name, KeyValueFullInformation, buffer, room, needed);
    });
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && !query.is(RTL_QUERY_REGISTRY_REQUIRED))
        return answer_with_default(query);
    if (!NT_SUCCESS(status))
        return status;
    status = answer_with_value(query, value);
    if (NT_SUCCESS(status) && query.is(RTL_QUERY_REGISTRY_DELETE))
        ZwDeleteValueKey(key, &name);
    return status;
}

// Every value of the key, as it is when its turn comes: the routine may add and delete values.
NTSTATUS answer_all(Query const& query, HANDLE key)
{
    size_t answered = 0;
    for (ULONG index = 0;; ++answered) {
        Fetched value;
        NTSTATUS status = value.fetch([&](PVOID buffer, ULONG room, ULONG* needed) {
            return ZwEnumerateValueKey(key, index, KeyValueFullInformation, buffer, room, needed);
        });
        if (status == STATUS_NO_MORE_ENTRIES)
            return !answered && query.is(RTL_QUERY_REGISTRY_REQUIRED) ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
        if (!NT_SUCCESS(status))
            return status;
        if (status = answer_with_value(query, value); !NT_SUCCESS(status))
            return status;
        auto const bytes = static_cast<USHORT>(value.info().NameLength);
        UNICODE_STRING name { bytes, bytes, const_cast<PWSTR>(value.name().data()) };
        if (!query.is(RTL_QUERY_REGISTRY_DELETE) || !NT_SUCCESS(ZwDeleteValueKey(key, &name)))
            ++index;
    }
}

NTSTATUS answer(Query const& query, HANDLE key)
{
    bool const direct = query.is(RTL_QUERY_REGISTRY_DIRECT);
    if (direct && (!query.entry.Name || query.entry.QueryRoutine))
        return STATUS_INVALID_PARAMETER;
    if (!direct && !query.entry.QueryRoutine)
        return STATUS_INVALID_PARAMETER;
    require_safe_access(query, key);
    if (!query.is(RTL_QUERY_REGISTRY_SUBKEY) && query.entry.Name)
        return answer_by_name(query, key);
    if (query.is(RTL_QUERY_REGISTRY_NOVALUE))
        return call_routine(query, nullptr, REG_NONE, nullptr, 0);
    return answer_all(query, key);
}

} // namespace

NTSTATUS RtlQueryRegistryValues(ULONG relative_to, PCWSTR path, RTL_QUERY_REGISTRY_TABLE* table, PVOID context,
                                PVOID environment)
{
    RelativeKey const top(relative_to, path, false);
    if (top.status())
        return top.status();
    std::optional<RelativeKey> subkey;
    for (;; ++table) {
        Query const query { ob::get(table), context, environment };
        bool const is_subkey = query.is(RTL_QUERY_REGISTRY_SUBKEY);
        if (!query.entry.QueryRoutine && !query.entry.Name)
            return STATUS_SUCCESS;
        if (query.is(RTL_QUERY_REGISTRY_TOPKEY) || is_subkey)
            subkey.reset();
        if (is_subkey) {
            if (!query.entry.Name || query.is(RTL_QUERY_REGISTRY_DIRECT))
                return STATUS_INVALID_PARAMETER;
            size_t length = 0;
            while (ob::get(query.entry.Name + length))
                ++length;
            subkey.emplace(top.handle(), std::u16string_view(query.entry.Name, length));
            if (subkey->status())
                return subkey->status();
            if (!query.entry.QueryRoutine)
                continue; // only a change of place
        }
        if (NTSTATUS status = answer(query, subkey ? subkey->handle() : top.handle()); !NT_SUCCESS(status))
            return status;
    }
}

} // namespace ringside::cm
