// SPDX-License-Identifier: MIT
// RTL_REGISTRY_*: the places that the Rtl*Registry* routines take their paths relative to, opened as any driver would:
// what these routines do is seen by registry callbacks.
#pragma once

#include "cm/registry.h"

#include <optional>

namespace ringside::cm {

class RelativeKey {
public:
    // `path` is a zero-terminated string, or with RTL_REGISTRY_HANDLE a handle, which stays the caller's.
    // STATUS_INVALID_PARAMETER for a place that is none, and ZwOpenKey's or ZwCreateKey's errors.
    RelativeKey(nt::ULONG relative_to, nt::PCWSTR path, bool create);
    // A subkey of a key that is open.
    RelativeKey(nt::HANDLE root, std::u16string_view path);
    ~RelativeKey();
    RelativeKey(RelativeKey const&) = delete;
    RelativeKey& operator=(RelativeKey const&) = delete;
    nt::NTSTATUS status() const { return m_status; }
    nt::HANDLE handle() const { return m_handle; }

private:
    void open(nt::HANDLE root, std::u16string_view place, std::u16string_view path, bool create);
    nt::NTSTATUS m_status = 0;
    nt::HANDLE m_handle = nullptr;
    bool m_ours = false;
};

} // namespace ringside::cm
