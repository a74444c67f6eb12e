// SPDX-License-Identifier: MIT
// Small marks that drivers set and read: on a file object, on a thread, in an IRP's status.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

// --- Of a file object ---

NTSTATUS IoSetFileOrigin(FILE_OBJECT* file, BOOLEAN remote);
BOOLEAN IoIsFileOriginRemote(FILE_OBJECT* file);
NTSTATUS IoSetFileObjectIgnoreSharing(FILE_OBJECT* file);
BOOLEAN IoIsFileObjectIgnoringSharing(FILE_OBJECT* file);
EPROCESS* IoGetInitiatorProcess(FILE_OBJECT* file);
// What was set, or null; good as long as the file object is. No reference is taken on what it names.
IO_FOEXT_SHADOW_FILE* IoGetShadowFileInformation(FILE_OBJECT* file);
NTSTATUS IoSetShadowFileInformation(FILE_OBJECT* file, FILE_OBJECT* backing_file, void* backing_instance);
OPLOCK_KEY_ECP_CONTEXT* IoGetOplockKeyContext(FILE_OBJECT* file);
OPLOCK_KEY_CONTEXT* IoGetOplockKeyContextEx(FILE_OBJECT* file);
IO_FOEXT_SILO_PARAMETERS* IoGetSiloParameters(FILE_OBJECT* file);

// --- Of a thread ---

BOOLEAN IoSetThreadHardErrorMode(BOOLEAN enable);
void IoSetHardErrorOrVerifyDevice(IRP* irp, DEVICE_OBJECT* device);
DEVICE_OBJECT* IoGetDeviceToVerify(ETHREAD* thread);
void IoSetDeviceToVerify(ETHREAD* thread, DEVICE_OBJECT* device);

// --- Of an IRP ---

// A fault-tolerant volume read another copy of the data.
inline constexpr NTSTATUS STATUS_FT_READ_FROM_COPY = 0x40000035;

void IoSetMasterIrpStatus(IRP* master, NTSTATUS status);
BOOLEAN IoIsValidIrpStatus(NTSTATUS status);
IO_PAGING_PRIORITY IoGetPagingIoPriority(IRP* irp);

} // namespace ringside::io
