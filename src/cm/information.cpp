// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-zwquerykey
// @cite(wdk-ddi): page=wdm/ne-wdm-_key_value_information_class
#include "cm/information.h"

#include "ob/capture.h"

#include <algorithm>

namespace ringside::cm {

using namespace nt;

namespace {

// Not in the driver kit's wdm.h: declared in ntddk.h.
struct KeyNameHeader {
    ULONG NameLength;
};
struct KeyCachedInformationBody {
    LARGE_INTEGER LastWriteTime;
    ULONG TitleIndex;
    ULONG SubKeys;
    ULONG MaxNameLen;
    ULONG Values;
    ULONG MaxValueNameLen;
    ULONG MaxValueDataLen;
    ULONG NameLength;
};
static_assert(sizeof(KeyCachedInformationBody) == 0x28);

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

struct Widest {
    ULONG subkey_name = 0;
    ULONG subkey_class = 0;
    ULONG value_name = 0;
    ULONG value_data = 0;
};

Widest widest_of(Key const& key)
{
    Widest widest;
    for (auto const& subkey : key.subkeys) {
        widest.subkey_name = std::max(widest.subkey_name, bytes_of(subkey->name));
        widest.subkey_class = std::max(widest.subkey_class, bytes_of(subkey->class_name));
    }
    for (auto const& value : key.values) {
        widest.value_name = std::max(widest.value_name, bytes_of(value->name));
        widest.value_data = std::max(widest.value_data, static_cast<ULONG>(value->data.size()));
    }
    return widest;
}

} // namespace

NTSTATUS query_key(Key const& key, KEY_INFORMATION_CLASS what, void* buffer, ULONG length, ULONG* result_length)
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
        KEY_NODE_INFORMATION const fixed { written, 0, class_bytes ? static_cast<ULONG>(at) : kNothing, class_bytes,
                                           name_bytes, {} };
        return deliver(buffer, length, result_length,
                       { { 0, &fixed, kName },
                         text_at(kName, key.name),
                         text_at(class_bytes ? at : 0, key.class_name) });
    }
    case KeyFullInformation: {
        constexpr size_t kClass = offsetof(KEY_FULL_INFORMATION, Class);
        Widest const widest = widest_of(key);
        KEY_FULL_INFORMATION const fixed { written, 0, class_bytes ? ULONG { kClass } : kNothing, class_bytes,
                                           static_cast<ULONG>(key.subkeys.size()), widest.subkey_name,
                                           widest.subkey_class, static_cast<ULONG>(key.values.size()),
                                           widest.value_name, widest.value_data, {} };
        return deliver(buffer, length, result_length, { { 0, &fixed, kClass }, text_at(kClass, key.class_name) });
    }
    case KeyNameInformation: {
        KeyNameHeader const fixed { bytes_of(key.path) };
        return deliver(buffer, length, result_length, { { 0, &fixed, sizeof fixed }, text_at(sizeof fixed, key.path) });
    }
    case KeyCachedInformation: {
        Widest const widest = widest_of(key);
        KeyCachedInformationBody const fixed { written, 0, static_cast<ULONG>(key.subkeys.size()), widest.subkey_name,
                                               static_cast<ULONG>(key.values.size()), widest.value_name,
                                               widest.value_data, name_bytes };
        return deliver(buffer, length, result_length, { { 0, &fixed, sizeof fixed } });
    }
    case KeyVirtualizationInformation: {
        ULONG const fixed = 0; // no key of a system hive seen by the kernel is virtualized
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
        KEY_VALUE_FULL_INFORMATION const fixed { 0, value.type, data_bytes ? static_cast<ULONG>(at) : kNothing,
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
