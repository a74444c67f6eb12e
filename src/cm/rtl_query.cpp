// SPDX-License-Identifier: MIT
// RtlQueryRegistryValues: a table of questions about the values of a key and its subkeys. The data of each answer is
// copied to pool first, because the driver's routine may change the registry while it looks at it.
// @cite(wdk-ddi): page=wdm/nf-wdm-rtlqueryregistryvalues
// @cite(wdk-ddi): page=wdm/nc-wdm-rtl_query_registry_routine
#include "cm/ddi.h"

#include "cm/relative_key.h"
#include "cm/value_data.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "rtl/allocator.h"

#include <algorithm>

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

NTSTATUS deliver(Query const& query, Answer const& answer)
{
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
    ULONG const type = expand && answer.type == REG_EXPAND_SZ ? REG_SZ : answer.type;
    return call_routine(query, answer.name, type, answer.data, answer.length);
}

// Windows 8 and later end the machine when a driver stores what an untrusted hive holds without looking at its type.
void require_safe_access(Query const& query, Key const& key)
{
    if (registry().windows() < Windows::win8 || !query.is(RTL_QUERY_REGISTRY_DIRECT) || query.is(kTypeCheck))
        return;
    constexpr std::u16string_view kMachine = u"\\REGISTRY\\MACHINE\\";
    if (std::u16string_view(key.path).substr(0, kMachine.size()) == kMachine)
        for (auto hive : { u"HARDWARE", u"SOFTWARE", u"SYSTEM", u"SECURITY", u"SAM" }) {
            auto const rest = std::u16string_view(key.path).substr(kMachine.size());
            if (ob::same_name(rest.substr(0, rest.find(u'\\')), hive, true))
                return;
        }
    ke::bug_check(KERNEL_SECURITY_CHECK_FAILURE, kUnsafeRegistryAccess, 0, 0, 0,
                  "RtlQueryRegistryValues with RTL_QUERY_REGISTRY_DIRECT and without RTL_QUERY_REGISTRY_TYPECHECK "
                  "read a key that is in no system hive");
}

NTSTATUS answer_with_value(Query const& query, Key& key, std::u16string_view name)
{
    Value const& value = *key.value(name);
    if (query.is(kTypeCheck) && query.is(RTL_QUERY_REGISTRY_DIRECT)
        && query.entry.DefaultType >> kTypeCheckShift != value.type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    // Name and data stand in one block: the name, its zero, then the data with two zeros, 8-byte aligned.
    size_t const name_bytes = ((value.name.size() + 1) * sizeof(char16_t) + 7) & ~size_t { 7 };
    PoolBytes const block(name_bytes + value.data.size() + 2 * sizeof(char16_t) + 1);
    if (!block.ok())
        return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(block.data(), value.name.data(), value.name.size() * sizeof(char16_t));
    std::ranges::copy(value.data, block.data() + name_bytes);
    return deliver(query, { reinterpret_cast<PCWSTR>(block.data()), value.type, block.data() + name_bytes,
                            static_cast<ULONG>(value.data.size()) });
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

NTSTATUS answer_by_name(Query const& query, Key& key)
{
    bool deletes = query.is(RTL_QUERY_REGISTRY_DELETE);
    Value const* value = nullptr;
    {
        std::u16string const name = ob::read_zero_terminated(query.entry.Name);
        value = key.value(name);
    }
    if (!value) {
        if (query.is(RTL_QUERY_REGISTRY_REQUIRED))
            return STATUS_OBJECT_NAME_NOT_FOUND;
        return answer_with_default(query);
    }
    NTSTATUS const status = answer_with_value(query, key, value->name);
    if (NT_SUCCESS(status) && deletes && !key.deleted)
        registry().delete_value(key, ob::read_zero_terminated(query.entry.Name));
    return status;
}

// Every value of the key, as it is when its turn comes: the routine may add and delete values.
NTSTATUS answer_all(Query const& query, Key& key)
{
    size_t answered = 0;
    for (size_t index = 0; index < key.values.size(); ++answered) {
        uint64_t const number = key.values[index]->number;
        if (NTSTATUS status = answer_with_value(query, key, key.values[index]->name); !NT_SUCCESS(status))
            return status;
        if (query.is(RTL_QUERY_REGISTRY_DELETE) && index < key.values.size() && key.values[index]->number == number)
            key.values.erase(key.values.begin() + static_cast<ptrdiff_t>(index));
        else
            ++index;
    }
    return !answered && query.is(RTL_QUERY_REGISTRY_REQUIRED) ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
}

NTSTATUS answer(Query const& query, Key& key)
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
    auto walked = relative_key(relative_to, path, Missing::Fail);
    if (!walked.ok())
        return walked.status();
    KeyRef const top(*walked->key);
    KeyRef current(*top);
    for (;; ++table) {
        Query const query { ob::get(table), context };
        bool const is_subkey = query.is(RTL_QUERY_REGISTRY_SUBKEY);
        if (!query.entry.QueryRoutine && !query.entry.Name)
            return STATUS_SUCCESS;
        if (query.is(RTL_QUERY_REGISTRY_TOPKEY) || is_subkey)
            current.reset(*top);
        if (is_subkey) {
            if (!query.entry.Name || query.is(RTL_QUERY_REGISTRY_DIRECT))
                return STATUS_INVALID_PARAMETER;
            auto subkey = registry().walk(*top, ob::read_zero_terminated(query.entry.Name), Missing::Fail);
            if (!subkey.ok())
                return subkey.status();
            current.reset(*subkey->key);
            if (!query.entry.QueryRoutine)
                continue; // only a change of place
        }
        if (current->deleted)
            return STATUS_KEY_DELETED;
        if (NTSTATUS status = answer(query, *current); !NT_SUCCESS(status))
            return status;
    }
}

} // namespace ringside::cm
