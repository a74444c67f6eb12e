// SPDX-License-Identifier: MIT
// Keys for contract samples: attributes, handles and names in memory that a driver would have.
#pragma once

#include "contract.h"
#include "nt/nt.h"

namespace ringside::test {

inline constexpr char16_t kSampleKey[] = u"\\Registry\\Machine\\Software\\Sample";

inline nt::OBJECT_ATTRIBUTES& attributes_of(At& at, std::u16string_view path, nt::HANDLE root = nullptr)
{
    auto& attributes = at.object<nt::OBJECT_ATTRIBUTES>();
    attributes.Length = sizeof attributes;
    attributes.RootDirectory = root;
    attributes.ObjectName = &at.string(path);
    attributes.Attributes = nt::OBJ_KERNEL_HANDLE | nt::OBJ_CASE_INSENSITIVE;
    return attributes;
}

inline nt::HANDLE make_key(At& at, std::u16string_view path = kSampleKey, nt::HANDLE root = nullptr)
{
    auto& handle = at.object<nt::HANDLE>();
    EXPECT_EQ(
        at.also("ZwCreateKey", &handle, nt::KEY_ALL_ACCESS, &attributes_of(at, path, root), 0, nullptr, 0, nullptr),
        0u);
    return handle;
}

// A key whose handle is good for closing only.
inline nt::HANDLE make_deleted_key(At& at)
{
    nt::HANDLE const key = make_key(at, u"\\Registry\\Machine\\Software\\Deleted");
    EXPECT_EQ(at.also("ZwDeleteKey", key), 0u);
    return key;
}

inline void set_number(At& at, nt::HANDLE key, std::u16string_view name, uint32_t number)
{
    auto& data = at.object<uint32_t>();
    data = number;
    EXPECT_EQ(at.also("ZwSetValueKey", key, &at.string(name), 0, nt::REG_DWORD, &data, 4), 0u);
}

// The value's number, or nothing.
inline std::optional<uint32_t> number_in(At& at, std::u16string_view path, std::u16string_view name)
{
    cm::Key const* const key = at.rooms().registry.find(path);
    cm::Value const* const value = key ? key->value(name) : nullptr;
    if (!value || value->data.size() < 4)
        return std::nullopt;
    uint32_t number;
    std::memcpy(&number, value->data.data(), 4);
    return number;
}

inline nt::HANDLE no_handle() { return reinterpret_cast<nt::HANDLE>(0x7FFC); }

} // namespace ringside::test
