// SPDX-License-Identifier: MIT
// The room's contract rows, and the bodies behind them that other rooms and tests call by name.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"

#include <span>

namespace ringside::cm {

std::span<Ddi const> ddi_rows();

// Keys and values by handle (key_open.cpp, key_ddi.cpp, value_ddi.cpp, notify.cpp)
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
nt::NTSTATUS ZwRenameKey(nt::HANDLE handle, nt::UNICODE_STRING* name);
nt::NTSTATUS ZwSetInformationKey(nt::HANDLE handle, nt::KEY_SET_INFORMATION_CLASS what, nt::PVOID information,
                                 nt::ULONG length);
nt::NTSTATUS ZwQueryMultipleValueKey(nt::HANDLE handle, nt::KEY_VALUE_ENTRY* entries, nt::ULONG count, nt::PVOID buffer,
                                     nt::ULONG* length, nt::ULONG* required);
nt::NTSTATUS ZwNotifyChangeKey(nt::HANDLE handle, nt::HANDLE event, nt::PIO_APC_ROUTINE routine, nt::PVOID context,
                               nt::IO_STATUS_BLOCK* io_status, nt::ULONG filter, nt::BOOLEAN tree, nt::PVOID buffer,
                               nt::ULONG length, nt::BOOLEAN asynchronous);

// Hives (hive_ddi.cpp)
nt::NTSTATUS ZwSaveKey(nt::HANDLE handle, nt::HANDLE file);
nt::NTSTATUS ZwSaveKeyEx(nt::HANDLE handle, nt::HANDLE file, nt::ULONG format);
nt::NTSTATUS ZwRestoreKey(nt::HANDLE handle, nt::HANDLE file, nt::ULONG flags);
nt::NTSTATUS ZwLoadKey(nt::OBJECT_ATTRIBUTES* target, nt::OBJECT_ATTRIBUTES* source);
nt::NTSTATUS ZwLoadKeyEx(nt::OBJECT_ATTRIBUTES* target, nt::OBJECT_ATTRIBUTES* source, nt::ULONG flags,
                         nt::HANDLE trust_class, nt::HANDLE event, nt::ACCESS_MASK desired, nt::HANDLE* root_handle,
                         nt::IO_STATUS_BLOCK* status);
nt::NTSTATUS ZwUnloadKey(nt::OBJECT_ATTRIBUTES* target);
nt::NTSTATUS ZwUnloadKeyEx(nt::OBJECT_ATTRIBUTES* target, nt::HANDLE event);

// Registry callbacks (callback_ddi.cpp)
nt::NTSTATUS CmRegisterCallback(nt::PEX_CALLBACK_FUNCTION function, nt::PVOID context, nt::LARGE_INTEGER* cookie);
nt::NTSTATUS CmRegisterCallbackEx(nt::PEX_CALLBACK_FUNCTION function, nt::UNICODE_STRING* altitude, nt::PVOID driver,
                                  nt::PVOID context, nt::LARGE_INTEGER* cookie, nt::PVOID reserved);
nt::NTSTATUS CmUnRegisterCallback(nt::LARGE_INTEGER cookie);
void CmGetCallbackVersion(nt::ULONG* major, nt::ULONG* minor);
nt::NTSTATUS CmSetCallbackObjectContext(nt::PVOID object, nt::LARGE_INTEGER* cookie, nt::PVOID context, nt::PVOID* old);
nt::NTSTATUS CmCallbackGetKeyObjectID(nt::LARGE_INTEGER* cookie, nt::PVOID object, nt::ULONG_PTR* id,
                                      nt::UNICODE_STRING** name);
nt::NTSTATUS CmCallbackGetKeyObjectIDEx(nt::LARGE_INTEGER* cookie, nt::PVOID object, nt::ULONG_PTR* id,
                                        nt::UNICODE_STRING** name, nt::ULONG flags);
void CmCallbackReleaseKeyObjectIDEx(nt::UNICODE_STRING* name);
nt::PVOID CmGetBoundTransaction(nt::LARGE_INTEGER* cookie, nt::PVOID object);

// Keys by path (rtl_registry.cpp, rtl_query.cpp)
nt::NTSTATUS RtlQueryRegistryValues(nt::ULONG relative_to, nt::PCWSTR path, nt::RTL_QUERY_REGISTRY_TABLE* table,
                                    nt::PVOID context, nt::PVOID environment);
nt::NTSTATUS RtlWriteRegistryValue(nt::ULONG relative_to, nt::PCWSTR path, nt::PCWSTR name, nt::ULONG type,
                                   nt::PVOID data, nt::ULONG length);
nt::NTSTATUS RtlDeleteRegistryValue(nt::ULONG relative_to, nt::PCWSTR path, nt::PCWSTR name);
nt::NTSTATUS RtlCheckRegistryKey(nt::ULONG relative_to, nt::PWSTR path);
nt::NTSTATUS RtlCreateRegistryKey(nt::ULONG relative_to, nt::PWSTR path);
nt::NTSTATUS RtlQueryRegistryValueWithFallback(nt::HANDLE primary, nt::HANDLE fallback, nt::UNICODE_STRING* name,
                                               nt::ULONG length, nt::ULONG* type, nt::PVOID data,
                                               nt::ULONG* result_length);

} // namespace ringside::cm
