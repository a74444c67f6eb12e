// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-zwquerykey
// @cite(wdk-ddi): page=wdm/ne-wdm-_key_value_information_class
#include "cm/information.h"

#include "cm/value_data.h"
#include "ob/capture.h"

#include <algorithm>

namespace ringside::cm {

using namespace nt;

namespace {

constexpr ULONG kNothing = 0xFFFF'FFFF; // an offset to what is not there

struct Piece {
    size_t offset;
    void const* bytes;
    size_t size;
    size_t end() const { return offset + size; }
};

// The first piece is the fixed part.
template <size_t N>
NTSTATUS deliver(void* buffer, ULONG length, ULONG* result_length, Piece const (&pieces)[N])
{
    size_t total = 0;
    for (Piece const& piece : pieces)
        total = std::max(total, piece.end());
    ob::put(result_length, static_cast<ULONG>(total));
    if (length < pieces[0].end())
        return STATUS_BUFFER_TOO_SMALL;
    for (Piece const& piece : pieces)
        if (piece.size && piece.offset < length)
            ke::copy_or_raise(static_cast<uint8_t*>(buffer) + piece.offset, piece.bytes,
                              std::min(piece.size, length - piece.offset));
    return length < total ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

ULONG bytes_of(std::u16string const& text) { return static_cast<ULONG>(text.size() * sizeof(char16_t)); }

Piece text_at(size_t offset, std::u16string const& text) { return { offset, text.data(), bytes_of(text) }; }

constexpr size_t round_up(size_t offset, size_t to) { return (offset + to - 1) / to * to; }

} // namespace

NTSTATUS query_key(Key& key, uint32_t handle_tags, KEY_INFORMATION_CLASS what, void* buffer, ULONG length,
                   ULONG* result_length)
{
    LARGE_INTEGER const written { .QuadPart = key.last_write };
    ULONG const name_bytes = bytes_of(key.name);
    ULONG const class_bytes = bytes_of(key.class_name);
    switch (what) {
    case KeyBasicInformation: {
        constexpr size_t kName = offsetof(KEY_BASIC_INFORMATION, Name);
        KEY_BASIC_INFORMATION const fixed { written, 0, name_bytes, {} };
        return deliver(buffer, length, result_length, { { 0, &fixed, kName }, text_at(kName, key.name) });
    }
    case KeyNodeInformation: {
        constexpr size_t kName = offsetof(KEY_NODE_INFORMATION, Name);
        size_t const at = round_up(kName + name_bytes, sizeof(ULONG));
        KEY_NODE_INFORMATION const fixed { written,     0,          class_bytes ? static_cast<ULONG>(at) : kNothing,
                                           class_bytes, name_bytes, {} };
        return deliver(
            buffer, length, result_length,
            { { 0, &fixed, kName }, text_at(kName, key.name), text_at(class_bytes ? at : 0, key.class_name) });
    }
    case KeyFullInformation: {
        constexpr size_t kClass = offsetof(KEY_FULL_INFORMATION, Class);
        KEY_FULL_INFORMATION const fixed { written,
                                           0,
                                           class_bytes ? ULONG { kClass } : kNothing,
                                           class_bytes,
                                           static_cast<ULONG>(key.subkeys.size()),
                                           key.max_subkey_name(),
                                           key.max_subkey_class(),
                                           static_cast<ULONG>(key.values.size()),
                                           key.max_value_name(),
                                           key.max_value_data(),
                                           {} };
        return deliver(buffer, length, result_length, { { 0, &fixed, kClass }, text_at(kClass, key.class_name) });
    }
    case KeyNameInformation: {
        PoolText const path(key.path());
        if (!path.ok())
            return STATUS_INSUFFICIENT_RESOURCES;
        constexpr size_t kName = offsetof(KEY_NAME_INFORMATION, Name);
        KEY_NAME_INFORMATION const fixed { static_cast<ULONG>(path.size()), {} };
        return deliver(buffer, length, result_length, { { 0, &fixed, kName }, { kName, path.data(), path.size() } });
    }
    case KeyCachedInformation: {
        KEY_CACHED_INFORMATION const fixed { written,
                                             0,
                                             static_cast<ULONG>(key.subkeys.size()),
                                             key.max_subkey_name(),
                                             static_cast<ULONG>(key.values.size()),
                                             key.max_value_name(),
                                             key.max_value_data(),
                                             name_bytes };
        return deliver(buffer, length, result_length, { { 0, &fixed, sizeof fixed } });
    }
    case KeyVirtualizationInformation: {
        // No key is a candidate: what the kernel and its drivers do is never virtualized.
        KEY_VIRTUALIZATION_INFORMATION fixed {};
        fixed.VirtualTarget = key.virtualization & 1;
        fixed.VirtualStore = key.virtualization >> 1 & 1;
        fixed.VirtualSource = key.virtualization >> 2 & 1;
        return deliver(buffer, length, result_length, { { 0, &fixed, sizeof fixed } });
    }
    case KeyHandleTagsInformation: {
        KEY_HANDLE_TAGS_INFORMATION const fixed { handle_tags };
        return deliver(buffer, length, result_length, { { 0, &fixed, sizeof fixed } });
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS query_value(Value const& value, KEY_VALUE_INFORMATION_CLASS what, void* buffer, ULONG length,
                     ULONG* result_length)
{
    ULONG const name_bytes = bytes_of(value.name);
    auto const data_bytes = static_cast<ULONG>(value.data.size());
    bool const wants_aligned = what == KeyValueFullInformationAlign64 || what == KeyValuePartialInformationAlign64;
    if (wants_aligned && reinterpret_cast<uintptr_t>(buffer) % 8)
        return STATUS_DATATYPE_MISALIGNMENT;
    switch (what) {
    case KeyValueBasicInformation: {
        constexpr size_t kName = offsetof(KEY_VALUE_BASIC_INFORMATION, Name);
        KEY_VALUE_BASIC_INFORMATION const fixed { 0, value.type, name_bytes, {} };
        return deliver(buffer, length, result_length, { { 0, &fixed, kName }, text_at(kName, value.name) });
    }
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64: {
        constexpr size_t kName = offsetof(KEY_VALUE_FULL_INFORMATION, Name);
        size_t const at = round_up(kName + name_bytes, wants_aligned ? 8 : sizeof(ULONG));
        KEY_VALUE_FULL_INFORMATION const fixed { 0,          value.type, data_bytes ? static_cast<ULONG>(at) : kNothing,
                                                 data_bytes, name_bytes, {} };
        return deliver(buffer, length, result_length,
                       { { 0, &fixed, kName },
                         text_at(kName, value.name),
                         { data_bytes ? at : 0, value.data.data(), data_bytes } });
    }
    case KeyValuePartialInformation: {
        constexpr size_t kData = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
        KEY_VALUE_PARTIAL_INFORMATION const fixed { 0, value.type, data_bytes, {} };
        return deliver(buffer, length, result_length,
                       { { 0, &fixed, kData }, { kData, value.data.data(), data_bytes } });
    }
    case KeyValuePartialInformationAlign64: {
        constexpr size_t kData = offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data);
        KEY_VALUE_PARTIAL_INFORMATION_ALIGN64 const fixed { value.type, data_bytes, {} };
        return deliver(buffer, length, result_length,
                       { { 0, &fixed, kData }, { kData, value.data.data(), data_bytes } });
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

} // namespace ringside::cm
