// SPDX-License-Identifier: MIT
// Security descriptors of keys, in self-relative form. A key that was given none has what its parent hands down:
// administrators and the system may do everything, users may read. That is stored when it is first asked for.
#pragma once

#include "base/result.h"
#include "cm/key.h"

#include <map>
#include <span>

namespace ringside::cm {

using DescriptorBytes = std::vector<uint8_t>;

// Where the key's descriptor stands. Pool that is empty leaves the key without one until it is asked again.
void** descriptor_slot(Key& key);
// The same bytes, or those that would be stored; nothing changes.
DescriptorBytes descriptor_of(Key const& key);

// What keys hand down to subkeys; computed once for each descriptor that occurs.
class Inheritance {
public:
    DescriptorBytes const& below(DescriptorBytes const& parent);

private:
    std::map<DescriptorBytes, DescriptorBytes> m_below;
};

// A new key gets what its creator gave (self-relative, sound) and what its parent hands down. STATUS_INVALID_OWNER and
// its kin for `checked` callers, STATUS_INSUFFICIENT_RESOURCES.
Result<void> give_descriptor(Key& key, void const* given, bool checked);
// Whether the current thread may make subkeys here. STATUS_ACCESS_DENIED and its kin.
Result<void> may_create_below(Key& parent);
// Stores sound bytes as they are. STATUS_INSUFFICIENT_RESOURCES.
Result<void*> descriptor_in_pool(std::span<uint8_t const> bytes);
void release_descriptor(void* descriptor);

} // namespace ringside::cm
