// SPDX-License-Identifier: MIT
// Opening and creating by OBJECT_ATTRIBUTES: where the path starts, what is left of it, and the handle at its end.
#pragma once

#include "cm/callbacks.h"
#include "cm/objects.h"

#include <optional>

namespace ringside::cm {

// A path, captured in pool: it outlives calls into registry callbacks.
class KeyPath {
public:
    // STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH, STATUS_OBJECT_NAME_NOT_FOUND ...: what names a key but no
    // registry path.
    explicit KeyPath(nt::OBJECT_ATTRIBUTES const* attributes);
    KeyPath(KeyPath const&) = delete;
    KeyPath& operator=(KeyPath const&) = delete;
    nt::NTSTATUS status() const { return m_status; }
    void* root() const { return m_root.body(); } // a key object: \REGISTRY's, or what RootDirectory names
    std::u16string_view below() const { return m_below->text(); }
    nt::OBJECT_ATTRIBUTES const& given() const { return m_given; }
    // A sound self-relative descriptor that the attributes gave; null: none.
    void const* security() const { return m_security ? m_security->data() : nullptr; }
    bool checked() const { return m_given.Attributes & nt::OBJ_FORCE_ACCESS_CHECK; }
    bool kernel_handle() const { return m_given.Attributes & nt::OBJ_KERNEL_HANDLE; }

private:
    nt::NTSTATUS capture();
    nt::OBJECT_ATTRIBUTES m_given {};
    nt::NTSTATUS m_status;
    ob::Held m_root { nullptr };
    std::optional<PoolText> m_below;
    std::optional<PoolBytes> m_security;
};

struct OpenRequest {
    nt::ACCESS_MASK desired = 0;
    nt::ULONG options = 0;
    bool create = false;
    nt::UNICODE_STRING* class_name = nullptr;
    nt::ULONG* disposition = nullptr;
};
nt::NTSTATUS open_or_create(nt::HANDLE* handle, nt::OBJECT_ATTRIBUTES* attributes, OpenRequest const& request);

} // namespace ringside::cm
