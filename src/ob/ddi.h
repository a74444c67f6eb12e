// SPDX-License-Identifier: MIT
// The room's contract rows, and the bodies behind them that other rooms and tests call by name.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"
#include "nt/object_information.h"

#include <span>

namespace ringside::ob {

struct CallbackObject; // what a PCALLBACK_OBJECT points at; opaque to drivers

std::span<Ddi const> ddi_rows();

// Objects and handles (services.cpp)
nt::LONG_PTR ObfReferenceObject(nt::PVOID object);
nt::LONG_PTR ObfReferenceObjectWithTag(nt::PVOID object, nt::ULONG tag);
nt::LONG_PTR ObfDereferenceObject(nt::PVOID object);
nt::LONG_PTR ObfDereferenceObjectWithTag(nt::PVOID object, nt::ULONG tag);
void ObDereferenceObjectDeferDelete(nt::PVOID object);
void ObDereferenceObjectDeferDeleteWithTag(nt::PVOID object, nt::ULONG tag);
nt::BOOLEAN ObReferenceObjectSafe(nt::PVOID object);
nt::NTSTATUS ObReferenceObjectByHandle(nt::HANDLE handle, nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type,
                                       nt::KPROCESSOR_MODE mode, nt::PVOID* object,
                                       nt::OBJECT_HANDLE_INFORMATION* information);
nt::NTSTATUS ObReferenceObjectByHandleWithTag(nt::HANDLE handle, nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type,
                                              nt::KPROCESSOR_MODE mode, nt::ULONG tag, nt::PVOID* object,
                                              nt::OBJECT_HANDLE_INFORMATION* information);
nt::NTSTATUS ObReferenceObjectByPointer(nt::PVOID object, nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type,
                                        nt::KPROCESSOR_MODE mode);
nt::NTSTATUS ObReferenceObjectByPointerWithTag(nt::PVOID object, nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type,
                                               nt::KPROCESSOR_MODE mode, nt::ULONG tag);
nt::NTSTATUS ObReferenceObjectByName(nt::UNICODE_STRING* name, nt::ULONG attributes, nt::ACCESS_STATE* access_state,
                                     nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type, nt::KPROCESSOR_MODE mode,
                                     nt::PVOID parse_context, nt::PVOID* object);
nt::NTSTATUS ObOpenObjectByPointer(nt::PVOID object, nt::ULONG attributes, nt::ACCESS_STATE* access_state,
                                   nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type, nt::KPROCESSOR_MODE mode,
                                   nt::HANDLE* handle);
nt::NTSTATUS ObOpenObjectByPointerWithTag(nt::PVOID object, nt::ULONG attributes, nt::ACCESS_STATE* access_state,
                                          nt::ACCESS_MASK desired, nt::OBJECT_TYPE* type, nt::KPROCESSOR_MODE mode,
                                          nt::ULONG tag, nt::HANDLE* handle);
nt::NTSTATUS ObQueryNameString(nt::PVOID object, nt::OBJECT_NAME_INFORMATION* information, nt::ULONG length,
                               nt::ULONG* return_length);
nt::OBJECT_TYPE* ObGetObjectType(nt::PVOID object);
void ObMakeTemporaryObject(nt::PVOID object);
nt::NTSTATUS ObCloseHandle(nt::HANDLE handle, nt::KPROCESSOR_MODE mode);
nt::BOOLEAN ObIsKernelHandle(nt::HANDLE handle);
nt::NTSTATUS ZwClose(nt::HANDLE handle);
nt::NTSTATUS NtClose(nt::HANDLE handle);
nt::NTSTATUS ZwMakeTemporaryObject(nt::HANDLE handle);

// Directories and links (directories.cpp)
nt::NTSTATUS ZwCreateDirectoryObject(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes);
nt::NTSTATUS ZwOpenDirectoryObject(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes);
nt::NTSTATUS ZwOpenSymbolicLinkObject(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes);
nt::NTSTATUS ZwQuerySymbolicLinkObject(nt::HANDLE handle, nt::UNICODE_STRING* target, nt::ULONG* returned_length);

nt::NTSTATUS ZwQueryDirectoryObject(nt::HANDLE handle, nt::PVOID into, nt::ULONG length, nt::BOOLEAN single,
                                    nt::BOOLEAN restart, nt::ULONG* context, nt::ULONG* return_length);
nt::NTSTATUS ZwCreateSymbolicLinkObject(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                                        nt::UNICODE_STRING* target);

// Queries (information.cpp)
nt::NTSTATUS ZwQueryObject(nt::HANDLE handle, nt::OBJECT_INFORMATION_CLASS what, nt::PVOID into, nt::ULONG length,
                           nt::ULONG* return_length);
nt::NTSTATUS NtQueryObject(nt::HANDLE handle, nt::OBJECT_INFORMATION_CLASS what, nt::PVOID into, nt::ULONG length,
                           nt::ULONG* return_length);
nt::NTSTATUS ZwSetInformationObject(nt::HANDLE handle, nt::OBJECT_INFORMATION_CLASS what, nt::PVOID information,
                                    nt::ULONG length);
nt::NTSTATUS ObSetHandleAttributes(nt::HANDLE handle, nt::OBJECT_HANDLE_FLAG_INFORMATION* flags,
                                   nt::KPROCESSOR_MODE mode);

// Objects of a driver's own (create_object.cpp)
nt::NTSTATUS ObCreateObject(nt::KPROCESSOR_MODE probe_mode, nt::OBJECT_TYPE* type, nt::OBJECT_ATTRIBUTES* attributes,
                            nt::KPROCESSOR_MODE owner_mode, nt::PVOID parse_context, nt::ULONG body_bytes,
                            nt::ULONG paged_charge, nt::ULONG non_paged_charge, nt::PVOID* object);
nt::NTSTATUS ObInsertObject(nt::PVOID object, nt::ACCESS_STATE* access_state, nt::ACCESS_MASK desired, nt::ULONG bias,
                            nt::PVOID* new_object, nt::HANDLE* handle);
nt::NTSTATUS ObOpenObjectByName(nt::OBJECT_ATTRIBUTES* attributes, nt::OBJECT_TYPE* type, nt::KPROCESSOR_MODE mode,
                                nt::ACCESS_STATE* access_state, nt::ACCESS_MASK desired, nt::PVOID parse_context,
                                nt::HANDLE* handle);

// Object callbacks (object_callbacks_ddi.cpp)
nt::NTSTATUS ObRegisterCallbacks(nt::OB_CALLBACK_REGISTRATION* registration, nt::PVOID* handle);
void ObUnRegisterCallbacks(nt::PVOID handle);
nt::USHORT ObGetFilterVersion();

// Events by handle (events.cpp)
nt::NTSTATUS ZwCreateEvent(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes,
                           nt::EVENT_TYPE type, nt::BOOLEAN initial_state);
nt::NTSTATUS ZwOpenEvent(nt::HANDLE* handle, nt::ACCESS_MASK desired, nt::OBJECT_ATTRIBUTES* attributes);
nt::NTSTATUS ZwSetEvent(nt::HANDLE handle, nt::LONG* previous_state);
nt::NTSTATUS ZwClearEvent(nt::HANDLE handle);
nt::NTSTATUS ZwResetEvent(nt::HANDLE handle, nt::LONG* previous_state);
nt::NTSTATUS ZwPulseEvent(nt::HANDLE handle, nt::LONG* previous_state);
nt::KEVENT* IoCreateNotificationEvent(nt::UNICODE_STRING* name, nt::HANDLE* handle);
nt::KEVENT* IoCreateSynchronizationEvent(nt::UNICODE_STRING* name, nt::HANDLE* handle);
nt::NTSTATUS ZwWaitForSingleObject(nt::HANDLE handle, nt::BOOLEAN alertable, nt::LARGE_INTEGER* timeout);
nt::NTSTATUS ZwWaitForMultipleObjects(nt::ULONG count, nt::HANDLE* handles, nt::WAIT_TYPE type, nt::BOOLEAN alertable,
                                      nt::LARGE_INTEGER* timeout);
nt::NTSTATUS NtWaitForSingleObject(nt::HANDLE handle, nt::BOOLEAN alertable, nt::LARGE_INTEGER* timeout);

// Callback objects (callbacks.cpp)
nt::NTSTATUS ExCreateCallback(CallbackObject** callback, nt::OBJECT_ATTRIBUTES* attributes, nt::BOOLEAN create,
                              nt::BOOLEAN allow_multiple);
nt::PVOID ExRegisterCallback(CallbackObject* callback, nt::PCALLBACK_FUNCTION function, nt::PVOID context);
void ExUnregisterCallback(nt::PVOID registration);
void ExNotifyCallback(CallbackObject* callback, nt::PVOID argument1, nt::PVOID argument2);

} // namespace ringside::ob
