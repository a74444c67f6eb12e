// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlgetpersistedstatelocation
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlraisecustomsystemeventtrigger
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlquerypackageidentityex
#include "rtl/system_state.h"

#include <cstring>
#include <string>

namespace ringside::rtl {

BOOLEAN RtlIsStateSeparationEnabled() { return FALSE; }

// No state is redirected, so no map has the source: the caller's own path is the place.
NTSTATUS RtlGetPersistedStateLocation(PCWSTR source_id, PCWSTR, PCWSTR default_path, STATE_LOCATION_TYPE type,
                                      char16_t* target, ULONG bytes, ULONG* written)
{
    if (!source_id || type < LocationTypeRegistry || type >= LocationTypeMaximum || (!target && bytes))
        return STATUS_INVALID_PARAMETER;
    if (!default_path)
        return STATUS_NOT_FOUND;
    size_t const needed = (std::char_traits<char16_t>::length(default_path) + 1) * sizeof(char16_t);
    if (written)
        *written = static_cast<ULONG>(needed);
    if (bytes < needed)
        return STATUS_BUFFER_OVERFLOW;
    std::memcpy(target, default_path, needed);
    return STATUS_SUCCESS;
}

NTSTATUS RtlRaiseCustomSystemEventTrigger(CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG const* config)
{
    if (!config || config->Size != sizeof *config || !config->TriggerId)
        return STATUS_INVALID_PARAMETER;
    return STATUS_INSTANCE_NOT_AVAILABLE; // nobody subscribes
}

NTSTATUS RtlQueryPackageIdentity(PVOID token, char16_t*, SIZE_T* name_size, char16_t* application,
                                 SIZE_T* application_size, BOOLEAN* packaged)
{
    if (!token || !name_size || (application && !application_size))
        return STATUS_INVALID_PARAMETER;
    if (packaged)
        *packaged = FALSE;
    return STATUS_NOT_FOUND;
}

NTSTATUS RtlQueryPackageIdentityEx(PVOID token, char16_t* name, SIZE_T* name_size, char16_t* application,
                                   SIZE_T* application_size, GUID*, ULONG64* flags)
{
    if (flags)
        *flags = 0;
    return RtlQueryPackageIdentity(token, name, name_size, application, application_size, nullptr);
}

} // namespace ringside::rtl
