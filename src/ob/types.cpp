// SPDX-License-Identifier: MIT
// The object types, and what drivers see of them: an opaque OBJECT_TYPE each, and for the exported ones a pointer
// variable (IoFileObjectType). Both stand at fixed addresses in the data-export region.
#include "ob/manager.h"
#include "ob/wmi_guid.h"

#include "base/check.h"

#include <cstring>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr ULONG kEventRead = STANDARD_RIGHTS_READ | EVENT_QUERY_STATE;
constexpr ULONG kEventWrite = STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE;
constexpr ULONG kWaitExecute = STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE;
constexpr ULONG kThreadRead = STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT | 0x40; // THREAD_QUERY_INFORMATION
constexpr ULONG kThreadWrite = STANDARD_RIGHTS_WRITE | THREAD_TERMINATE | THREAD_SUSPEND_RESUME | THREAD_ALERT
    | THREAD_SET_INFORMATION | THREAD_SET_CONTEXT;
constexpr ULONG kProcessRead = STANDARD_RIGHTS_READ | 0x0410;  // PROCESS_VM_READ | PROCESS_QUERY_INFORMATION
constexpr ULONG kProcessWrite = STANDARD_RIGHTS_WRITE | 0x0BEB; // create, change, write memory, duplicate, suspend

} // namespace

Type directory_type { "Directory", DIRECTORY_ALL_ACCESS,
                      { STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                        STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
                        STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE, DIRECTORY_ALL_ACCESS },
                      false, false, -1 };
Type symbolic_link_type { "SymbolicLink", SYMBOLIC_LINK_ALL_ACCESS,
                          { STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                            STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS },
                          false, false, -1 };
Type device_type { "Device", FILE_ALL_ACCESS,
                   { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS },
                   true, true, -1 };
Type driver_type { "Driver", STANDARD_RIGHTS_ALL | 1,
                   { STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE, STANDARD_RIGHTS_ALL | 1 },
                   true, false, -1 };
Type file_type { "File", FILE_ALL_ACCESS,
                 { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS },
                 false, true, offsetof(FILE_OBJECT, Event) };
Type event_type { "Event", EVENT_ALL_ACCESS, { kEventRead, kEventWrite, kWaitExecute, EVENT_ALL_ACCESS },
                  false, false, 0 };
Type semaphore_type { "Semaphore", SEMAPHORE_ALL_ACCESS,
                      { kEventRead, kEventWrite, kWaitExecute, SEMAPHORE_ALL_ACCESS }, false, false, 0 };
Type mutant_type { "Mutant", 0x1f0001,
                   { STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE, kWaitExecute, 0x1f0001 }, false, false, 0 };
Type timer_type { "Timer", 0x1f0003, { kEventRead, kEventWrite, kWaitExecute, 0x1f0003 }, false, false, 0 };
Type process_type { "Process", PROCESS_ALL_ACCESS, { kProcessRead, kProcessWrite, kWaitExecute, PROCESS_ALL_ACCESS },
                    false, false, 0 };
Type thread_type { "Thread", THREAD_ALL_ACCESS, { kThreadRead, kThreadWrite, kWaitExecute, THREAD_ALL_ACCESS },
                   false, false, 0 };
Type key_type { "Key", KEY_ALL_ACCESS, { KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS }, false, true, -1 };
Type callback_type { "Callback", STANDARD_RIGHTS_ALL | 1,
                     { STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE | 1, STANDARD_RIGHTS_EXECUTE,
                       STANDARD_RIGHTS_ALL | 1 },
                     false, false, -1 };
Type section_type { "Section", SECTION_ALL_ACCESS,
                    { STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                      STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE, STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE,
                      SECTION_ALL_ACCESS },
                    false, false, -1 };
Type token_type { "Token", TOKEN_ALL_ACCESS,
                  { TOKEN_READ | TOKEN_DUPLICATE, TOKEN_WRITE, TOKEN_EXECUTE, TOKEN_ALL_ACCESS }, false, false, -1 };

// An opened WMI block: the rights are WMIGUID_QUERY to WMIGUID_EXECUTE.
Type wmi_guid_type { "WmiGuid", STANDARD_RIGHTS_READ | SYNCHRONIZE | 0x1F,
                     { STANDARD_RIGHTS_READ | 0x9, STANDARD_RIGHTS_WRITE | 0x2, STANDARD_RIGHTS_EXECUTE | 0x14,
                       STANDARD_RIGHTS_READ | SYNCHRONIZE | 0x1F },
                     false, false, -1 };
Type completion_port_type { "IoCompletion", 0x1f0003,
                            { STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | 2, kWaitExecute, 0x1f0003 },
                            false, false, -1 };

Type* const kTypes[kTypeCount] = { &directory_type, &symbolic_link_type, &device_type, &driver_type,  &file_type,
                                   &event_type,     &semaphore_type,     &mutant_type, &timer_type,   &process_type,
                                   &thread_type,    &key_type,           &callback_type, &section_type,
                                   &token_type,     &completion_port_type, &wmi_guid_type };

void ObjectManager::make_types()
{
    for (size_t i = 0; i < kTypeCount; ++i) {
        Type& type = *kTypes[i];
        type.deleted = nullptr;
        type.closed = nullptr;
        type.full_name = nullptr;
        type.security_slot = nullptr;
        type.query_security = nullptr;
        type.set_security = nullptr;
        uintptr_t const at = kGuestTypes + i * kGuestTypeBytes;
        type.guest = reinterpret_cast<OBJECT_TYPE*>(at);
        // A structure of ours in a driver's eyes: only its address means something, so the bytes say what it is to
        // somebody who looks with a debugger.
        std::memset(type.guest, 0, kGuestTypeBytes);
        std::strncpy(reinterpret_cast<char*>(at), type.name, kGuestTypeBytes - 1);
        std::memcpy(reinterpret_cast<void*>(kTypeVariables + i * sizeof(void*)), &type.guest, sizeof type.guest);
    }
}

Type* type_of_guest(OBJECT_TYPE* guest)
{
    auto const at = reinterpret_cast<uintptr_t>(guest);
    if (at < kGuestTypes || at >= kGuestTypes + kTypeCount * kGuestTypeBytes || (at - kGuestTypes) % kGuestTypeBytes)
        return nullptr;
    return kTypes[(at - kGuestTypes) / kGuestTypeBytes];
}

TypeCounts& ObjectManager::counts_of(Type const& type)
{
    return m_counts[(reinterpret_cast<uintptr_t>(type.guest) - kGuestTypes) / kGuestTypeBytes];
}

void* type_variable(Type const& type)
{
    for (size_t i = 0; i < kTypeCount; ++i)
        if (kTypes[i] == &type)
            return reinterpret_cast<void*>(kTypeVariables + i * sizeof(void*));
    CHECK(false, "a type that is not in the table");
    return nullptr;
}

ACCESS_MASK granted_access(Type const& type, ACCESS_MASK desired)
{
    ACCESS_MASK granted = desired & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED);
    if (desired & GENERIC_READ)
        granted |= type.mapping.GenericRead;
    if (desired & GENERIC_WRITE)
        granted |= type.mapping.GenericWrite;
    if (desired & GENERIC_EXECUTE)
        granted |= type.mapping.GenericExecute;
    if (desired & (GENERIC_ALL | MAXIMUM_ALLOWED))
        granted |= type.mapping.GenericAll;
    return granted;
}

} // namespace ringside::ob
