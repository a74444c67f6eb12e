// SPDX-License-Identifier: MIT
// The room's contract rows, and the bodies behind them that other rooms and tests call by name.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"

#include <span>

namespace ringside::cm {

std::span<Ddi const> ddi_rows();

// Keys and values by handle (key_ddi.cpp)
nt::NTSTATUS ZwOpenKey(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes);
nt::NTSTATUS ZwOpenKeyEx(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                         nt::ULONG options);
nt::NTSTATUS ZwCreateKey(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                         nt::ULONG title_index, nt::UNICODE_STRING* class_name, nt::ULONG options,
                         nt::ULONG* disposition);
nt::NTSTATUS ZwDeleteKey(nt::HANDLE handle);
nt::NTSTATUS ZwFlushKey(nt::HANDLE handle);
nt::NTSTATUS ZwQueryKey(nt::HANDLE handle, nt::KEY_INFORMATION_CLASS what, nt::PVOID buffer, nt::ULONG length,
                        nt::ULONG* result_length);
nt::NTSTATUS ZwEnumerateKey(nt::HANDLE handle, nt::ULONG index, nt::KEY_INFORMATION_CLASS what, nt::PVOID buffer,
                            nt::ULONG length, nt::ULONG* result_length);
nt::NTSTATUS ZwEnumerateValueKey(nt::HANDLE handle, nt::ULONG index, nt::KEY_VALUE_INFORMATION_CLASS what,
                                 nt::PVOID buffer, nt::ULONG length, nt::ULONG* result_length);
nt::NTSTATUS ZwQueryValueKey(nt::HANDLE handle, nt::UNICODE_STRING* name, nt::KEY_VALUE_INFORMATION_CLASS what,
                             nt::PVOID buffer, nt::ULONG length, nt::ULONG* result_length);
nt::NTSTATUS ZwSetValueKey(nt::HANDLE handle, nt::UNICODE_STRING* name, nt::ULONG title_index, nt::ULONG type,
                           nt::PVOID data, nt::ULONG size);
nt::NTSTATUS ZwDeleteValueKey(nt::HANDLE handle, nt::UNICODE_STRING* name);

// Keys by path (rtl_registry.cpp, rtl_query.cpp)
nt::NTSTATUS RtlQueryRegistryValues(nt::ULONG relative_to, nt::PCWSTR path, nt::RTL_QUERY_REGISTRY_TABLE* table,
                                    nt::PVOID context, nt::PVOID environment);
nt::NTSTATUS RtlWriteRegistryValue(nt::ULONG relative_to, nt::PCWSTR path, nt::PCWSTR name, nt::ULONG type,
                                   nt::PVOID data, nt::ULONG length);
nt::NTSTATUS RtlDeleteRegistryValue(nt::ULONG relative_to, nt::PCWSTR path, nt::PCWSTR name);
nt::NTSTATUS RtlCheckRegistryKey(nt::ULONG relative_to, nt::PWSTR path);
nt::NTSTATUS RtlCreateRegistryKey(nt::ULONG relative_to, nt::PWSTR path);

} // namespace ringside::cm
