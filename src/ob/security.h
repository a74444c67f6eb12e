// SPDX-License-Identifier: MIT
// Security descriptors of objects. Room ob keeps them and asks at opens; what they mean is room se's, which lies above
// and sets these hooks. Before it does (at boot), and without a descriptor, everybody may do everything.
#pragma once

#include "ob/object.h"

#include <vector>

namespace ringside::ob {

struct Record;

struct SecurityHooks {
    // A caller's descriptor in self-relative form, checked. Faults are the caller's.
    Result<std::vector<uint8_t>> (*capture)(void const* descriptor) = nullptr;
    // The descriptor of a new object, in pool; null results are objects without one. `parent` and `given` may be null.
    Result<void*> (*assign)(Type const& type, void const* parent, void const* given, bool checked) = nullptr;
    // What the current thread's effective token may do of `desired`. STATUS_ACCESS_DENIED and its kin.
    Result<nt::ACCESS_MASK> (*check)(Type const& type, void const* descriptor, nt::ACCESS_MASK desired) = nullptr;
    void (*release)(void* descriptor) = nullptr;
};
extern SecurityHooks g_security;

// The granted access of an open: kernel mode is not asked unless OBJ_FORCE_ACCESS_CHECK says so.
Result<nt::ACCESS_MASK> allowed_access(void* body, nt::ACCESS_MASK desired, nt::KPROCESSOR_MODE mode, uint32_t flags);
// Where the object's descriptor stands; null: the object has no place for one.
void** security_slot(void* body);
// At birth, once: from what its creator gave, else from the directory it stands in and the creator's token.
Result<void> assign_security(Record& record, void const* parent, void const* given, bool checked);

} // namespace ringside::ob
