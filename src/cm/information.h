// SPDX-License-Identifier: MIT
// The information classes of keys and values, as ZwQueryKey and its relatives return them: a fixed part that must fit
// (else STATUS_BUFFER_TOO_SMALL and nothing is written), then names, classes and data as far as they fit
// (STATUS_BUFFER_OVERFLOW when they do not). *ResultLength is the whole size in every case.
#pragma once

#include "cm/registry.h"

namespace ringside::cm {

// STATUS_INVALID_PARAMETER for a class that is none, or not for the call.
nt::NTSTATUS query_key(Key& key, uint32_t handle_tags, nt::KEY_INFORMATION_CLASS what, void* buffer, nt::ULONG length,
                       nt::ULONG* result_length);
nt::NTSTATUS query_value(Value const& value, nt::KEY_VALUE_INFORMATION_CLASS what, void* buffer, nt::ULONG length,
                         nt::ULONG* result_length);

} // namespace ringside::cm
