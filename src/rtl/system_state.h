// SPDX-License-Identifier: MIT
// What a desktop Windows without packaged drivers, redirected state or event brokers says about itself.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

namespace ringside::rtl {

enum STATE_LOCATION_TYPE : int32_t { LocationTypeRegistry, LocationTypeFileSystem, LocationTypeMaximum };

struct CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG {
    ULONG Size;
    PCWSTR TriggerId;
};
static_assert(sizeof(CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG) == 16);

BOOLEAN RtlIsStateSeparationEnabled();
NTSTATUS RtlGetPersistedStateLocation(PCWSTR source_id, PCWSTR custom_value, PCWSTR default_path,
                                      STATE_LOCATION_TYPE type, char16_t* target, ULONG bytes, ULONG* written);
NTSTATUS RtlRaiseCustomSystemEventTrigger(CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG const* config);
NTSTATUS RtlQueryPackageIdentity(PVOID token, char16_t* name, SIZE_T* name_size, char16_t* application,
                                 SIZE_T* application_size, BOOLEAN* packaged);
NTSTATUS RtlQueryPackageIdentityEx(PVOID token, char16_t* name, SIZE_T* name_size, char16_t* application,
                                   SIZE_T* application_size, GUID* dynamic_id, ULONG64* flags);

} // namespace ringside::rtl
